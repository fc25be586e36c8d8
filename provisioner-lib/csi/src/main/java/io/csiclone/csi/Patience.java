package io.csiclone.csi;

import io.grpc.Context;
import io.grpc.Deadline;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** How long a call may still wait before it must answer. */
final class Patience {

  /** Left for the answer to travel before the caller's deadline strikes. */
  private static final long MARGIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** Who sets no deadline has said that it waits, and may take ABORTED for a failure. */
  private static final long UNHURRIED_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final long endNanos;

  private Patience(long nanos) {
    this.endNanos = System.nanoTime() + Math.max(0, nanos);
  }

  /**
   * At most {@code most}, and less when the deadline of the current call is nearer; a minute for a
   * call without one.
   */
  static Patience ofCall(Duration most) {
    Deadline deadline = Context.current().getDeadline();
    long nanos = most.toNanos();
    return new Patience(
        deadline == null
            ? Math.max(nanos, UNHURRIED_NANOS)
            : Math.min(nanos, deadline.timeRemaining(TimeUnit.NANOSECONDS) - MARGIN_NANOS));
  }

  static Patience of(Duration most) {
    return new Patience(most.toNanos());
  }

  /** Never negative. */
  long nanosLeft() {
    return Math.max(0, endNanos - System.nanoTime());
  }
}
