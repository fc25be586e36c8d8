package io.csiclone.testkit.conformance;

import com.google.protobuf.Timestamp;
import io.csiclone.csiproto.CreateSnapshotRequest;
import io.csiclone.csiproto.ListSnapshotsRequest;
import io.csiclone.csiproto.ListSnapshotsResponse;
import io.csiclone.csiproto.Snapshot;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The snapshots of a {@link TinyDriver}, whose lock guards them. */
final class TinySnapshots {

  private final Map<String, Snapshot> byName = new LinkedHashMap<>();
  private final Function<String, Path> file;
  private final @Nullable Fault fault;

  TinySnapshots(Function<String, Path> file, @Nullable Fault fault) {
    this.file = file;
    this.fault = fault;
  }

  Snapshot take(CreateSnapshotRequest request) throws IOException {
    if (request.getName().isEmpty() || request.getSourceVolumeId().isEmpty()) {
      throw TinyDriver.refusal(Status.INVALID_ARGUMENT);
    }
    String name =
        fault == Fault.SHORTENS_SNAPSHOT_NAMES
            ? request.getName().substring(0, Math.min(100, request.getName().length()))
            : request.getName();
    Snapshot known = byName.get(name);
    if (known != null && fault != Fault.TAKES_ANOTHER_SNAPSHOT_EACH_TIME) {
      if (!known.getSourceVolumeId().equals(request.getSourceVolumeId())
          && fault != Fault.IGNORES_ANOTHER_SNAPSHOT_SOURCE) {
        throw TinyDriver.refusal(Status.ALREADY_EXISTS);
      }
      return known;
    }
    Path source = file.apply(request.getSourceVolumeId());
    String id = UUID.randomUUID().toString();
    if (!request.getSourceVolumeId().matches("[0-9a-f-]{36}") || !Files.exists(source)) {
      if (fault != Fault.TAKES_SNAPSHOTS_OF_NOTHING) {
        throw TinyDriver.refusal(Status.NOT_FOUND);
      }
    } else if (fault == Fault.TAKES_SNAPSHOTS_BY_NAME_ONLY) {
      Files.createSymbolicLink(file.apply(id), source);
    } else {
      Files.copy(source, file.apply(id));
    }
    Snapshot snapshot =
        Snapshot.newBuilder()
            .setSnapshotId(id)
            .setSourceVolumeId(request.getSourceVolumeId())
            .setCreationTime(Timestamp.newBuilder().setSeconds(System.currentTimeMillis() / 1000))
            .setReadyToUse(true)
            .build();
    // A second one under the name replaces the first; only a faulty driver comes here twice.
    byName.put(fault == Fault.TAKES_ANOTHER_SNAPSHOT_EACH_TIME ? id : name, snapshot);
    return snapshot;
  }

  void delete(String id) throws IOException {
    if (id.isEmpty()) {
      throw TinyDriver.refusal(Status.INVALID_ARGUMENT);
    }
    if (fault == Fault.LISTS_DELETED_SNAPSHOTS) {
      return;
    }
    boolean known = byName.values().removeIf(snapshot -> snapshot.getSnapshotId().equals(id));
    if (known) {
      Files.deleteIfExists(file.apply(id));
    } else if (fault == Fault.FAILS_TO_DELETE_AN_UNKNOWN_SNAPSHOT) {
      throw TinyDriver.refusal(Status.NOT_FOUND);
    }
  }

  boolean has(String id) {
    return byName.values().stream().anyMatch(snapshot -> snapshot.getSnapshotId().equals(id));
  }

  ListSnapshotsResponse list(ListSnapshotsRequest request) {
    List<Snapshot> wanted =
        byName.values().stream()
            .filter(snapshot ->
                fault == Fault.LISTS_ALL_SNAPSHOTS
                    || ((request.getSnapshotId().isEmpty()
                            || request.getSnapshotId().equals(snapshot.getSnapshotId()))
                        && (request.getSourceVolumeId().isEmpty()
                            || request.getSourceVolumeId().equals(snapshot.getSourceVolumeId()))))
            .filter(snapshot -> snapshot.getSnapshotId().compareTo(request.getStartingToken()) >= 0)
            .sorted(Comparator.comparing(Snapshot::getSnapshotId))
            .toList();
    int most = request.getMaxEntries();
    boolean more = most != 0 && wanted.size() > most;
    var page = ListSnapshotsResponse.newBuilder();
    for (Snapshot snapshot : more ? wanted.subList(0, most) : wanted) {
      page.addEntries(ListSnapshotsResponse.Entry.newBuilder().setSnapshot(snapshot));
    }
    if (more) {
      boolean again =
          fault == Fault.LISTS_A_SNAPSHOT_PAGE_AGAIN
              && request.getStartingToken().isEmpty()
              && most > 1;
      page.setNextToken(wanted.get(again ? most - 1 : most).getSnapshotId());
    }
    return page.build();
  }
}
