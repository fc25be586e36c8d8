package io.csiclone.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.ControllerGetCapabilitiesRequest;
import io.csiclone.csiproto.ControllerServiceCapability.RPC;
import io.csiclone.csiproto.CreateSnapshotRequest;
import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.csiproto.DeleteSnapshotRequest;
import io.csiclone.csiproto.DeleteVolumeRequest;
import io.csiclone.csiproto.NodeServiceCapability;
import io.csiclone.csiproto.ProbeRequest;
import io.csiclone.csiproto.Snapshot;
import io.csiclone.csiproto.Volume;
import io.csiclone.csiproto.VolumeCapability;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;

/** One run of one check: its calls, its volumes, and their removal at the end. */
final class Trial implements AutoCloseable {

  /** A volume or snapshot that is to be deleted at the end. */
  private record Made(boolean snapshot, String id) {}

  private static final Duration PAUSE = Duration.ofMillis(100);

  final DriverClient client;
  final VolumeCapability capability;
  private final VolumeOpener opener;
  private final ConformanceSuite.Settings settings;

  /** What the node announces, empty when the socket serves no node. */
  private final Optional<Set<NodeServiceCapability.RPC.Type>> nodeCapabilities;

  private final @Nullable NodePaths node;
  private final Collection<Made> made = Collections.synchronizedCollection(new ArrayList<>());

  /** Requests that may have made a volume whose id was not told. */
  private final Map<String, CreateVolumeRequest> unanswered =
      Collections.synchronizedMap(new LinkedHashMap<>());

  Trial(
      DriverClient client,
      VolumeOpener opener,
      ConformanceSuite.Settings settings,
      VolumeCapability capability)
      throws IOException {
    this.client = client;
    this.opener = opener;
    this.settings = settings;
    this.capability = capability;
    this.nodeCapabilities = nodeCapabilities(client);
    Path folder = settings.nodeFolder();
    this.node =
        folder == null
            ? null
            : NodePaths.make(
                client,
                folder,
                nodeCapabilities().contains(NodeServiceCapability.RPC.Type.STAGE_UNSTAGE_VOLUME));
  }

