package io.csiclone.provisioner;

import io.csiclone.provisioner.PendingEvent.Subject;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Events that wait to be written, of each subject the latest only. When there are too many, the one
 * that has waited longest goes: of an object's events that is the least telling.
 */
final class WaitingEvents {

  private final BlockingQueue<Subject> order;
  private final Map<Subject, PendingEvent> latest = new ConcurrentHashMap<>();

  /**
   * An empty one.
   *
   * @param most how many may wait
   */
  WaitingEvents(int most) {
    order = new LinkedBlockingQueue<>(most);
  }

  /** Adds {@code event}; false when another was dropped for it. */
  synchronized boolean add(PendingEvent event) {
    Subject subject = event.subject();
    if (latest.put(subject, event) != null || order.offer(subject)) {
      return true;
    }
    Subject eldest = order.poll();
    if (eldest != null) {
      latest.remove(eldest);
    }
    // Others only take from it.
    order.add(subject);
    return eldest == null;
  }

  /** Takes the next, waiting for one if need be; null when there was none within that time. */
  @Nullable PendingEvent take(Duration within) throws InterruptedException {
    Subject next = order.poll(within.toMillis(), TimeUnit.MILLISECONDS);
    return next == null ? null : latest.remove(next);
  }

  boolean isEmpty() {
    return order.isEmpty();
  }
}
