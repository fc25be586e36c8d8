package io.csiclone.csi;

import com.google.protobuf.Timestamp;
import io.csiclone.csiproto.CreateSnapshotRequest;
import io.csiclone.csiproto.CreateSnapshotResponse;
import io.csiclone.csiproto.DeleteSnapshotRequest;
import io.csiclone.csiproto.DeleteSnapshotResponse;
import io.csiclone.csiproto.ListSnapshotsRequest;
import io.csiclone.csiproto.ListSnapshotsResponse;
import io.csiclone.csiproto.Snapshot;
import java.time.Instant;

/** The Controller service's calls about snapshots: requests checked, answers worded. */
final class SnapshotCalls {

  private final CloneCoordinator coordinator;
  private final VolumeCatalogue catalogue;

  SnapshotCalls(CloneCoordinator coordinator, VolumeCatalogue catalogue) {
    this.coordinator = coordinator;
    this.catalogue = catalogue;
  }

  CreateSnapshotResponse create(CreateSnapshotRequest request, Patience patience) {
    String sourceVolumeId = Fields.required("source_volume_id", request.getSourceVolumeId());
    String name = Fields.name("name", request.getName());
    var making = new SnapshotMaking(name, sourceVolumeId, request.getParametersMap(), catalogue);
    BackendVolume made = coordinator.make(making, patience);
    VolumeRecord record = catalogue.requireSnapshot(made.volumeId()).record();
    if (record == null) {
      throw Refusal.unknownSnapshot(made.volumeId());
    }
    return CreateSnapshotResponse.newBuilder().setSnapshot(snapshot(record)).build();
  }

  DeleteSnapshotResponse delete(DeleteSnapshotRequest request, Patience patience) {
    coordinator.deleteSnapshot(Fields.required("snapshot_id", request.getSnapshotId()), patience);
    return DeleteSnapshotResponse.getDefaultInstance();
  }

  /** An id or a source that does not exist gives an empty list, as the specification wants. */
  ListSnapshotsResponse list(ListSnapshotsRequest request) {
    var page =
        catalogue.page(
            record -> record.isSnapshot() && wanted(record, request),
            request.getMaxEntries(),
            request.getStartingToken());
    var response = ListSnapshotsResponse.newBuilder().setNextToken(page.nextToken());
    for (VolumeRecord record : page.records()) {
      response.addEntries(
          ListSnapshotsResponse.Entry.newBuilder().setSnapshot(snapshot(record)).build());
    }
    return response.build();
  }

  private static boolean wanted(VolumeRecord record, ListSnapshotsRequest request) {
    ContentSource source = record.request().source();
    return (request.getSnapshotId().isEmpty() || request.getSnapshotId().equals(record.volumeId()))
        && (request.getSourceVolumeId().isEmpty()
            || (source != null && request.getSourceVolumeId().equals(source.id())));
  }

  private static Snapshot snapshot(VolumeRecord record) {
    ContentSource source = record.request().source();
    Instant madeAt = record.madeAt() == null ? Instant.EPOCH : record.madeAt();
    return Snapshot.newBuilder()
        .setSnapshotId(record.volumeId())
        .setSourceVolumeId(source == null ? "" : source.id())
        .setSizeBytes(record.capacityBytes())
        .setCreationTime(
            Timestamp.newBuilder().setSeconds(madeAt.getEpochSecond()).setNanos(madeAt.getNano()))
        .setReadyToUse(true)
        .build();
  }
}
