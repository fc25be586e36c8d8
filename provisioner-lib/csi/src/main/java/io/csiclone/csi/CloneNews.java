package io.csiclone.csi;

import io.csiclone.copy.CopyListener;
import io.csiclone.copy.CopyMethod;
import io.csiclone.copy.CopyProgress;
import io.csiclone.copy.CopyReport;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the listener of one clone. Nothing is told of a volume that is made of nothing. */
final class CloneNews implements CopyListener {

  private static final Logger log = LoggerFactory.getLogger(CloneNews.class);

  private final CloneListener listener;
  private final String volumeId;
  private final @Nullable ContentSource source;
  private final long beganNanos = System.nanoTime();
  private volatile long done;
  private volatile boolean waiting;
  private @Nullable CopyReport report;

  CloneNews(CloneListener listener, VolumeRecord record) {
    this.listener = listener;
    this.volumeId = record.volumeId();
    this.source = record.request().source();
  }

  void begun(boolean resumed) {
    if (source != null) {
      tell(new CloneEvent.Begun(volumeId, source.id(), resumed));
    }
  }

  void waiting() {
    waiting = true;
    if (source != null) {
      tell(new CloneEvent.Waiting(volumeId, source.id()));
    }
  }

  void copying() {
    waiting = false;
  }

  @Override
  public void progress(long bytes, long total) {
    progress(new CopyProgress(bytes, total, 0, Optional.empty()));
  }

  @Override
  public void progress(CopyProgress progress) {
    done = progress.done();
    if (source != null) {
      tell(
          new CloneEvent.Copying(
              volumeId,
              source.id(),
              progress.done(),
              progress.total(),
              progress.bytesPerSecond(),
              progress.left(),
              progress.method()));
    }
  }

  void copied(CopyReport copy) {
    report = copy;
  }

  void ended(Population.Outcome outcome) {
    if (source == null) {
      return;
    }
    Duration took = Duration.ofNanos(System.nanoTime() - beganNanos);
    tell(
        switch (outcome) {
          case Population.Outcome.Ready _ ->
              new CloneEvent.Made(volumeId, source.id(), method(), moved(), took);
          case Population.Outcome.Failed(VolumeRecord.Failure failure) ->
              new CloneEvent.Failed(
                  volumeId,
                  source.id(),
                  StatusTable.code(failure.reason()),
                  failure.message(),
                  took);
          case Population.Outcome.Abandoned _ -> new CloneEvent.Stopped(volumeId, source.id());
        });
  }

  private Optional<CopyMethod> method() {
    return report == null ? Optional.empty() : Optional.of(report.method());
  }

  private long moved() {
    return report == null ? 0 : report.written();
  }

  /** How far it is, for a caller who has to come back. */
  String soFar(long total) {
    return waiting
        ? "it waits until other copies have ended"
        : "%d of %d bytes so far".formatted(done, total);
  }

  private void tell(CloneEvent event) {
    try {
      listener.told(event);
    } catch (RuntimeException e) {
      log.warn("The clone listener failed on {}", event, e);
    }
  }
}