  private static Optional<Set<NodeServiceCapability.RPC.Type>> nodeCapabilities(
      DriverClient client) {
    try {
      return Optional.of(DriverClient.nodeCapabilities(client.node().withWaitForReady()));
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() == Code.UNIMPLEMENTED) {
        return Optional.empty();
      }
      throw e;
    }
  }

  long size() {
    return settings.volumeBytes();
  }

  long largerSize() {
    return settings.largerBytes();
  }

  static String newName() {
    return "conformance-" + UUID.randomUUID();
  }

  CreateVolumeRequest.Builder empty(String name) {
    return CreateVolumeRequest.newBuilder()
        .setName(name)
        .setCapacityRange(Requests.atLeast(size()))
        .addVolumeCapabilities(capability)
        .putAllParameters(settings.parameters());
  }

  CreateVolumeRequest.Builder cloneOf(Volume source, String name) {
    return empty(name).setVolumeContentSource(Requests.from(source.getVolumeId()));
  }

  /** One call, which must succeed at once or with patience: ABORTED means to ask again. */
  Volume make(CreateVolumeRequest.Builder request) throws InterruptedException {
    CreateVolumeRequest sent = request.build();
    unanswered.put(sent.getName(), sent);
    Volume volume = patiently(() -> client.controller().createVolume(sent).getVolume());
    assertThat(volume.getVolumeId()).as("volume_id").isNotEmpty();
    made.add(new Made(false, volume.getVolumeId()));
    unanswered.remove(sent.getName());
    return volume;
  }

  /** One call without a deadline, which must succeed; ABORTED is a failure here. */
  Volume makeAtOnce(CreateVolumeRequest.Builder request) {
    CreateVolumeRequest sent = request.build();
    unanswered.put(sent.getName(), sent);
    Volume volume = client.controller(Duration.ZERO).createVolume(sent).getVolume();
    made.add(new Made(false, volume.getVolumeId()));
    unanswered.remove(sent.getName());
    return volume;
  }

  /** One call with a short deadline; empty when it was not answered with a volume. */
  Optional<Volume> makeWithin(Duration deadline, CreateVolumeRequest.Builder request) {
    CreateVolumeRequest sent = request.build();
    unanswered.put(sent.getName(), sent);
    try {
      Volume volume = client.controller(deadline).createVolume(sent).getVolume();
      made.add(new Made(false, volume.getVolumeId()));
      unanswered.remove(sent.getName());
      return Optional.of(volume);
    } catch (StatusRuntimeException e) {
      assertThat(e.getStatus().getCode())
          .as("the answer to a call with a deadline of " + deadline)
          .isIn(Code.DEADLINE_EXCEEDED, Code.ABORTED, Code.CANCELLED);
      return Optional.empty();
    }
  }

  void delete(Volume volume) throws InterruptedException {
    delete(volume.getVolumeId());
  }

  void delete(String volumeId) throws InterruptedException {
    var _ =
        patiently(() ->
            client
                .controller()
                .deleteVolume(DeleteVolumeRequest.newBuilder().setVolumeId(volumeId).build()));
    made.remove(new Made(false, volumeId));
  }

  /** Ends the check as not applying to a driver that does not announce it. */
  void requireController(RPC.Type announced) {
    boolean able =
        client
            .controller()
            .controllerGetCapabilities(ControllerGetCapabilitiesRequest.getDefaultInstance())
            .getCapabilitiesList()
            .stream()
            .anyMatch(each -> each.getRpc().getType() == announced);
    if (!able) {
      throw new TestAbortedException("the driver does not announce " + announced);
    }
  }

  /** What the node announces; skips the check where the socket serves no node. */
  Set<NodeServiceCapability.RPC.Type> nodeCapabilities() {
    return nodeCapabilities.orElseThrow(
        () -> new TestAbortedException("the socket serves no Node service"));
  }

  /** Ends the check as not applying to a node that does not announce it. */
  void requireNode(NodeServiceCapability.RPC.Type announced) {
    if (!nodeCapabilities().contains(announced)) {
      throw new TestAbortedException("the node does not announce " + announced);
    }
  }

  /** Where volumes may be staged and published; skips the check where they may not. */
  NodePaths node() {
    if (node == null) {
      throw new TestAbortedException("no folder to publish volumes in was given");
    }
    return node;
  }

  /** Kills the driver and waits until the next one answers; skips the check without a hook. */
  void killAndRestart() throws Exception {
    KillHook kill = settings.kill();
    if (kill == null) {
      throw new TestAbortedException("no way to kill the driver was given");
    }
    kill.killAndRestart();
    client.channel().resetConnectBackoff();
    try {
      probe();
    } catch (StatusRuntimeException e) {
      // The call was put on the connection to the killed one, whose end was not seen yet.
      probe();
    }
  }

  private void probe() {
    var _ = client.identity().withWaitForReady().probe(ProbeRequest.getDefaultInstance());
  }

  /** Keeps clones from being finished; skips the check without a hook. */
  AutoCloseable holdCopies() throws Exception {
    return holdCopiesIfPossible()
        .orElseThrow(() -> new TestAbortedException("no way to hold copies was given"));
  }

  Optional<AutoCloseable> holdCopiesIfPossible() throws Exception {
    CopyHold hold = settings.hold();
    return hold == null ? Optional.empty() : Optional.of(hold.hold());
  }

  /** A snapshot that can be restored; taking it may need patience. */
  Snapshot takeSnapshot(String name, String sourceVolumeId) throws InterruptedException {
    CreateSnapshotRequest request =
        CreateSnapshotRequest.newBuilder().setName(name).setSourceVolumeId(sourceVolumeId).build();
    Snapshot snapshot = patiently(() -> client.controller().createSnapshot(request).getSnapshot());
    made.add(new Made(true, snapshot.getSnapshotId()));
    long end = System.nanoTime() + settings.patience().toNanos();
    while (!snapshot.getReadyToUse()) {
      assertThat(System.nanoTime()).as("ready within " + settings.patience()).isLessThan(end);
      Thread.sleep(PAUSE);
      snapshot = client.controller().createSnapshot(request).getSnapshot();
    }
    return snapshot;
  }

  void deleteSnapshot(String snapshotId) throws InterruptedException {
    var _ =
        patiently(() ->
            client
                .controller()
                .deleteSnapshot(
                    DeleteSnapshotRequest.newBuilder().setSnapshotId(snapshotId).build()));
    made.removeIf(new Made(true, snapshotId)::equals);
  }

  /** A CreateVolume call that must fail with one of these codes, after any ABORTED. */
  void assertCreateRefused(CreateVolumeRequest.Builder request, Code... codes)
      throws InterruptedException {
    assertRefused(
        () -> {
          Volume volume = client.controller().createVolume(request.build()).getVolume();
          made.add(new Made(false, volume.getVolumeId()));
          return volume;
        },
        codes);
  }

  void assertRefused(Callable<?> call, Code... codes) throws InterruptedException {
    try {
      Object answer = patiently(call);
      throw new AssertionError(
          "must be refused with %s, but was answered with%n%s"
              .formatted(Arrays.toString(codes), answer));
    } catch (StatusRuntimeException e) {
      assertThat(e.getStatus().getCode()).as(e.getStatus().getDescription()).isIn(List.of(codes));
    }
  }

  <T> T patiently(Callable<T> call) throws InterruptedException {
    long end = System.nanoTime() + settings.patience().toNanos();
    while (true) {
      try {
        return call.call();
      } catch (StatusRuntimeException e) {
        Code code = e.getStatus().getCode();
        boolean again = code == Code.ABORTED || code == Code.DEADLINE_EXCEEDED;
        if (!again || System.nanoTime() > end) {
          throw e;
        }
        Thread.sleep(PAUSE);
      } catch (RuntimeException | InterruptedException e) {
        throw e;
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }
  }

  Volume makeEmpty() throws InterruptedException {
    return make(empty(newName()));
  }

  Content fill(Volume volume, long seed) throws IOException {
    try (OpenVolume open = opener.open(volume, capability)) {
      Content content = new Content(seed, open.usableBytes());
      content.writeTo(open.data());
      return content;
    }
  }

  void assertHolds(Volume volume, Content content) throws IOException {
    try (OpenVolume open = opener.open(volume, capability)) {
      assertThat(Files.exists(open.data())).as(open.data() + " exists").isTrue();
      assertThat(content.differenceIn(open.data()))
          .as("how the bytes of volume %s differ", volume.getVolumeId())
          .isEmpty();
    }
  }

  long seenSize(Volume volume) throws IOException {
    try (OpenVolume open = opener.open(volume, capability)) {
      return open.size();
    }
  }

  @Override
  public void close() throws InterruptedException, IOException {
    for (CreateVolumeRequest request : List.copyOf(unanswered.values())) {
      try {
        var _ = make(request.toBuilder());
      } catch (StatusRuntimeException e) {
        // No volume: nothing to delete.
      }
    }
    // What was made of something before what it was made of.
    for (Made each : new LinkedHashSet<>(List.copyOf(made).reversed())) {
      if (each.snapshot()) {
        deleteSnapshot(each.id());
      } else {
        if (node != null) {
          node.takeBack(each.id());
        }
        delete(each.id());
      }
    }
    if (node != null) {
      node.close();
    }
  }
}
