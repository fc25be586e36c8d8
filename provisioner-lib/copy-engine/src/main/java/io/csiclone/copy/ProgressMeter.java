package io.csiclone.copy;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells a listener of progress, not too often. Used by one thread at a time. */
final class ProgressMeter {

  private static final Logger LOG = LoggerFactory.getLogger(ProgressMeter.class);
  private static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private final LongSupplier clock;
  private CopyListener listener;
  private long last;

  ProgressMeter(CopyListener listener, LongSupplier clock) {
    this.listener = listener;
    this.clock = clock;
    this.last = clock.getAsLong();
  }

  /** Before the last fsync: the final figure is kept back, since not all is on the medium. */
  void at(long done, long total) {
    long now = clock.getAsLong();
    if (now - last >= INTERVAL_NANOS && done < total) {
      last = now;
      tell(done, total);
    }
  }

  void finished(long total) {
    tell(total, total);
  }

  private void tell(long done, long total) {
    try {
      listener.progress(done, total);
    } catch (RuntimeException e) {
      LOG.warn("A copy's progress listener failed and is not called again", e);
      listener = CopyListener.none();
    }
  }
}
