package io.csiclone.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.ControllerServiceCapability.RPC;
import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.csiproto.ListSnapshotsRequest;
import io.csiclone.csiproto.ListSnapshotsResponse;
import io.csiclone.csiproto.Snapshot;
import io.csiclone.csiproto.Volume;
import io.csiclone.csiproto.VolumeContentSource;
import io.grpc.Status.Code;
import java.util.List;

/** Snapshots, of a driver that announces CREATE_DELETE_SNAPSHOT. */
final class SnapshotChecks {

  private SnapshotChecks() {}

  static List<Check> all() {
    return List.of(
        new Check("a snapshot keeps the bytes of its moment", SnapshotChecks::keepsBytes),
        new Check("a restored volume names its snapshot", SnapshotChecks::names),
        new Check("taking ten times takes one snapshot", SnapshotChecks::takeTenTimes),
        new Check(
            "the same snapshot name with another source is ALREADY_EXISTS",
            SnapshotChecks::otherSource),
        new Check("a snapshot of a volume that never was is NOT_FOUND", SnapshotChecks::ofNothing),
        new Check("a restore of a snapshot that never was is NOT_FOUND", SnapshotChecks::unknown),
        new Check(
            "a snapshot without a name or source is INVALID_ARGUMENT", SnapshotChecks::noArguments),
        new Check("deleting a snapshot ten times succeeds", SnapshotChecks::deleteTenTimes),
        new Check("snapshots are listed by id and by source", SnapshotChecks::listed));
  }

  private static void keepsBytes(Trial trial) throws Exception {
    trial.requireController(RPC.Type.CREATE_DELETE_SNAPSHOT);
    Volume source = trial.makeEmpty();
    Content then = trial.fill(source, 31);
    Snapshot snapshot = trial.takeSnapshot(Trial.newName(), source.getVolumeId());
    trial.fill(source, 32);

    Volume restored = trial.make(restore(trial, snapshot));

    trial.assertHolds(restored, then);
  }

  private static void names(Trial trial) throws Exception {
    trial.requireController(RPC.Type.CREATE_DELETE_SNAPSHOT);
    Volume source = trial.makeEmpty();
    Snapshot snapshot = trial.takeSnapshot(Trial.newName(), source.getVolumeId());
    CreateVolumeRequest.Builder request = restore(trial, snapshot);
    assertThat(trial.make(request).getContentSource()).isEqualTo(request.getVolumeContentSource());
    assertThat(snapshot.getSourceVolumeId()).isEqualTo(source.getVolumeId());
    assertThat(snapshot.hasCreationTime()).as("has a creation time").isTrue();
  }

  private static void takeTenTimes(Trial trial) throws Exception {
    trial.requireController(RPC.Type.CREATE_DELETE_SNAPSHOT);
    Volume source = trial.makeEmpty();
    String name = Trial.newName();
    Snapshot first = trial.takeSnapshot(name, source.getVolumeId());
    for (int i = 1; i < 10; i++) {
      assertThat(trial.takeSnapshot(name, source.getVolumeId()).getSnapshotId())
          .isEqualTo(first.getSnapshotId());
    }
  }

  private static void otherSource(Trial trial) throws Exception {
    trial.requireController(RPC.Type.CREATE_DELETE_SNAPSHOT);
    Volume source = trial.makeEmpty();
    Volume other = trial.makeEmpty();
    String name = Trial.newName();
    trial.takeSnapshot(name, source.getVolumeId());
    trial.assertRefused(() -> trial.takeSnapshot(name, other.getVolumeId()), Code.ALREADY_EXISTS);
  }

  private static void ofNothing(Trial trial) throws Exception {
    trial.requireController(RPC.Type.CREATE_DELETE_SNAPSHOT);
    for (String id : Requests.UNKNOWN_IDS) {
      trial.assertRefused(() -> trial.takeSnapshot(Trial.newName(), id), Code.NOT_FOUND);
    }
  }

  private static void unknown(Trial trial) throws Exception {
    trial.requireController(RPC.Type.CREATE_DELETE_SNAPSHOT);
    for (String id : Requests.UNKNOWN_IDS) {
      trial.assertCreateRefused(
          restore(trial, Snapshot.newBuilder().setSnapshotId(id).build()), Code.NOT_FOUND);
    }
  }

  private static void noArguments(Trial trial) throws Exception {
    trial.requireController(RPC.Type.CREATE_DELETE_SNAPSHOT);
    Volume source = trial.makeEmpty();
    trial.assertRefused(() -> trial.takeSnapshot("", source.getVolumeId()), Code.INVALID_ARGUMENT);
    trial.assertRefused(() -> trial.takeSnapshot(Trial.newName(), ""), Code.INVALID_ARGUMENT);
    trial.assertRefused(
        () -> {
          trial.deleteSnapshot("");
          return "a deletion";
        },
        Code.INVALID_ARGUMENT);
  }

  private static void deleteTenTimes(Trial trial) throws Exception {
    trial.requireController(RPC.Type.CREATE_DELETE_SNAPSHOT);
    Volume source = trial.makeEmpty();
    Snapshot snapshot = trial.takeSnapshot(Trial.newName(), source.getVolumeId());
    for (int i = 0; i < 10; i++) {
      trial.deleteSnapshot(snapshot.getSnapshotId());
    }
    trial.deleteSnapshot("no-such-snapshot");
  }

  private static void listed(Trial trial) throws Exception {
    trial.requireController(RPC.Type.LIST_SNAPSHOTS);
    Volume source = trial.makeEmpty();
    Volume other = trial.makeEmpty();
    String first = trial.takeSnapshot(Trial.newName(), source.getVolumeId()).getSnapshotId();
    String second = trial.takeSnapshot(Trial.newName(), source.getVolumeId()).getSnapshotId();
    String third = trial.takeSnapshot(Trial.newName(), other.getVolumeId()).getSnapshotId();

    assertThat(list(trial, ListSnapshotsRequest.newBuilder()))
        .filteredOn(List.of(first, second, third)::contains)
        .containsExactlyInAnyOrder(first, second, third);
    assertThat(list(trial, ListSnapshotsRequest.newBuilder().setSnapshotId(second)))
        .containsExactly(second);
    assertThat(
            list(trial, ListSnapshotsRequest.newBuilder().setSourceVolumeId(source.getVolumeId())))
        .containsExactlyInAnyOrder(first, second);
    assertThat(list(trial, ListSnapshotsRequest.newBuilder().setSnapshotId("no-such-snapshot")))
        .isEmpty();
  }

  private static List<String> list(Trial trial, ListSnapshotsRequest.Builder request) {
    return trial.client.controller().listSnapshots(request.build()).getEntriesList().stream()
        .map(ListSnapshotsResponse.Entry::getSnapshot)
        .map(Snapshot::getSnapshotId)
        .toList();
  }

  private static CreateVolumeRequest.Builder restore(Trial trial, Snapshot snapshot) {
    return trial
        .empty(Trial.newName())
        .setVolumeContentSource(
            VolumeContentSource.newBuilder()
                .setSnapshot(
                    VolumeContentSource.SnapshotSource.newBuilder()
                        .setSnapshotId(snapshot.getSnapshotId())));
  }
}
