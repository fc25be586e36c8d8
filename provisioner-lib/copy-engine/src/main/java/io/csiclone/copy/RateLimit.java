package io.csiclone.copy;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Says how long to wait so that no more than so many bytes move in a second. Time lost to others is
 * made up for, but not more than a quarter of a second or one step of it. Shared by the threads of
 * one copy.
 */
final class RateLimit {

  private static final long CREDIT_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
  private static final int STEPS_PER_SECOND = 20;

  private final long bytesPerSecond;
  private final LongSupplier clock;
  private final int sharers;

  /** When the bytes moved so far are paid for. */
  private long paidAt;

  /**
   * @param sharers how many threads may each take a step at the same moment
   */
  RateLimit(long bytesPerSecond, int sharers, LongSupplier clock) {
    this.bytesPerSecond = bytesPerSecond;
    this.sharers = sharers;
    this.clock = clock;
    this.paidAt = clock.getAsLong();
  }

  boolean unlimited() {
    return bytesPerSecond == Long.MAX_VALUE;
  }

  /** The most bytes to move at once, a multiple of the digest's block, so that waits stay short. */
  long step() {
    long step = bytesPerSecond / STEPS_PER_SECOND / sharers;
    return Math.max(BlockDigest.BLOCK, step - step % BlockDigest.BLOCK);
  }

  synchronized void moved(long bytes) {
    if (unlimited() || bytes == 0) {
      return;
    }
    long earliest = clock.getAsLong() - Math.max(CREDIT_NANOS, nanos(step()));
    paidAt = paidAt - earliest < 0 ? earliest : paidAt;
    paidAt += nanos(bytes);
  }

  private long nanos(long bytes) {
    return (long) ((double) bytes / bytesPerSecond * TimeUnit.SECONDS.toNanos(1));
  }

  /** Nanoseconds until more may move; 0 for at once. */
  synchronized long delay() {
    return unlimited() ? 0 : Math.max(0, paidAt - clock.getAsLong());
  }
}
