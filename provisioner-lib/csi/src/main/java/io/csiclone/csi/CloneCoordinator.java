package io.csiclone.csi;

import io.csiclone.csi.VolumeCatalogue.KnownVolume;
import io.csiclone.csi.VolumeRecord.State;
import io.csiclone.csiproto.CapacityRange;
import io.grpc.Context;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes, clones and deletes volumes so that every request ends and nothing is left behind: the
 * record first, then the work in the background, then the answer. Once the record is written
 * nothing of the request is checked again; a retry, also one after a restart, joins it.
 */
final class CloneCoordinator implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(CloneCoordinator.class);
  private static final Duration STOP = Duration.ofSeconds(5);
  private static final Duration TIDY = Duration.ofSeconds(1);

  private final VolumeBackend backend;
  private final RecordStore records;
  private final VolumeCatalogue catalogue;
  private final VolumeLocks locks;
  private final RunningPopulations populations;
  private volatile boolean closed;

  CloneCoordinator(Means means, VolumeCatalogue catalogue, VolumeLocks locks) {
    this.backend = means.backend();
    this.populations = new RunningPopulations(means);
    this.records = means.records();
    this.catalogue = catalogue;
    this.locks = locks;
  }

  /** Takes up what an earlier process left unfinished. Call once, before the first request. */
  void resume() {
    for (VolumeRecord record : records.list()) {
      switch (record.state()) {
        case POPULATING -> populations.launch(record, true);
        case DELETING, READY, FAILED -> {} // The sweep ends deletions.
      }
    }
  }

  /**
   * What is asked for, made if need be.
   *
   * @throws Refusal when it cannot be, or {@link Refusal.Reason#PENDING} when it is not ready yet
   */
  BackendVolume make(Making making, Patience patience) {
    String volumeId = making.volumeId();
    Population population;
    try (var _ = locks.acquire(patience, making.involved())) {
      Population found = populations.of(volumeId);
      if (found == null) {
        Optional<VolumeRecord> record = records.read(volumeId);
        if (record.isPresent() && record.get().state() == State.READY) {
          checkSame(record.get(), making);
          return backend.find(volumeId).orElseThrow(() -> lost(record.get()));
        }
        found = begin(making, record.orElse(null));
      } else {
        checkSame(found.record(), making);
      }
      population = found;
    }
    Optional<Population.Outcome> outcome = population.await(patience);
    if (outcome.isEmpty()) {
      throw Refusal.pending(population.progress());
    }
    return switch (outcome.get()) {
      case Population.Outcome.Ready(BackendVolume volume) -> volume;
      case Population.Outcome.Abandoned() ->
          throw Refusal.pending(
              "The making of " + population.record().what() + " was stopped; ask again");
      case Population.Outcome.Failed(VolumeRecord.Failure failure) -> {
        if (!Context.current().isCancelled()) {
          forgetFailure(volumeId);
        }
        throw failure.toRefusal();
      }
    };
  }

  /** The work for a name that has no volume; an unfinished record of it may exist. */
  private Population begin(Making making, @Nullable VolumeRecord unfinished) {
    if (closed) {
      throw Refusal.pending("The driver is stopping; ask again");
    }
    String volumeId = making.volumeId();
    if (unfinished == null) {
      checkNotTaken(volumeId);
    } else {
      switch (unfinished.state()) {
        case POPULATING -> {
          checkSame(unfinished, making);
          return populations.launch(unfinished, true);
        }
        case FAILED -> {
          discard(volumeId);
          if (unfinished.failure() != null && making.differenceFrom(unfinished) == null) {
            throw unfinished.failure().toRefusal();
          }
        }
        case DELETING, READY -> discard(volumeId);
      }
    }
    VolumeRecord record = making.begin();
    records.write(record);
    return populations.launch(record, false);
  }

  /** A volume without a record is somebody's data; making the new one would overwrite it. */
  private void checkNotTaken(String volumeId) {
    if (backend.find(volumeId).isPresent()) {
      throw new Refusal(
          Refusal.Reason.FAILED,
          "The storage has a volume "
              + volumeId
              + " without a record; restore its record or delete the volume");
    }
  }

  /**
   * The volume with at least {@code range.getRequiredBytes()}, grown if need be.
   *
   * @throws Refusal {@link Refusal.Reason#OUT_OF_RANGE} when the limit is below its size, {@link
   *     Refusal.Reason#PENDING} while it is copied, for a source must not change then
   */
  BackendVolume grow(
      String volumeId, CapacityRange range, VolumeExpansion expansion, Patience patience) {
    try (var _ = locks.acquire(patience, volumeId)) {
      KnownVolume known = catalogue.require(volumeId);
      long size = Capacity.grown(range, backend, known.volume());
      if (size == known.volume().capacityBytes()) {
        recordSize(known.record(), size); // a kill may have come before it was noted
        return known.volume();
      }
      Set<String> clones = populations.clonesOf(volumeId);
      if (!clones.isEmpty()) {
        throw Refusal.pending(
            "Volume %s is being cloned into %s; it can be expanded when that is done"
                .formatted(volumeId, String.join(", ", clones)));
      }
      BackendVolume grown = expansion.expand(volumeId, size);
      recordSize(known.record(), grown.capacityBytes());
      return grown;
    }
  }

  private void recordSize(@Nullable VolumeRecord record, long bytes) {
    if (record != null && record.capacityBytes() != bytes) {
      records.write(record.grown(bytes));
    }
  }

  /** Deletes the volume, stopping its making first. An id that is no volume's is no error. */
  void delete(String volumeId, Patience patience) {
    if (VolumeIds.wellFormed(volumeId) && !VolumeIds.isSnapshot(volumeId)) {
      remove(volumeId, "Volume ", patience);
    }
  }

  /** Deletes the snapshot. An id that is no snapshot's is no error. */
  void deleteSnapshot(String snapshotId, Patience patience) {
    if (VolumeIds.isSnapshot(snapshotId)) {
      remove(snapshotId, "Snapshot ", patience);
    }
  }

  private void remove(String volumeId, String kind, Patience patience) {
    try (var _ = locks.acquire(patience, volumeId)) {
      Set<String> clones = populations.clonesOf(volumeId);
      if (!clones.isEmpty()) {
        throw new Refusal(
            Refusal.Reason.PRECONDITION,
            kind + volumeId + " is being cloned into " + String.join(", ", clones));
      }
      Population population = populations.of(volumeId);
      if (population != null) {
        population.abandon();
      }
      Optional<VolumeRecord> record = readable(volumeId);
      if (record.isPresent() && record.get().state() != State.DELETING) {
        records.write(record.get().deleting());
      }
      if (population != null && !population.awaitEnd(patience)) {
        throw Refusal.pending(kind + volumeId + " is still being made; its making is stopped");
      }
      discard(volumeId);
    }
  }

  /** A damaged record must not keep its volume from being deleted. */
  private Optional<VolumeRecord> readable(String volumeId) {
    try {
      return records.read(volumeId);
    } catch (UncheckedIOException e) {
      log.warn("{}; the volume is deleted all the same", e.getMessage());
      return Optional.empty();
    }
  }

  /**
   * Removes what is left of a volume whose record says that it is to go; of a failed one the record
   * stays, for whoever asks what became of it.
   *
   * @return whether there was something and it is gone
   */
  boolean removeRest(String volumeId) {
    try (var _ = locks.acquire(Patience.of(STOP), volumeId)) {
      Optional<VolumeRecord> record = records.read(volumeId);
      if (record.isEmpty() || populations.of(volumeId) != null) {
        return false;
      }
      return switch (record.get().state()) {
        case DELETING -> {
          discard(volumeId);
          yield true;
        }
        case FAILED -> {
          boolean left = backend.find(volumeId).isPresent();
          backend.delete(volumeId);
          yield left;
        }
        case POPULATING, READY -> false;
      };
    } catch (RuntimeException e) {
      log.warn(
          "What is left of {} could not be removed; a later attempt will: {}",
          volumeId,
          e.getMessage());
      return false;
    }
  }

  /** Whoever was told of the failure has no volume: nothing of it may stay. */
  private void forgetFailure(String volumeId) {
    try (var _ = locks.acquire(Patience.of(TIDY), volumeId)) {
      Optional<VolumeRecord> record = records.read(volumeId);
      if (record.isPresent() && record.get().state() == State.FAILED) {
        discard(volumeId);
      }
    } catch (RuntimeException e) {
      log.warn("The failed volume {} could not be removed; a later call will", volumeId, e);
    }
  }

  private void discard(String volumeId) {
    backend.delete(volumeId);
    records.delete(volumeId);
  }

  private static void checkSame(VolumeRecord record, Making making) {
    String difference = making.differenceFrom(record);
    if (difference != null) {
      throw new Refusal(
          Refusal.Reason.ALREADY_EXISTS,
          "%s of the name %s exists with %s"
              .formatted(record.what(), Refusal.shown(making.name()), difference));
    }
  }

  private static Refusal lost(VolumeRecord record) {
    return new Refusal(
        Refusal.Reason.FAILED,
        record.what() + " is on record, but the storage does not have it any more");
  }

  /** Stops all work; the next start takes it up again. */
  @Override
  public void close() {
    closed = true;
    populations.close();
  }
}
