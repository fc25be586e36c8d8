package io.csiclone.provisioner;

import io.csiclone.rules.RulePolicy;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.grpc.Channel;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Describes a provisioner; every setting but those of {@link Provisioner#builder} has a default.
 */
public final class ProvisionerBuilder {

  final KubernetesClient client;
  final Channel csi;
  final String driverName;
  @Nullable String nodeName;
  String volumeNamePrefix = "pvc";
  @Nullable String defaultFsType;
  boolean extraCreateMetadata;
  boolean publishReadOnly;
  boolean strictTopology;
  boolean immediateTopology = true;
  @Nullable LeaderElection leaderElection;
  @Nullable StorageCapacity storageCapacity;
  boolean crossNamespaceClones;
  MeterRegistry meters = new CompositeMeterRegistry();
  VolumeProgress progress = name -> Optional.empty();
  RulePolicy rules = RulePolicy.defaults();
  Duration callTimeout = Duration.ofSeconds(15);
  Duration startTimeout = Duration.ofSeconds(30);
  WorkQueue.Retry retry = new WorkQueue.Retry(Duration.ofSeconds(1), Duration.ofMinutes(5));
  Duration claimDelay = Duration.ofMillis(200);
  int concurrency = 100;

  ProvisionerBuilder(KubernetesClient client, Channel csi, String driverName) {
    this.client = client;
    this.csi = csi;
    if (driverName.isBlank()) {
      throw new IllegalArgumentException("driverName is blank; give the CSI driver's name");
    }
    this.driverName = driverName;
  }

  /**
   * Makes the provisioner node-local: it serves the claims of this node only, asks for volumes in
   * this node's topology, and shares the cluster with one provisioner on each other node. Without
   * it one provisioner serves all claims; for a driver with topology it then watches nodes and
   * CSINodes.
   *
   * @param nodeName the node's name in the cluster
   */
  public ProvisionerBuilder nodeName(String nodeName) {
    if (nodeName.isBlank()) {
      throw new IllegalArgumentException("nodeName is blank; give the node's name in the cluster");
    }
    this.nodeName = nodeName;
    return this;
  }

  /**
   * How strictly clones are judged where neither their namespace nor their storage class says it,
   * as to the webhook; must be no stricter than the webhook's. Default: its default. The namespace
   * of a clone that could be objected to is read live, which takes the right to get namespaces.
   */
  public ProvisionerBuilder rules(RulePolicy rules) {
    this.rules = rules;
    return this;
  }

  /**
   * What the names of volumes begin with, before a dash and the claim's uid. Default {@code pvc}.
   * Must stay as it is while volumes are being made: what was begun is known by its name.
   */
  public ProvisionerBuilder volumeNamePrefix(String prefix) {
    if (!prefix.matches("[a-z0-9]([-a-z0-9.]{0,60}[a-z0-9])?")) {
      throw new IllegalArgumentException(
          "volumeNamePrefix '"
              + prefix
              + "' cannot begin a volume's name; use small letters, digits, '-' and '.'");
    }
    this.volumeNamePrefix = prefix;
    return this;
  }

  /**
   * The filesystem of volumes whose class names none, such as {@code ext4}. Without it the driver
   * chooses.
   */
  public ProvisionerBuilder defaultFsType(String fsType) {
    if (fsType.isBlank()) {
      throw new IllegalArgumentException("defaultFsType is blank; give a filesystem's name");
    }
    this.defaultFsType = fsType;
    return this;
  }

  /**
   * Tells the driver with each CreateVolume the names of claim, namespace and volume object, as
   * parameters {@code csi.storage.k8s.io/pvc/name}, {@code …/pvc/namespace} and {@code …/pv/name}.
   */
  public ProvisionerBuilder extraCreateMetadata() {
    this.extraCreateMetadata = true;
    return this;
  }

  /** Marks the volume of a claim whose only access mode is ReadOnlyMany as read-only. */
  public ProvisionerBuilder publishReadOnly() {
    this.publishReadOnly = true;
    return this;
  }

  /**
   * Asks for the volume of a claim whose pod was scheduled in that node's topology only, not in
   * others as well. For drivers with topology that are not node-local. Default: not.
   */
  public ProvisionerBuilder strictTopology() {
    this.strictTopology = true;
    return this;
  }

  /**
   * Asks for the volume of a claim that no pod waits for without a topology requirement, unless its
   * class has allowed topologies. Default: with all topologies of the cluster.
   */
  public ProvisionerBuilder noImmediateTopology() {
    this.immediateTopology = false;
    return this;
  }

  /**
   * Lets several instances agree which one of them serves. Not for node-local provisioners, which
   * share the work by node.
   */
  public ProvisionerBuilder leaderElection(LeaderElection leaderElection) {
    this.leaderElection = leaderElection;
    return this;
  }

  /**
   * Serves clones whose source is in another namespace, if a ReferenceGrant there (Gateway API,
   * gateway.networking.k8s.io/v1beta1) lets claims of the clone's namespace refer to it. It takes a
   * server with the feature CrossNamespaceVolumeDataSource, and a webhook, if there is one, that
   * lets them pass. Default: refused.
   */
  public ProvisionerBuilder crossNamespaceClones() {
    this.crossNamespaceClones = true;
    return this;
  }

  /**
   * Tells the scheduler where there is how much room, if the driver has GET_CAPACITY. Default: not.
   */
  public ProvisionerBuilder storageCapacity(StorageCapacity storageCapacity) {
    this.storageCapacity = storageCapacity;
    return this;
  }

  /** Where to count and time what is done. Default: nowhere. */
  public ProvisionerBuilder meters(MeterRegistry meters) {
    this.meters = meters;
    return this;
  }

  /**
   * Asked how far copies are, for the owners of claims: told in events and, while it lasts, in the
   * annotation {@code csi-clone.io/progress} of the claim. Default: not known.
   */
  public ProvisionerBuilder progress(VolumeProgress progress) {
    this.progress = progress;
    return this;
  }

  VolumeSettings volumeSettings() {
    String identity = System.currentTimeMillis() + "-" + UUID.randomUUID() + "-" + driverName;
    return new VolumeSettings(
        driverName,
        volumeNamePrefix,
        defaultFsType,
        extraCreateMetadata,
        publishReadOnly,
        identity);
  }

  /** The deadline of each call to the driver. Default 15 s. */
  public ProvisionerBuilder callTimeout(Duration callTimeout) {
    this.callTimeout = positive("callTimeout", callTimeout);
    return this;
  }

  /** How long {@link #start} waits for driver and cluster. Default 30 s. */
  public ProvisionerBuilder startTimeout(Duration startTimeout) {
    this.startTimeout = positive("startTimeout", startTimeout);
    return this;
  }

  /**
   * After what time a failed claim or volume is tried again. Default 1 s, doubling up to 5 min.
   *
   * @param first after the first failure
   * @param longest at most
   */
  public ProvisionerBuilder retry(Duration first, Duration longest) {
    if (longest.compareTo(positive("first", first)) < 0) {
      throw new IllegalArgumentException(
          "longest (" + longest + ") is shorter than first (" + first + ")");
    }
    this.retry = new WorkQueue.Retry(first, longest);
    return this;
  }

  /** How many claims, and as many volumes, are worked on at once. Default 100. */
  public ProvisionerBuilder concurrency(int concurrency) {
    if (concurrency < 1) {
      throw new IllegalArgumentException("concurrency is " + concurrency + "; 1 is the least");
    }
    this.concurrency = concurrency;
    return this;
  }

  private static Duration positive(String name, Duration value) {
    if (!value.isPositive()) {
      throw new IllegalArgumentException(name + " is " + value + "; it has to be positive");
    }
    return value;
  }

  /**
   * Asks the driver what it can do, fills the caches and begins to serve claims.
   *
   * <p>With {@link #leaderElection} it returns at once, and all this is done when elected.
   *
   * @throws IllegalStateException when driver or cluster do not answer in time, or the driver is
   *     another one or cannot make volumes
   */
  public Provisioner start() {
    LeaderElection terms = leaderElection;
    if (terms == null) {
      return serve();
    }
    if (nodeName != null) {
      throw new IllegalStateException(
          "a node-local provisioner serves its node whoever else runs; leave out leaderElection or"
              + " nodeName");
    }
    var elected =
        new ElectedProvisioner(
            client, terms, new ProvisionerMetrics(meters, driverName), this::serve);
    elected.stand();
    return elected;
  }

  private Provisioner serve() {
    var metrics = new ProvisionerMetrics(meters, driverName);
    var driver =
        new CsiClient(csi, callTimeout, metrics)
            .describe(driverName, nodeName != null, startTimeout);
    var running = new RunningProvisioner(this, driver, metrics);
    try {
      running.start();
      return running;
    } catch (RuntimeException e) {
      running.close();
      throw e;
    }
  }
}
