package io.csiclone.csi;

import io.csiclone.copy.CopyEngine;
import io.csiclone.csi.VolumeRecord.State;
import io.grpc.Context;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
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
  private final Placement placement;
  private final VolumeLocks locks;
  private final RunningPopulations populations;
  private volatile boolean closed;

  CloneCoordinator(
      VolumeBackend backend,
      CopyEngine copyEngine,
      RecordStore records,
      Placement placement,
      VolumeLocks locks) {
    this.backend = backend;
    this.populations = new RunningPopulations(backend, copyEngine, records);
    this.records = records;
    this.placement = placement;
    this.locks = locks;
  }

  /** Takes up what an earlier process left unfinished. Call once, before the first request. */
  void resume() {
    for (VolumeRecord record : records.list()) {
      switch (record.state()) {
        case POPULATING -> populations.launch(record, true);
        case DELETING ->
            Thread.ofVirtual()
                .name("delete-" + record.volumeId())
                .start(() -> finishDeletion(record.volumeId()));
        case READY, FAILED -> {}
      }
    }
  }

  /**
   * The volume of that name, made if need be.
   *
   * @throws Refusal when it cannot be, or {@link Refusal.Reason#PENDING} when it is not ready yet
   */
  BackendVolume create(CreateRequest request, Patience patience) {
    String volumeId = VolumeIds.forName(request.name());
    Population population;
    try (var _ = locks.acquire(patience, involved(volumeId, request.sourceVolumeId()))) {
      Population found = populations.of(volumeId);
      if (found == null) {
        Optional<VolumeRecord> record = records.read(volumeId);
        if (record.isPresent() && record.get().state() == State.READY) {
          checkSame(record.get(), request);
          return backend.find(volumeId).orElseThrow(() -> lost(volumeId));
        }
        found = begin(volumeId, request, record.orElse(null));
      } else {
        checkSame(found.record(), request);
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
          throw Refusal.pending("The making of volume " + volumeId + " was stopped; ask again");
      case Population.Outcome.Failed(VolumeRecord.Failure failure) -> {
        if (!Context.current().isCancelled()) {
          forgetFailure(volumeId);
        }
        throw failure.toRefusal();
      }
    };
  }

  /** The work for a name that has no volume; an unfinished record of it may exist. */
  private Population begin(
      String volumeId, CreateRequest request, @Nullable VolumeRecord unfinished) {
    if (closed) {
      throw Refusal.pending("The driver is stopping; ask again");
    }
    if (unfinished == null) {
      checkNotTaken(volumeId);
    } else {
      switch (unfinished.state()) {
        case POPULATING -> {
          checkSame(unfinished, request);
          return populations.launch(unfinished, true);
        }
        case FAILED -> {
          discard(volumeId);
          if (unfinished.failure() != null && differenceOf(unfinished, request) == null) {
            throw unfinished.failure().toRefusal();
          }
        }
        case DELETING, READY -> discard(volumeId);
      }
    }
    if (!placement.suits(request.requisite())) {
      throw new Refusal(
          Refusal.Reason.EXHAUSTED,
          "accessibility_requirements.requisite excludes "
              + placement.segments()
              + ", the only place where this driver instance makes volumes");
    }
    BackendVolume source = sourceOf(request);
    long capacity = Capacity.choose(request, backend, source);
    VolumeRecord record = VolumeRecord.populating(volumeId, request, capacity);
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

  /** The checked source of a new clone, or null for an empty volume. Its lock is held. */
  private @Nullable BackendVolume sourceOf(CreateRequest request) {
    String sourceId = request.sourceVolumeId();
    if (sourceId == null) {
      return null;
    }
    KnownVolume source = require(sourceId);
    AccessType sourceType = source.accessType();
    AccessType type = request.capabilities().accessType();
    if (sourceType != null && sourceType != type) {
      throw Refusal.invalid(
          "volume_capabilities",
          "ask for %s, but the source volume %s is %s".formatted(type, sourceId, sourceType));
    }
    return source.volume();
  }

  /**
   * A volume that is complete.
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
    if (!VolumeIds.wellFormed(volumeId)) {
      throw Refusal.unknownVolume(volumeId);
    }
    @Nullable VolumeRecord record = records.read(volumeId).orElse(null);
    if (record != null) {
      switch (record.state()) {
        case POPULATING -> throw Refusal.pending("Volume " + volumeId + " is still being made");
        case FAILED, DELETING -> throw Refusal.unknownVolume(volumeId);
        case READY -> {}
      }
    }
    BackendVolume volume =
        backend.find(volumeId).orElseThrow(() -> Refusal.unknownVolume(volumeId));
    return new KnownVolume(volume, record);
  }

  /** Deletes the volume, stopping its making first. An id that is no volume's is no error. */
  void delete(String volumeId, Patience patience) {
    if (!VolumeIds.wellFormed(volumeId)) {
      return;
    }
    try (var _ = locks.acquire(patience, volumeId)) {
      Set<String> clones = populations.clonesOf(volumeId);
      if (!clones.isEmpty()) {
        throw new Refusal(
            Refusal.Reason.PRECONDITION,
            "Volume " + volumeId + " is being cloned into " + String.join(", ", clones));
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
        throw Refusal.pending("Volume " + volumeId + " is still being made; its making is stopped");
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

  private void finishDeletion(String volumeId) {
    try (var _ = locks.acquire(Patience.of(STOP), volumeId)) {
      Optional<VolumeRecord> record = records.read(volumeId);
      if (record.isPresent() && record.get().state() == State.DELETING) {
        discard(volumeId);
      }
    } catch (RuntimeException e) {
      log.warn("The deletion of volume {} could not be finished; a later call will", volumeId, e);
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

  private void checkSame(VolumeRecord record, CreateRequest request) {
    String difference = differenceOf(record, request);
    if (difference != null) {
      throw new Refusal(
          Refusal.Reason.ALREADY_EXISTS,
          "Volume %s of the name %s exists with %s"
              .formatted(record.volumeId(), Refusal.shown(request.name()), difference));
    }
  }

  private @Nullable String differenceOf(VolumeRecord record, CreateRequest request) {
    return placement.suits(request.requisite())
        ? record.request().conflictWith(request, record.capacityBytes())
        : "another topology (" + placement.segments() + ")";
  }

  private static Refusal lost(String volumeId) {
    return new Refusal(
        Refusal.Reason.FAILED,
        "Volume " + volumeId + " is on record, but the storage does not have it any more");
  }

  private static List<String> involved(String volumeId, @Nullable String sourceId) {
    return sourceId != null && VolumeIds.wellFormed(sourceId)
        ? List.of(volumeId, sourceId)
        : List.of(volumeId);
  }

  /** Stops all work; the next start takes it up again. */
  @Override
  public void close() {
    closed = true;
    populations.close();
  }
}
