package io.csiclone.copy;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How many bytes of all copies are under way to the medium: in buffers, or in the page cache not
 * yet written back.
 */
final class InFlight {

  private final long threshold;
  private final AtomicLong bytes = new AtomicLong();

  /**
   * @param limit the most bytes under way
   * @param threads how many threads may each start one more step at the same moment
   */
  InFlight(long limit, int threads) {
    long started = threads * Math.max(PooledCopyEngine.BUFFER_BYTES, GranuleCopy.KERNEL_STEP);
    this.threshold = Math.max(1, limit - started);
  }

  /** Whether another step may be started. */
  boolean hasRoom() {
    return bytes.get() < threshold;
  }

  void add(long count) {
    bytes.addAndGet(count);
  }

  void remove(long count) {
    bytes.addAndGet(-count);
  }

  long bytes() {
    return bytes.get();
  }

  /** A fair share of it for one of so many. */
  long share(int of) {
    return Math.max(1 << 20, threshold / (2L * of));
  }
}
