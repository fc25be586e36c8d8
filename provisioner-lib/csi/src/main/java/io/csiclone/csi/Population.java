package io.csiclone.csi;

import io.csiclone.copy.CopyException;
import io.csiclone.copy.CopyFailure;
import io.csiclone.copy.CopyJournal;
import io.csiclone.copy.CopyMethod;
import io.csiclone.copy.CopyOptions;
import io.csiclone.copy.CopyReport;
import java.nio.file.Files;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The making of one volume, in the background. It begins with the record in state populating and
 * ends by writing it ready or failed, unless it was abandoned: then the record is left alone.
 */
final class Population {

  private static final Logger log = LoggerFactory.getLogger(Population.class);

  /** How a population ended. */
  sealed interface Outcome {
    record Ready(BackendVolume volume) implements Outcome {}

    record Failed(VolumeRecord.Failure failure) implements Outcome {}

    /** Stopped from outside; whoever stopped it cleans up. */
    record Abandoned() implements Outcome {}
  }

  private final VolumeRecord record;
  private final boolean resumed;
  private final VolumeBackend backend;
  private final Means means;
  private final RecordStore records;
  private final CloneNews news;
  private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread thread;
  private boolean abandoned;

  /**
   * @param resumed whether an earlier process may have left half a volume
   * @param whenEnded called once, after the record is written and before anyone learns the outcome
   */
  Population(VolumeRecord record, boolean resumed, Means means, Consumer<Population> whenEnded) {
    this.record = record;
    this.resumed = resumed;
    this.means = means;
    this.backend = means.backend();
    this.records = means.records();
    this.news = new CloneNews(means.listener(), record);
    this.thread =
        Thread.ofVirtual().name("populate-" + record.volumeId()).unstarted(() -> run(whenEnded));
  }

  VolumeRecord record() {
    return record;
  }

  void start() {
    thread.start();
  }

  /** The outcome, or empty when there is none yet. */
  Optional<Outcome> await(Patience patience) {
    try {
      return Optional.of(outcome.get(patience.nanosLeft(), TimeUnit.NANOSECONDS));
    } catch (TimeoutException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    } catch (ExecutionException e) {
      throw new IllegalStateException("The outcome is a value, never an exception", e);
    }
  }

  /** Stops the work; from now on this population writes no record. */
  void abandon() {
    synchronized (this) {
      abandoned = true;
    }
    thread.interrupt();
  }

