package io.csiclone.csi;

import io.csiclone.csi.VolumeRecord.State;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The complete volumes and snapshots, by their ids and in pages. */
final class VolumeCatalogue {

  private final VolumeBackend backend;
  private final RecordStore records;

  VolumeCatalogue(VolumeBackend backend, RecordStore records) {
    this.backend = backend;
    this.records = records;
  }

  /**
   * A volume or snapshot that is complete.
   *
   * @param volume what the backend says of it
   * @param record its record, or null for a volume the backend has from elsewhere
   */
  record KnownVolume(BackendVolume volume, @Nullable VolumeRecord record) {

    /** How it was made to be used, or null when nobody recorded that. */
    @Nullable AccessType accessType() {
      return record == null ? null : record.request().capabilities().accessType();
    }
  }

  /**
   * The complete volume with that id.
   *
   * @throws Refusal when there is none, or {@link Refusal.Reason#PENDING} when it is not complete
   */
  KnownVolume require(String volumeId) {
    if (!VolumeIds.wellFormed(volumeId) || VolumeIds.isSnapshot(volumeId)) {
      throw Refusal.unknownVolume(volumeId);
    }
    return find(volumeId).orElseThrow(() -> Refusal.unknownVolume(volumeId));
  }

  /**
   * The complete snapshot with that id.
   *
   * @throws Refusal when there is none, or {@link Refusal.Reason#PENDING} when it is not complete
   */
  KnownVolume requireSnapshot(String snapshotId) {
    return Optional.of(snapshotId)
        .filter(VolumeIds::isSnapshot)
        .flatMap(this::find)
        .orElseThrow(() -> Refusal.unknownSnapshot(snapshotId));
  }

  /** The source of a new volume, whichever kind it is. */
  KnownVolume require(ContentSource source) {
    return switch (source.kind()) {
      case VOLUME -> require(source.id());
      case SNAPSHOT -> requireSnapshot(source.id());
    };
  }

  private Optional<KnownVolume> find(String id) {
    @Nullable VolumeRecord record = records.read(id).orElse(null);
    if (record != null) {
      switch (record.state()) {
        case POPULATING -> throw Refusal.pending(record.what() + " is still being made");
        case FAILED, DELETING -> {
          return Optional.empty();
        }
        case READY -> {}
      }
    }
    return backend.find(id).map(volume -> new KnownVolume(volume, record));
  }

  /** Whether the storage has what the record of a complete volume says. */
  boolean isThere(VolumeRecord record) {
    return backend.find(record.volumeId()).isPresent();
  }

  /**
   * Some of a list, in the order of the ids.
   *
   * @param records the entries
   * @param nextToken where the next page begins, empty on the last one
   */
  record Page(List<VolumeRecord> records, String nextToken) {}

  /**
   * A page of what is complete. A token is the id at which its page begins, so that deletions
   * between two calls neither repeat nor skip what stays.
   *
   * @param maxEntries 0 for all
   * @throws Refusal {@link Refusal.Reason#PENDING}, which is the specification's answer to a token
   *     that is none
   */
  Page page(Predicate<VolumeRecord> wanted, int maxEntries, String startingToken) {
    if (maxEntries < 0) {
      throw Refusal.invalid("max_entries", "must not be negative, but is " + maxEntries);
    }
    if (!startingToken.isEmpty() && !VolumeIds.given(startingToken)) {
      throw Refusal.pending(
          "starting_token "
              + Refusal.shown(startingToken)
              + " was not given out by this driver; list again from the beginning");
    }
    List<VolumeRecord> rest =
        records.list().stream()
            .filter(record -> record.state() == State.READY)
            .filter(record -> record.volumeId().compareTo(startingToken) >= 0)
            .filter(wanted)
            .toList();
    boolean more = maxEntries != 0 && rest.size() > maxEntries;
    return more
        ? new Page(rest.subList(0, maxEntries), rest.get(maxEntries).volumeId())
        : new Page(rest, "");
  }
}
