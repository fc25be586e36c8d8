package io.csiclone.testkit.conformance;

import io.csiclone.csiproto.GetPluginInfoRequest;
import io.csiclone.csiproto.GetPluginInfoResponse;
import io.csiclone.csiproto.VolumeCapability;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.opentest4j.TestAbortedException;

/**
 * The checks of the clone call path, for a driver that listens on a unix socket. Return {@link
 * #tests} from a method with {@code @TestFactory}; the driver must be running by then and until the
 * last check ended. Every check makes its own volumes and deletes them.
 */
public final class ConformanceSuite {

  private final Path socket;
  private final VolumeOpener opener;
  private final Settings settings;
  private final List<VolumeCapability> capabilities;
  private final ConformanceReport report;
  private final Set<String> only;
  private volatile @Nullable String absence;

  /** What all checks share. */
  record Settings(
      long volumeBytes,
      long largerBytes,
      Map<String, String> parameters,
      Duration patience,
      Duration firstAnswer,
      @Nullable KillHook kill,
      @Nullable CopyHold hold,
      @Nullable Path nodeFolder) {}

  private ConformanceSuite(Builder builder) {
    this.socket = builder.socket;
    if (builder.opener == null) {
      throw new IllegalStateException("The conformance suite needs .openWith(…)");
    }
    this.opener = builder.opener;
    this.capabilities =
        builder.capabilities.isEmpty()
            ? List.of(Requests.block(), Requests.mount("ext4"))
            : List.copyOf(builder.capabilities);
    this.settings =
        new Settings(
            builder.volumeBytes,
            builder.largerBytes,
            Map.copyOf(builder.parameters),
            builder.patience,
            builder.firstAnswer,
            builder.kill,
            builder.hold,
            builder.nodeFolder == null && opener instanceof PublishedVolumes published
                ? published.folder()
                : builder.nodeFolder);
    this.only = Set.copyOf(builder.only);
    this.report = new ConformanceReport(builder.report);
  }

  /**
   * Begins a suite.
   *
   * @param socket the driver's unix socket, an absolute path
   */
  public static Builder forSocket(Path socket) {
    return new Builder(socket);
  }

  /** All checks, for each kind of volume. */
  public Stream<DynamicNode> tests() {
    return capabilities.stream()
        .map(capability ->
            DynamicContainer.dynamicContainer(
                Requests.title(capability),
                checks().stream()
                    .filter(check -> only.isEmpty() || only.contains(check.statement()))
                    .map(check ->
                        DynamicTest.dynamicTest(check.statement(), () -> run(check, capability)))));
  }

  static List<Check> checks() {
    List<Check> all = new ArrayList<>(IdentityChecks.all());
    all.addAll(ContractChecks.all());
    all.addAll(CloneChecks.all());
    all.addAll(InterruptionChecks.all());
    all.addAll(ListChecks.all());
    all.addAll(ExpansionChecks.all());
    all.addAll(SnapshotChecks.all());
    all.addAll(NodeArgumentChecks.all());
    all.addAll(NodeChecks.all());
    all.addAll(KillChecks.all());
    return all;
  }

  /** Runs the chosen checks; answers what failed, by statement. */
  Map<String, Throwable> failures(Predicate<Check> chosen) {
    Map<String, Throwable> failed = new LinkedHashMap<>();
    for (VolumeCapability capability : capabilities) {
      for (Check check : checks().stream().filter(chosen).toList()) {
        try {
          run(check, capability);
        } catch (TestAbortedException e) {
          // It does not apply to this driver.
        } catch (Exception | AssertionError e) {
          failed.put(check.statement(), e);
        }
      }
    }
    return failed;
  }

  private void run(Check check, VolumeCapability capability) throws Exception {
    String volumes = Requests.title(capability);
    try (DriverClient client =
            settings.patience().isZero()
                ? DriverClient.unhurried(socket)
                : DriverClient.of(socket);
        Trial trial = openTrial(client, capability)) {
      check.body().run(trial);
    } catch (TestAbortedException e) {
      report.skipped(volumes, check, e);
      throw e;
    } catch (Exception | AssertionError e) {
      report.failed(volumes, check, e);
      throw e;
    }
    report.passed(volumes, check);
  }

  private Trial openTrial(DriverClient client, VolumeCapability capability) throws IOException {
    GetPluginInfoResponse driver = greet(client);
    report.of(driver.getName() + " " + driver.getVendorVersion());
    return new Trial(client, opener, settings, capability);
  }

