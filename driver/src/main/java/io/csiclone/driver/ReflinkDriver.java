package io.csiclone.driver;

import io.csiclone.driver.DriverOptions.Unusable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The process of the companion driver {@code reflink.csi-clone.io}: CSI on a unix socket, and if
 * told so the provisioner and the registration with the kubelet.
 *
 * <p>Exit codes: 2 when an option, the pool or a socket cannot be used; 1 when the kubelet refused
 * the driver or a part failed to start.
 */
@CommandLine.Command(
    name = "csi-clone-driver",
    description =
        "Serves local volumes that clone by reflink (XFS, btrfs) or by copying, as CSI driver reflink.csi-clone.io.",
    mixinStandardHelpOptions = true,
    versionProvider = ReflinkDriver.Version.class,
    footer = "sweep --pool DIR compares a pool with its records instead; see sweep --help.",
    sortOptions = false)
public final class ReflinkDriver implements Callable<Integer> {

  private static final Logger log = LoggerFactory.getLogger(ReflinkDriver.class);

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--endpoint",
      required = true,
      paramLabel = "unix:///PATH",
      description = "The socket to serve CSI on. The kubelet must see it under the same path.")
  private String endpoint = "";

  @Option(
      names = "--pool",
      required = true,
      paramLabel = "DIR",
      description = "An existing folder that holds the volumes.")
  private Path pool = Path.of("");

  @Option(
      names = "--node-id",
      required = true,
      paramLabel = "NAME",
      description = "The node's name in Kubernetes.")
  private String nodeId = "";

  @ArgGroup private @Nullable ClusterOptions cluster;

  /** Who serves the claims of the cluster. */
  enum ProvisionerMode {
    /** This process, if it knows a cluster. */
    EMBEDDED,
    /** The sidecars external-provisioner and external-resizer. */
    EXTERNAL
  }

  @Option(
      names = "--provisioner",
      paramLabel = "MODE",
      defaultValue = "embedded",
      description =
          "Who serves the claims of the cluster: embedded, this process; external, sidecars on the same socket. Default: ${DEFAULT-VALUE}")
  private ProvisionerMode provisioner = ProvisionerMode.EMBEDDED;

  private static final class ClusterOptions {
    @Option(
        names = "--kubeconfig",
        paramLabel = "FILE",
        description = "Also provision claims of the cluster that this file names.")
    private @Nullable Path kubeconfig;

    @Option(
        names = "--in-cluster",
        description = "Also provision claims of the cluster this process runs in, as a pod.")
    private boolean inCluster;
  }

  @Option(
      names = "--capacity-namespace",
      paramLabel = "NAMESPACE",
      description =
          "Tell the scheduler how much room the pool has, by CSIStorageCapacity objects there. Without it nothing is told.")
  private @Nullable String capacityNamespace;

  @Option(
      names = "--capacity-owner",
      paramLabel = "POD/UID",
      description = "The pod in that namespace with which these objects vanish, this one.")
  private @Nullable String capacityOwner;

  @Option(
      names = "--cross-namespace-clones",
      description =
          "Serve clones of claims in other namespaces where a ReferenceGrant there allows it.")
  private boolean crossNamespaceClones;

  @Option(
      names = "--registration-dir",
      paramLabel = "DIR",
      description = "The kubelet's plugins_registry: register the driver with the kubelet there.")
  private @Nullable Path registrationDir;

  @Option(
      names = "--kubelet-dir",
      paramLabel = "DIR",
      defaultValue = "/var/lib/kubelet",
      description =
          "Where the kubelet mounts volumes; it must be a shared mount. Default: ${DEFAULT-VALUE}")
  private Path kubeletDir = Path.of("");

  @Option(
      names = "--health-port",
      paramLabel = "PORT",
      description = "Answer /livez, /readyz and /metrics over plain HTTP on this port.")
  private @Nullable Integer healthPort;

  @Option(
      names = "--copies",
      paramLabel = "N",
      defaultValue = "4",
      description =
          "How many clones are copied at the same time, where extents cannot be shared. Default: ${DEFAULT-VALUE}")
  private int copies;

  @Option(
      names = "--copies-per-source",
      paramLabel = "N",
      defaultValue = "2",
      description = "How many of these may have the same source. Default: ${DEFAULT-VALUE}")
  private int copiesPerSource;

  @Option(
      names = "--sweep-minutes",
      paramLabel = "N",
      defaultValue = "60",
      description =
          "How often to look for files, loop devices and mounts of the pool that no record explains. Default: ${DEFAULT-VALUE}")
  private int sweepMinutes;

  private ReflinkDriver() {}

  /** Runs the driver until it is stopped by a signal or refused by the kubelet. */
  public static void main(String[] arguments) {
    System.exit(run(arguments));
  }

  /**
   * Runs the driver until the calling thread is interrupted, for who has it in a process of theirs;
   * else as {@link #main}.
   *
   * @return the exit code
   */
  public static int run(String... arguments) {
    List<String> words = List.of(arguments);
    boolean sweep = !words.isEmpty() && words.getFirst().equals(SweepCommand.NAME);
    return sweep
        ? commandLine(new SweepCommand())
            .execute(words.subList(1, words.size()).toArray(String[]::new))
        : commandLine().execute(arguments);
  }

  static CommandLine commandLine() {
    return commandLine(new ReflinkDriver());
  }

  /** With errors told in one sentence. */
  static CommandLine commandLine(Object command) {
    return new CommandLine(command)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler((error, words) -> {
          error.getCommandLine().getErr().println(error.getMessage());
          return CommandLine.ExitCode.USAGE;
        });
  }

  @Override
  public Integer call() {
    DriverProcess process = new DriverProcess();
    // Before the start: a signal may come while the parts are starting.
    Runtime.getRuntime().addShutdownHook(new Thread(process::close, "stop"));
    try (process) {
      process.start(options(), new Version().getVersion()[0]);
      return process.await();
    } catch (InterruptedException e) {
      return CommandLine.ExitCode.OK;
    } catch (Unusable | IOException e) {
      throw unusable(e);
    }
  }

  private ParameterException unusable(Exception cause) {
    if (spec == null) {
      throw new IllegalStateException(cause);
    }
    return new ParameterException(spec.commandLine(), String.valueOf(cause.getMessage()), cause);
  }

  private DriverOptions options() throws Unusable {
    Optional<DriverOptions.Cluster> reached = Optional.empty();
    if (provisioner == ProvisionerMode.EXTERNAL) {
      log.info("claims are left to an external provisioner");
    } else if (cluster != null && cluster.kubeconfig != null) {
      reached = Optional.of(DriverOptions.kubeconfig(cluster.kubeconfig));
    } else if (cluster != null && cluster.inCluster) {
      reached = Optional.of(DriverOptions.inCluster());
    }
    if (healthPort != null && (healthPort < 0 || healthPort > 65_535)) {
      throw new Unusable("--health-port must be 0 to 65535, but is " + healthPort);
    }
    return new DriverOptions(
        DriverOptions.socket(endpoint),
        pool,
        DriverOptions.nodeId(nodeId),
        reached,
        capacityNamespace == null
            ? Optional.empty()
            : Optional.of(DriverOptions.capacity(capacityNamespace, capacityOwner)),
        crossNamespaceClones,
        registrationDir == null
            ? Optional.empty()
            : Optional.of(
                DriverOptions.registrationDir(registrationDir, kubeletDir, MountTable.read())),
        kubeletDir,
        healthPort == null ? OptionalInt.empty() : OptionalInt.of(healthPort),
        DriverOptions.copyLimits(copies, copiesPerSource),
        DriverOptions.sweepEvery(sweepMinutes));
  }

  /** The version in the jar's manifest. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = ReflinkDriver.class.getPackage().getImplementationVersion();
      return new String[] {version == null ? "development" : version};
    }
  }
}
