package io.csiclone.cluster;

import com.marcnuri.helm.Helm;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.testcontainers.containers.Container.ExecResult;
import org.testcontainers.k3s.K3sContainer;
import org.testcontainers.utility.DockerImageName;
import org.testcontainers.utility.MountableFile;

/**
 * A real one-node cluster: K3s, or the substitute that the project builds where no image can be
 * pulled. The images of our parts are imported into the node, no registry is asked.
 */
public final class NodeCluster implements AutoCloseable {

  /** The namespace of webhook and driver. */
  public static final String SYSTEM_NAMESPACE = "csi-clone-system";

  /** The folder on the node that holds the driver's volumes: XFS with reflink. */
  public static final String POOL = "/var/lib/csi-clone/pool";

  private static final String KUBECONFIG = "/etc/rancher/k3s/k3s.yaml";
  private static final Logger LOG = LoggerFactory.getLogger(NodeCluster.class);
  private static final Duration NODE_START = Duration.ofMinutes(3);
  private static final int CHART_SECONDS = 180;

  private final K3sContainer node;
  private final Path kubeconfig;
  private final KubernetesClient client;

  private NodeCluster(K3sContainer node, Path kubeconfig, KubernetesClient client) {
    this.node = node;
    this.kubeconfig = kubeconfig;
    this.client = client;
  }

  /**
   * Starts the node, imports the images and installs both charts.
   *
   * @param root the checkout, where charts and image tars are found
   * @param outlivesThisProcess whether the node goes on when this process ends without closing it
   */
  public static NodeCluster start(Path root, boolean outlivesThisProcess) {
    return start(outlivesThisProcess, root);
  }

  /** Starts a node with nothing of ours on it, which outlives this process. */
  static NodeCluster startBare() {
    return start(true, null);
  }

  private static NodeCluster start(boolean outlivesThisProcess, @Nullable Path furnishedFrom) {
    K3sContainer node =
        new K3sContainer(
                DockerImageName.parse(nodeImage()).asCompatibleSubstituteFor("rancher/k3s"))
            .withReuse(outlivesThisProcess)
            .withLabel("io.csiclone.run", run())
            .withStartupTimeout(NODE_START);
    Path kubeconfig = null;
    try {
      node.start();
      kubeconfig = Files.createTempFile("csi-clone-kubeconfig", ".yaml");
      Files.writeString(kubeconfig, node.getKubeConfigYaml());
      KubernetesClient client =
          new KubernetesClientBuilder()
              .withConfig(Config.fromKubeconfig(node.getKubeConfigYaml()))
              .build();
      NodeCluster cluster = new NodeCluster(node, kubeconfig, client);
      LOG.info("node is ready: Kubernetes {}", client.getKubernetesVersion().getGitVersion());
      if (furnishedFrom != null) {
        cluster.importImages(furnishedFrom.resolve(".build/images"));
        cluster.installCharts(furnishedFrom.resolve("charts"));
      }
      return cluster;
    } catch (IOException e) {
      discard(node, kubeconfig);
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      LOG.error("the cluster did not come up; the node's last lines:\n{}", tail(node.getLogs()));
      discard(node, kubeconfig);
      throw e;
    }
  }

  private static void discard(K3sContainer node, @Nullable Path kubeconfig) {
    node.stop();
    try {
      if (kubeconfig != null) {
        Files.deleteIfExists(kubeconfig);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The label by which the clean-up script finds the containers of one test run. */
  private static String run() {
    return System.getenv().getOrDefault("CSI_CLONE_RUN", "by-hand");
  }

  private static String nodeImage() {
    String image = System.getenv("CSI_CLONE_NODE_IMAGE");
    if (image == null || image.isBlank()) {
      throw new IllegalStateException(
          "CSI_CLONE_NODE_IMAGE names no node image; run ./dev test or ./dev cluster up, which"
              + " set it");
    }
    return image;
  }

  private void importImages(Path folder) throws IOException {
    List<Path> tars;
    try (var files = Files.list(folder)) {
      tars = files.filter(f -> f.toString().endsWith(".tar")).sorted().toList();
    }
    if (tars.isEmpty()) {
      throw new IllegalStateException("no image tar in " + folder + "; run ./dev images");
    }
    for (Path tar : tars) {
      String inNode = "/tmp/" + tar.getFileName();
      node.copyFileToContainer(MountableFile.forHostPath(tar), inNode);
      inNode("ctr", "-n", "k8s.io", "images", "import", inNode);
      inNode("rm", inNode);
    }
  }

  private void installCharts(Path charts) {
    client
        .namespaces()
        .resource(
            new NamespaceBuilder()
                .withNewMetadata()
                .withName(SYSTEM_NAMESPACE)
                .endMetadata()
                .build())
        .serverSideApply();
    // The driver first: the webhook is only told that it can clone by its CSIDriver object.
    new Helm(charts.resolve("reflink-driver"))
        .upgrade()
        .install()
        .withName("reflink-driver")
        .withNamespace(SYSTEM_NAMESPACE)
        .withKubeConfig(kubeconfig)
        .set("pool.path", POOL)
        .set("pool.loopback.enabled", true)
        .set("pool.loopback.size", "6G")
        .waitReady()
        .withTimeout(CHART_SECONDS)
        .call();
    new Helm(charts.resolve("csi-clone-webhook"))
        .upgrade()
        .install()
        .withName("csi-clone-webhook")
        .withNamespace(SYSTEM_NAMESPACE)
        .withKubeConfig(kubeconfig)
        .waitReady()
        .withTimeout(CHART_SECONDS)
        .call();
    LOG.info("both charts are installed");
  }

  /** Runs a command in the node and returns what it printed. */
  public String inNode(String... command) {
    ExecResult result = exec(command);
    if (result.getExitCode() != 0) {
      throw new IllegalStateException(
          "in the node, %s ended with %d: %s%s"
              .formatted(
                  Arrays.toString(command),
                  result.getExitCode(),
                  result.getStdout(),
                  result.getStderr()));
    }
    return result.getStdout();
  }

  private ExecResult exec(String... command) {
    try {
      return node.execInContainer(command);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a command ran in the node", e);
    }
  }

  /** Copies a file of this machine into the node; missing folders are made. */
  public void copyIntoNode(Path file, String path) {
    node.copyFileToContainer(MountableFile.forHostPath(file), path);
  }

  /**
   * Runs kubectl in the node, with all rights.
   *
   * @param input what it reads from its standard input, for instance a manifest
   */
  public KubectlAnswer kubectl(String input, String... arguments) {
    List<String> command =
        Stream.concat(
                Stream.of(
                    "sh",
                    "-c",
                    "printf %s \"$0\" | kubectl --kubeconfig " + KUBECONFIG + " \"$@\"",
                    input),
                Arrays.stream(arguments))
            .toList();
    ExecResult result = exec(command.toArray(String[]::new));
    return new KubectlAnswer(result.getExitCode(), result.getStdout(), result.getStderr());
  }

  /** What kubectl answered: its exit code, and what it printed. */
  public record KubectlAnswer(int code, String out, String err) {

    /** Whether it succeeded. */
    public boolean succeeded() {
      return code == 0;
    }
  }

  /** A client with all rights. */
  public KubernetesClient client() {
    return client;
  }

  /** A kubeconfig file that works on this machine. */
  public Path kubeconfig() {
    return kubeconfig;
  }

  /** The container's id. */
  public String containerId() {
    return node.getContainerId();
  }

  private static String tail(String log) {
    return log.substring(Math.max(0, log.length() - 8_000));
  }

  @Override
  public void close() {
    client.close();
    discard(node, kubeconfig);
  }
}
