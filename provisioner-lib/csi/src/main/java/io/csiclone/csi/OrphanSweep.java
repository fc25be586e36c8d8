package io.csiclone.csi;

import io.csiclone.csi.StorageInventory.Trace;
import io.csiclone.csi.VolumeRecord.State;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares what the storage holds with the records, at the start and then every so often. Removes
 * what a record says is to go and tells of all else.
 */
final class OrphanSweep implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(OrphanSweep.class);

  private final VolumeBackend backend;
  private final RecordStore records;
  private final CloneCoordinator coordinator;
  private final Consumer<SweepReport> listener;
  private final Thread thread;
  private @Nullable SweepReport last;

  OrphanSweep(
      VolumeBackend backend,
      RecordStore records,
      CloneCoordinator coordinator,
      Duration every,
      Consumer<SweepReport> listener) {
    this.backend = backend;
    this.records = records;
    this.coordinator = coordinator;
    this.listener = listener;
    this.thread = Thread.ofVirtual().name("orphan-sweep").unstarted(() -> runEvery(every));
  }

  void start() {
    thread.start();
  }

  private void runEvery(Duration pause) {
    try {
      while (true) {
        try {
          run();
        } catch (RuntimeException e) {
          log.warn(
              "Storage and records could not be compared; the next attempt is in {}", pause, e);
        }
        Thread.sleep(pause);
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }

  /** Compares now, and removes what is to go. */
  synchronized SweepReport run() {
    return compare(doomed().stream().filter(coordinator::removeRest).toList());
  }

  /** Compares now and removes nothing. */
  synchronized SweepReport look() {
    return compare(List.of());
  }

  private SweepReport compare(List<String> removed) {
    // What is being made or deleted right now may show in a single look.
    Set<Trace> unexplained = unexplained();
    Set<String> missing = missing();
    if (!unexplained.isEmpty()) {
      unexplained.retainAll(unexplained());
    }
    if (!missing.isEmpty()) {
      missing.retainAll(missing());
    }
    SweepReport report =
        new SweepReport(List.copyOf(unexplained), List.copyOf(missing), removed, doomed());
    tell(report);
    return report;
  }

  /** A failed volume keeps its record, for whoever asks what became of it, when it is gone. */
  private List<String> doomed() {
    return records.list().stream()
        .filter(record ->
            record.state() == State.DELETING
                || record.state() == State.FAILED && backend.find(record.volumeId()).isPresent())
        .map(VolumeRecord::volumeId)
        .toList();
  }

  /** First the storage, then the records: those are there before and until after the volume. */
  private Set<Trace> unexplained() {
    Set<Trace> found = new LinkedHashSet<>();
    if (backend instanceof StorageInventory inventory) {
      found.addAll(inventory.traces());
    }
    found.removeIf(
        trace -> VolumeIds.wellFormed(trace.volumeId()) && records.has(trace.volumeId()));
    return found;
  }

  private Set<String> missing() {
    return records.list().stream()
        .filter(record -> record.state() == State.READY)
        .map(VolumeRecord::volumeId)
        .filter(volumeId -> backend.find(volumeId).isEmpty())
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  private void tell(SweepReport report) {
    report.removed().forEach(id -> log.info("What was left of {} is removed", id));
    // Not the same complaint every time.
    if (!report.equals(last)) {
      report
          .unexplained()
          .forEach(trace ->
              log.warn("No record explains {} {}; it is left alone", trace.kind(), trace.where()));
      report
          .missing()
          .forEach(id -> log.warn("{} is on record, but the storage does not have it", id));
      if (last != null && report.clean()) {
        log.info("Storage and records agree again");
      }
    }
    last = report;
    try {
      listener.accept(report);
    } catch (RuntimeException e) {
      log.warn("The listener of the sweep failed", e);
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