  /** Who answers on the socket; once nobody has, no other check waits for it. */
  private GetPluginInfoResponse greet(DriverClient client) {
    if (absence != null) {
      throw new AssertionError(absence);
    }
    try {
      return client
          .identity(settings.firstAnswer())
          .withWaitForReady()
          .getPluginInfo(GetPluginInfoRequest.getDefaultInstance());
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() != Code.DEADLINE_EXCEEDED) {
        throw e;
      }
      absence =
          "No CSI driver has answered GetPluginInfo on %s within %d ms; it must be running until the last check has ended"
              .formatted(socket, settings.firstAnswer().toMillis());
      throw new AssertionError(absence, e);
    }
  }

  /** What the suite must know of the driver. */
  public static final class Builder {

    private static final long MIB = 1L << 20;

    private final Path socket;
    private @Nullable VolumeOpener opener;
    private final List<VolumeCapability> capabilities = new ArrayList<>();
    private final Map<String, String> parameters = new LinkedHashMap<>();
    private long volumeBytes = 64 * MIB;
    private long largerBytes = 128 * MIB;
    private Duration patience = Duration.ofMinutes(1);
    private Duration firstAnswer = Duration.ofSeconds(30);
    private @Nullable KillHook kill;
    private @Nullable CopyHold hold;
    private @Nullable Path report;
    private @Nullable Path nodeFolder;
    private Collection<String> only = List.of();

    private Builder(Path socket) {
      this.socket = socket;
    }

    /** How volumes are written and read. Required. */
    public Builder openWith(VolumeOpener value) {
      opener = value;
      return this;
    }

    /** Also checks raw block volumes; without any kind named, block and ext4 are checked. */
    public Builder block() {
      capabilities.add(Requests.block());
      return this;
    }

    /**
     * Also checks filesystem volumes; see {@link #block}.
     *
     * @param fsType the filesystem, empty for the driver's choice
     */
    public Builder mount(String fsType) {
      capabilities.add(Requests.mount(fsType));
      return this;
    }

    /**
     * The sizes of the volumes in bytes, 64 and 128 MiB unless told otherwise. The driver must be
     * able to make volumes of exactly these sizes.
     *
     * @param volume of a source
     * @param larger of a clone that is larger than its source
     */
    public Builder sizes(long volume, long larger) {
      if (volume < MIB || larger <= volume) {
        throw new IllegalArgumentException(
            "sizes must be at least 1 MiB, and the second larger: " + volume + ", " + larger);
      }
      volumeBytes = volume;
      largerBytes = larger;
      return this;
    }

    /** A parameter of every CreateVolume call, as a storage class would have it. */
    public Builder parameter(String name, String value) {
      parameters.put(name, value);
      return this;
    }

    /**
     * How long a volume may take until it is made, ABORTED answers included; a minute. With {@link
     * Duration#ZERO} every call must succeed at once, and none has a deadline.
     */
    public Builder patience(Duration value) {
      patience = value;
      return this;
    }

    /** How long each check waits until the driver answers anything. */
    Builder firstAnswerWithin(Duration value) {
      firstAnswer = value;
      return this;
    }

    /** How to kill the driver; without it the checks about kills are skipped. */
    public Builder killWith(KillHook value) {
      kill = value;
      return this;
    }

    /** How to keep copies from ending; without it what needs it is skipped. */
    public Builder holdCopiesWith(CopyHold value) {
      hold = value;
      return this;
    }

    /**
     * Where the checks of the Node service may stage and publish volumes; without it they are
     * skipped. {@link VolumeOpener#published} brings its folder along.
     *
     * @param folder made if it lacks; the driver must see it under the same path
     */
    public Builder publishBelow(Path folder) {
      nodeFolder = folder;
      return this;
    }

    /**
     * Only some of the checks, by their statements.
     *
     * @throws IllegalArgumentException for a statement that is no check's
     */
    public Builder only(Collection<String> statements) {
      Set<String> unknown = new LinkedHashSet<>(statements);
      checks().forEach(check -> unknown.remove(check.statement()));
      if (!unknown.isEmpty()) {
        throw new IllegalArgumentException("no check states: " + String.join("; ", unknown));
      }
      only = List.copyOf(statements);
      return this;
    }

    /** Where to write the results as a page in Markdown, besides what JUnit makes of them. */
    public Builder reportTo(Path file) {
      report = file;
      return this;
    }

    /**
     * The suite.
     *
     * @throws IllegalStateException when {@link #openWith} is missing
     */
    public ConformanceSuite build() {
      return new ConformanceSuite(this);
    }
  }
}
