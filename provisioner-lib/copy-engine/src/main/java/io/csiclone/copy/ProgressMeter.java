package io.csiclone.copy;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells a listener of progress, not too often, in one call at a time. */
final class ProgressMeter {

  private static final Logger LOG = LoggerFactory.getLogger(ProgressMeter.class);
  private static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  /** Over how long the rate is averaged, older times counting less and less. */
  private static final double MEMORY_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final ReentrantLock telling = new ReentrantLock();
  private final Supplier<Optional<CopyMethod>> method;
  private final LongSupplier clock;
  private final long begun;
  private CopyListener listener;
  private long last;
  private long lastDone;
  private double bytesPerNano;

  /**
   * @param method what the copy has gone by so far
   */
  ProgressMeter(CopyListener listener, Supplier<Optional<CopyMethod>> method, LongSupplier clock) {
    this.listener = listener;
    this.method = method;
    this.clock = clock;
    this.begun = clock.getAsLong();
    this.last = begun;
  }

  /** What was there before this copy began counts for no rate. */
  void startAt(long done) {
    lastDone = done;
  }

  /** Before the last fsync: the final figure is kept back, since not all is on the medium. */
  void at(long done, long total) {
    if (!telling.tryLock()) {
      return; // Another thread is telling just now.
    }
    try {
      long now = clock.getAsLong();
      if (now - last >= INTERVAL_NANOS && done < total && done >= lastDone) {
        tell(now, done, total);
      }
    } finally {
      telling.unlock();
    }
  }

  void finished(long total) {
    telling.lock();
    try {
      tell(clock.getAsLong(), total, total);
    } finally {
      telling.unlock();
    }
  }

  private void tell(long now, long done, long total) {
    long passed = Math.max(1, now - last);
    double current = (done - lastDone) / (double) passed;
    boolean first = last == begun;
    double weight = first ? 1 : 1 - Math.exp(-passed / MEMORY_NANOS);
    bytesPerNano += weight * (current - bytesPerNano);
    last = now;
    lastDone = done;
    Optional<Duration> left =
        bytesPerNano > 0
            ? Optional.of(Duration.ofNanos((long) ((total - done) / bytesPerNano)))
            : Optional.empty();
    long rate = (long) (bytesPerNano * TimeUnit.SECONDS.toNanos(1));
    try {
      listener.progress(new CopyProgress(done, total, rate, left, method.get()));
    } catch (RuntimeException e) {
      LOG.warn("A copy's progress listener failed and is not called again", e);
      listener = CopyListener.none();
    } finally {
      // An interrupt that the listener left behind would close the journal's channel.
      boolean ignored = Thread.interrupted();
    }
  }
}