  /** Whether the work has stopped touching the storage. */
  boolean awaitEnd(Patience patience) {
    try {
      return ended.await(patience.nanosLeft(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** What to tell a caller who has to come back. */
  String progress() {
    ContentSource source = record.request().source();
    if (source == null) {
      return record.what() + " is still being made";
    }
    return "%s is still being cloned from %s: %s"
        .formatted(record.what(), source.id(), news.soFar(record.capacityBytes()));
  }

  private void run(Consumer<Population> whenEnded) {
    Outcome result = new Outcome.Abandoned();
    news.begun(resumed);
    try {
      result = populate();
    } finally {
      whenEnded.accept(this);
      news.ended(result);
      ended.countDown();
      outcome.complete(result);
    }
  }

  private Outcome populate() {
    try {
      Optional<BackendVolume> half = resumed ? halfCopied() : Optional.empty();
      if (resumed && half.isEmpty()) {
        discard();
      }
      Instant began = Instant.now();
      BackendVolume volume = half.isPresent() ? goOn(half.get()) : make();
      if (volume.capacityBytes() < record.capacityBytes()) {
        throw new BackendException(
            BackendException.Reason.FAILED,
            "The storage made volume %s with %d bytes instead of %d"
                .formatted(volume.volumeId(), volume.capacityBytes(), record.capacityBytes()));
      }
      return conclude(record.ready(volume.capacityBytes(), began), new Outcome.Ready(volume));
    } catch (InterruptedException | RuntimeException | Error e) {
      return failed(e);
    }
  }

  /** What an earlier process has copied in part; its journal tells which part. */
  private Optional<BackendVolume> halfCopied() {
    return Files.exists(records.journal(record.volumeId()))
        ? backend
            .find(record.volumeId())
            .filter(volume -> volume.capacityBytes() >= record.capacityBytes())
        : Optional.empty();
  }

  private BackendVolume goOn(BackendVolume half) throws InterruptedException {
    ContentSource source = record.request().source();
    if (source == null) {
      throw new IllegalStateException("a volume without a source has a copy journal");
    }
    try {
      copy(source.id(), spec());
      return half;
    } catch (CopyException e) {
      if (e.failure() != CopyFailure.SOURCE_NOT_THE_SAME
          && e.failure() != CopyFailure.JOURNAL_UNUSABLE) {
        throw e;
      }
      log.info("Volume {} is copied from the start: {}", record.volumeId(), e.getMessage());
      discard();
      return make();
    }
  }

  private void discard() {
    records.deleteJournal(record.volumeId());
    backend.delete(record.volumeId());
  }

  private VolumeSpec spec() {
    CreateRequest request = record.request();
    return new VolumeSpec(
        record.volumeId(),
        record.capacityBytes(),
        request.capabilities().accessType(),
        request.capabilities().fsType(),
        request.parameters());
  }

  private BackendVolume make() throws InterruptedException {
    ContentSource source = record.request().source();
    return source == null ? backend.create(spec()) : clone(source.id(), spec());
  }

  private BackendVolume clone(String sourceId, VolumeSpec spec) throws InterruptedException {
    BackendVolume source =
        backend.find(sourceId).orElseThrow(() -> Refusal.unknownVolume(sourceId));
    Optional<BackendVolume> cloned = backend.cloneNatively(source, spec);
    if (cloned.isPresent()) {
      return cloned.get();
    }
    BackendVolume empty = backend.create(spec);
    copy(sourceId, spec);
    return empty;
  }

  private void copy(String sourceId, VolumeSpec spec) throws InterruptedException {
    CopyReport report;
    try (CopyTurns.Turn turn = means.turns().queue(sourceId)) {
      if (!turn.hasCome()) {
        news.waiting();
        turn.await();
      }
      news.copying();
      backend.quiesce(sourceId);
      report =
          means
              .copyEngine()
              .copy(
                  backend.endpoint(sourceId),
                  backend.endpoint(record.volumeId()),
                  new CopyOptions(CopyMethod.REFLINK)
                      .verified(backend.verification(spec))
                      .resumable(CopyJournal.at(records.journal(record.volumeId()))),
                  news);
    }
    news.copied(report);
    if (report.resumed() > 0) {
      log.info("Volume {} was resumed at {} bytes", record.volumeId(), report.resumed());
    }
  }

  private Outcome failed(Throwable thrown) {
    if (isAbandoned()) {
      return new Outcome.Abandoned();
    }
    String operation = "Making volume " + record.volumeId();
    Refusal refusal = StatusTable.refusal(thrown, operation);
    if (refusal.reason() == Refusal.Reason.PENDING) {
      // Not a failure: the copy engine was closed first. The record still says populating.
      return new Outcome.Abandoned();
    }
    log.warn(
        "{} failed: {}",
        operation,
        refusal.getMessage(),
        StatusTable.unexpected(thrown) ? thrown : null);
    try {
      discard();
    } catch (RuntimeException e) {
      // The record stays, so the next call for this volume tries again.
      log.warn("What was made of volume {} could not be removed", record.volumeId(), e);
    }
    VolumeRecord failed = record.failed(refusal);
    VolumeRecord.Failure failure =
        new VolumeRecord.Failure(refusal.reason(), String.valueOf(refusal.getMessage()));
    try {
      return conclude(failed, new Outcome.Failed(failure));
    } catch (RuntimeException e) {
      // Then the record still says populating and the next call starts over.
      log.error("The failure of volume {} could not be recorded", record.volumeId(), e);
      return new Outcome.Failed(failure);
    }
  }

  private synchronized Outcome conclude(VolumeRecord last, Outcome result) {
    if (abandoned) {
      return new Outcome.Abandoned();
    }
    records.write(last);
    return result;
  }

  private synchronized boolean isAbandoned() {
    return abandoned;
  }
}
