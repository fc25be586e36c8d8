package io.csiclone.provisioner;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * For how long a node's provisioner lets others take a claim that any node may take. It is drawn
 * from a window that grows as others turn out to have tried at the same moment, so that of a
 * hundred nodes two or three do. The claim does not wait for it: the more nodes draw, the sooner
 * the first of them is there.
 */
final class ClaimDelay {

  private static final Duration LONGEST = Duration.ofSeconds(10);

  /** So small a part of the window goes with each claim that was seen to be taken in time. */
  private static final int PARTS = 64;

  private final long shortestNanos;
  private final AtomicLong windowNanos;

  /**
   * A window that has never been too short.
   *
   * @param shortest how long it is then
   */
  ClaimDelay(Duration shortest) {
    shortestNanos = shortest.toNanos();
    windowNanos = new AtomicLong(shortestNanos);
  }

  Duration next() {
    return Duration.ofNanos(ThreadLocalRandom.current().nextLong(windowNanos.get() + 1));
  }

  Duration window() {
    return Duration.ofNanos(windowNanos.get());
  }

  /** Another wrote to the claim in the same moment. */
  void lost() {
    long longest = Math.max(shortestNanos, LONGEST.toNanos());
    windowNanos.updateAndGet(window -> Math.min(2 * window, longest));
  }

  /** Another had taken the claim before this one tried. */
  void seen() {
    windowNanos.updateAndGet(window -> Math.max(window - window / PARTS, shortestNanos));
  }
}
