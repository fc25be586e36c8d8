package io.csiclone.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.csiclone.cluster.NodeCluster;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfigurationBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.RuleWithOperations;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.RuleWithOperationsBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfigurationBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.WebhookClientConfig;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.WebhookClientConfigBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Writes down the admission reviews of claims in one namespace, as the API server sends them. Its
 * hooks come before ours by name, so that it sees what ours would see.
 */
final class ReviewRecorder implements AutoCloseable {

  /** One review: the phase it was sent in, and its body. */
  record Recorded(String phase, String body) {}

  private static final String NAME = "a-review-recorder";
  private static final String FOLDER = "/tmp/" + NAME;
  private static final String LINES = FOLDER + "/reviews";
  private static final String PASSWORD = "changeit";
  private static final int PORT = 19443;

  private final NodeCluster cluster;
  private final String namespace;

  private ReviewRecorder(NodeCluster cluster, String namespace) {
    this.cluster = cluster;
    this.namespace = namespace;
  }

  /** Starts to record what is asked about claims of this namespace. */
  static ReviewRecorder start(NodeCluster cluster, String namespace, Path folder) {
    ReviewRecorder recorder = new ReviewRecorder(cluster, namespace);
    try {
      KeyStore keys = newKeys(folder);
      recorder.copyIntoNode(folder.resolve("keys.p12"));
      recorder.runServer();
      recorder.register(pem(keys));
      return recorder;
    } catch (IOException | GeneralSecurityException | URISyntaxException e) {
      throw new AssertionError("the recorder did not start", e);
    }
  }

  private void copyIntoNode(Path keys) throws URISyntaxException {
    String classFile = RecordingServer.class.getName().replace('.', '/') + ".class";
    cluster.inNode("mkdir", "-p", FOLDER);
    cluster.copyIntoNode(keys, FOLDER + "/keys.p12");
    cluster.copyIntoNode(
        Path.of(RecordingServer.class.getResource("/" + classFile).toURI()),
        FOLDER + "/classes/" + classFile);
  }

  private void runServer() {
    cluster
        .client()
        .resource(
            new PodBuilder()
                .withNewMetadata()
                .withNamespace(NodeCluster.SYSTEM_NAMESPACE)
                .withName(NAME)
                .endMetadata()
                .withNewSpec()
                // At the API server's own loopback address; no route leads into a node from it.
                .withHostNetwork(true)
                .withTerminationGracePeriodSeconds(0L)
                .withAutomountServiceAccountToken(false)
                .addNewContainer()
                .withName("recorder")
                // For its Java runtime.
                .withImage("csi-clone/webhook:dev")
                .withImagePullPolicy("Never")
                .withCommand(
                    "/opt/java/bin/java",
                    "-cp",
                    FOLDER + "/classes",
                    RecordingServer.class.getName(),
                    FOLDER + "/keys.p12",
                    PASSWORD,
                    Integer.toString(PORT),
                    LINES)
                .withNewSecurityContext()
                .withRunAsUser(0L)
                .endSecurityContext()
                .addNewVolumeMount()
                .withName("folder")
                .withMountPath(FOLDER)
                .endVolumeMount()
                .endContainer()
                .addNewVolume()
                .withName("folder")
                .withNewHostPath()
                .withPath(FOLDER)
                .endHostPath()
                .endVolume()
                .endSpec()
                .build())
        .create();
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> cluster.inNode("ls", FOLDER).lines().anyMatch("reviews"::equals));
  }

  private void register(String caPem) {
    var client = cluster.client();
    client
        .namespaces()
        .withName(namespace)
        .edit(n -> n.edit().editMetadata().addToLabels(NAME, "on").endMetadata().build());
    client
        .resource(
            new MutatingWebhookConfigurationBuilder()
                .withNewMetadata()
                .withName(NAME)
                .endMetadata()
                .addNewWebhook()
                .withName("mutate.recorder.example.org")
                .withAdmissionReviewVersions("v1")
                .withSideEffects("None")
                .withReinvocationPolicy("IfNeeded")
                .withClientConfig(at("/mutate", caPem))
                .withNewNamespaceSelector()
                .withMatchLabels(Map.of(NAME, "on"))
                .endNamespaceSelector()
                .withRules(claims("CREATE", "UPDATE"))
                .endWebhook()
                .build())
        .create();
    client
        .resource(
            new ValidatingWebhookConfigurationBuilder()
                .withNewMetadata()
                .withName(NAME)
                .endMetadata()
                .addNewWebhook()
                .withName("validate.recorder.example.org")
                .withAdmissionReviewVersions("v1")
                .withSideEffects("None")
                .withClientConfig(at("/validate", caPem))
                .withNewNamespaceSelector()
                .withMatchLabels(Map.of(NAME, "on"))
                .endNamespaceSelector()
                .withRules(claims("CREATE", "UPDATE", "DELETE"))
                .endWebhook()
                .build())
        .create();
    awaitHooks();
  }

  /** The API server learns of a hook some time after it was stored. */
  private void awaitHooks() {
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> {
          cluster
              .client()
              .resource(Claims.claim("before-the-recording", "Filesystem").build())
              .inNamespace(namespace)
              .dryRun(true)
              .create();
          return recorded().stream().map(Recorded::phase).distinct().count() == 2;
        });
  }

  private static WebhookClientConfig at(String path, String caPem) {
    return new WebhookClientConfigBuilder()
        .withUrl("https://127.0.0.1:" + PORT + path)
        .withCaBundle(Base64.getEncoder().encodeToString(caPem.getBytes(StandardCharsets.US_ASCII)))
        .build();
  }

  private static RuleWithOperations claims(String... operations) {
    return new RuleWithOperationsBuilder()
        .withOperations(operations)
        .withApiGroups("")
        .withApiVersions("v1")
        .withResources("persistentvolumeclaims")
        .build();
  }

  /** Everything so far, oldest first. */
  List<Recorded> recorded() {
    return cluster.inNode("cat", LINES).lines().map(ReviewRecorder::line).toList();
  }

  private static Recorded line(String line) {
    int tab = line.indexOf('\t');
    return new Recorded(line.substring(1, tab), line.substring(tab + 1));
  }

  private static KeyStore newKeys(Path folder) throws IOException, GeneralSecurityException {
    Path file = folder.resolve("keys.p12");
    Path log = folder.resolve("keytool.log");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                NAME,
                "-keyalg",
                "EC",
                "-dname",
                "CN=" + NAME,
                "-ext",
                "san=ip:127.0.0.1",
                "-storetype",
                "PKCS12",
                "-storepass",
                PASSWORD,
                "-keystore",
                file.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      assertThat(keytool.waitFor(30, TimeUnit.SECONDS)).as("keytool ended").isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
    assertThat(keytool.exitValue()).as(Files.readString(log)).isZero();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    return keys;
  }

  private static String pem(KeyStore keys) throws GeneralSecurityException {
    return "-----BEGIN CERTIFICATE-----\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'})
            .encodeToString(keys.getCertificate(NAME).getEncoded())
        + "\n-----END CERTIFICATE-----\n";
  }

  @Override
  public void close() {
    var client = cluster.client();
    client.admissionRegistration().v1().mutatingWebhookConfigurations().withName(NAME).delete();
    client.admissionRegistration().v1().validatingWebhookConfigurations().withName(NAME).delete();
    client.pods().inNamespace(NodeCluster.SYSTEM_NAMESPACE).withName(NAME).delete();
  }
}
