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
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Snapshots, of a driver that announces CREATE_DELETE_SNAPSHOT. */
final class SnapshotChecks {

  private SnapshotChecks() {}

  static List<Check> all() {
    return List.of(
        new Check("a snapshot keeps the bytes of its moment", SnapshotChecks::keepsBytes),
        new Check("a restored volume names its snapshot", SnapshotChecks::names),
        new Check(
            "a restore of an empty volume's snapshot is answered by the first call",
            SnapshotChecks::atOnce),
        new Check("taking ten times takes one snapshot", SnapshotChecks::takeTenTimes),
        new Check("names of snapshots may have 128 bytes", SnapshotChecks::longNames),
        new Check(
            "the same snapshot name with another source is ALREADY_EXISTS",
            SnapshotChecks::otherSource),
        new Check("a snapshot of a volume that never was is NOT_FOUND", SnapshotChecks::ofNothing),
        new Check("a restore of a snapshot that never was is NOT_FOUND", SnapshotChecks::unknown),
        new Check(
            "a snapshot without a name or source is INVALID_ARGUMENT", SnapshotChecks::noArguments),
        new Check("deleting a snapshot ten times succeeds", SnapshotChecks::deleteTenTimes),
        new Check("snapshots are listed by id and by source", SnapshotChecks::listed),
        new Check("a deleted snapshot is not listed", SnapshotChecks::deletedIsGone),
        new Check(
            "every snapshot is listed once, on one page or on many", SnapshotChecks::listedOnce));
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

  private static void atOnce(Trial trial) throws Exception {
    trial.requireController(RPC.Type.CREATE_DELETE_SNAPSHOT);
    Volume source = trial.makeEmpty();
    Snapshot snapshot = trial.takeSnapshot(Trial.newName(), source.getVolumeId());
    CreateVolumeRequest.Builder request = restore(trial, snapshot);
    assertThat(trial.makeAtOnce(request).getContentSource())
        .isEqualTo(request.getVolumeContentSource());
  }

  private static void longNames(Trial trial) throws Exception {
    trial.requireController(RPC.Type.CREATE_DELETE_SNAPSHOT);
    Volume source = trial.makeEmpty();
    String name = Trial.newName();
    String most = name + "n".repeat(127 - name.length());
    String first = trial.takeSnapshot(most + "1", source.getVolumeId()).getSnapshotId();

    assertThat(trial.takeSnapshot(most + "1", source.getVolumeId()).getSnapshotId())
        .isEqualTo(first);
    assertThat(trial.takeSnapshot(most + "2", source.getVolumeId()).getSnapshotId())
        .isNotEqualTo(first);
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
    assertThat(
            list(
                trial,
                ListSnapshotsRequest.newBuilder().setSourceVolumeId("fake-vol-id-6f2c7b1e-9")))
        .isEmpty();
  }

  private static void deletedIsGone(Trial trial) throws Exception {
    trial.requireController(RPC.Type.LIST_SNAPSHOTS);
    Volume source = trial.makeEmpty();
    String id = trial.takeSnapshot(Trial.newName(), source.getVolumeId()).getSnapshotId();
    assertThat(list(trial, ListSnapshotsRequest.newBuilder())).contains(id);

    trial.deleteSnapshot(id);

    assertThat(list(trial, ListSnapshotsRequest.newBuilder())).doesNotContain(id);
    assertThat(list(trial, ListSnapshotsRequest.newBuilder().setSnapshotId(id))).isEmpty();
  }

  private static void listedOnce(Trial trial) throws Exception {
    trial.requireController(RPC.Type.LIST_SNAPSHOTS);
    Set<String> ids = new TreeSet<>();
    for (int i = 0; i < 5; i++) {
      String source = trial.makeEmpty().getVolumeId();
      ids.add(trial.takeSnapshot(Trial.newName(), source).getSnapshotId());
    }
    for (int pageSize : new int[] {0, 1, 2}) {
      // The second page has all the rest when it is asked for without a limit.
      for (int nextSize : new int[] {0, pageSize}) {
        assertThat(pages(trial, pageSize, nextSize))
            .as("with max_entries %d, then %d", pageSize, nextSize)
            .filteredOn(ids::contains)
            .containsExactlyInAnyOrderElementsOf(ids);
      }
    }
  }

  private static List<String> pages(Trial trial, int firstSize, int nextSize) {
    List<String> ids = new ArrayList<>();
    String token = "";
    do {
      int size = ids.isEmpty() ? firstSize : nextSize;
      ListSnapshotsResponse page =
          trial
              .client
              .controller()
              .listSnapshots(
                  ListSnapshotsRequest.newBuilder()
                      .setMaxEntries(size)
                      .setStartingToken(token)
                      .build());
      token = page.getNextToken();
      if (size != 0 && !token.isEmpty()) {
        assertThat(page.getEntriesCount()).as("entries of a full page").isEqualTo(size);
      }
      if (size == 0) {
        assertThat(token).as("the token of a page without a limit").isEmpty();
      }
      page.getEntriesList().forEach(entry -> ids.add(entry.getSnapshot().getSnapshotId()));
    } while (!token.isEmpty());
    return ids;
  }

  private static List<String> list(Trial trial, ListSnapshotsRequest.Builder request) {
    return trial.client.controller().listSnapshots(request.build()).getEntriesList().stream()
        .map(ListSnapshotsResponse.Entry::getSnapshot)
        .peek(SnapshotChecks::assertWhole)
        .map(Snapshot::getSnapshotId)
        .toList();
  }

  private static void assertWhole(Snapshot snapshot) {
    assertThat(snapshot.getSnapshotId()).as("snapshot_id").isNotEmpty();
    assertThat(snapshot.getSourceVolumeId()).as("source_volume_id").isNotEmpty();
    assertThat(snapshot.hasCreationTime()).as("has a creation_time").isTrue();
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
