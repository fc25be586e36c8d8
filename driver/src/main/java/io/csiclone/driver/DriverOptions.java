package io.csiclone.driver;

import io.csiclone.csi.CopyLimits;
import io.csiclone.provisioner.StorageCapacity;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the process was told, checked.
 *
 * @param socket where CSI is served
 * @param pool the folder with the volumes
 * @param nodeId the node this process serves
 * @param cluster how to reach the API server; empty to serve CSI alone
 * @param capacity how the scheduler is told of room left in the pool; empty for not at all
 * @param crossNamespaceClones whether clones of claims in other namespaces are served where granted
 * @param registrationDir the kubelet's plugin registry; empty to stay unknown to the kubelet
 * @param kubeletDir the folder beneath which the kubelet wants volumes mounted
 * @param healthPort where probes are answered; empty for nowhere
 * @param copyLimits how many clones are copied at the same time
 * @param sweepEvery how often pool and records are compared
 */
record DriverOptions(
    Path socket,
    Path pool,
    String nodeId,
    Optional<Cluster> cluster,
    Optional<StorageCapacity> capacity,
    boolean crossNamespaceClones,
    Optional<Path> registrationDir,
    Path kubeletDir,
    OptionalInt healthPort,
    CopyLimits copyLimits,
    Duration sweepEvery) {

  /** How the API server is reached. */
  sealed interface Cluster {
    /** By a kubeconfig file. */
    record Kubeconfig(Path file) implements Cluster {}

    /** By the service account of the pod this process runs in. */
    record InCluster() implements Cluster {}
  }

  /** An option cannot be used. The message is one sentence that names it. */
  static final class Unusable extends Exception {
    private static final long serialVersionUID = 1L;

    Unusable(String message) {
      super(message);
    }
  }

  // A label value, because the id becomes one: the topology segment.
  private static final Pattern NODE_ID =
      Pattern.compile("[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?");

  /** The socket that {@code unix:///path} names. */
  static Path socket(String endpoint) throws Unusable {
    Path socket;
    try {
      URI uri = new URI(endpoint);
      String path = uri.getPath();
      boolean bare = uri.getAuthority() == null && uri.getQuery() == null;
      if (!"unix".equals(uri.getScheme()) || path == null || !path.startsWith("/") || !bare) {
        throw new Unusable(notUnix(endpoint));
      }
      socket = Path.of(path).normalize();
    } catch (URISyntaxException | InvalidPathException e) {
      throw new Unusable(notUnix(endpoint));
    }
    Path folder = socket.getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new Unusable("--endpoint: folder %s does not exist; create it first".formatted(folder));
    }
    if (!Files.isWritable(folder)) {
      throw new Unusable("--endpoint: folder %s is not writable for this user".formatted(folder));
    }
    if (!UnixSockets.fits(socket)) {
      throw new Unusable(
          "--endpoint: %s is longer than the 107 bytes the kernel allows a socket's path"
              .formatted(socket));
    }
    return socket;
  }

  private static String notUnix(String endpoint) {
    return "--endpoint must be unix:// followed by an absolute path, for instance unix:///run/csi.sock, but is '%s'"
        .formatted(endpoint);
  }

  static CopyLimits copyLimits(int atOnce, int ofOneSource) throws Unusable {
    if (atOnce < 1) {
      throw new Unusable("--copies must be 1 or more, but is " + atOnce);
    }
    if (ofOneSource < 1) {
      throw new Unusable("--copies-per-source must be 1 or more, but is " + ofOneSource);
    }
    return new CopyLimits(atOnce, ofOneSource);
  }

  static Duration sweepEvery(int minutes) throws Unusable {
    if (minutes < 1) {
      throw new Unusable("--sweep-minutes must be 1 or more, but is " + minutes);
    }
    return Duration.ofMinutes(minutes);
  }

  static String nodeId(String id) throws Unusable {
    if (!NODE_ID.matcher(id).matches()) {
      throw new Unusable(
          "--node-id must be 1 to 63 letters, digits, '.', '_' or '-', but is '%s'".formatted(id));
    }
    return id;
  }

  static Cluster kubeconfig(Path file) throws Unusable {
    if (!Files.isReadable(file) || Files.isDirectory(file)) {
      throw new Unusable("--kubeconfig: cannot read file %s".formatted(file));
    }
    return new Cluster.Kubeconfig(file);
  }

  static Cluster inCluster() throws Unusable {
    if (System.getenv("KUBERNETES_SERVICE_HOST") == null) {
      throw new Unusable(
          "--in-cluster works only inside a pod (KUBERNETES_SERVICE_HOST is not set); elsewhere use --kubeconfig FILE");
    }
    return new Cluster.InCluster();
  }

  /**
   * Objects in {@code namespace} that vanish with the pod {@code owner}.
   *
   * @param owner its name, a slash and its uid; null for none
   */
  static StorageCapacity capacity(String namespace, @Nullable String owner) throws Unusable {
    if (namespace.isBlank()) {
      throw new Unusable("--capacity-namespace is empty; give the namespace of this pod");
    }
    if (owner == null) {
      return StorageCapacity.in(namespace);
    }
    String[] parts = owner.split("/", -1);
    if (parts.length != 2 || parts[0].isBlank() || parts[1].isBlank()) {
      throw new Unusable(
          "--capacity-owner must be a pod's name and uid, as NAME/UID, but is '%s'"
              .formatted(owner));
    }
    return StorageCapacity.in(namespace)
        .ownedBy(
            new OwnerReferenceBuilder()
                .withApiVersion("v1")
                .withKind("Pod")
                .withName(parts[0])
                .withUid(parts[1])
                .build());
  }

  /** Checks the plugin registry, and that mounts made for the kubelet can reach it. */
  static Path registrationDir(Path folder, Path kubeletDir, MountTable mounts) throws Unusable {
    if (!Files.isDirectory(folder)) {
      throw new Unusable(
          "--registration-dir: %s is not a folder; it is the kubelet's plugins_registry"
              .formatted(folder));
    }
    if (!Files.isWritable(folder)) {
      throw new Unusable("--registration-dir: %s is not writable for this user".formatted(folder));
    }
    if (!Files.isDirectory(kubeletDir)) {
      throw new Unusable("--kubelet-dir: %s is not a folder".formatted(kubeletDir));
    }
    boolean shared = mounts.holding(kubeletDir.resolve("pods")).filter(Mount::shared).isPresent();
    if (!shared) {
      throw new Unusable(
          "--kubelet-dir: what is mounted beneath %s would not reach the node; mount it into the container with mountPropagation: Bidirectional"
              .formatted(kubeletDir));
    }
    return folder;
  }
}
