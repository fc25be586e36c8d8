package io.csiclone.copy;

import java.util.ArrayDeque;
import java.util.Optional;

/**
 * Whose turn it is. Copies get turns in rounds, whatever number of lanes each has, so that none
 * waits longer than the others together need for a turn each.
 */
final class TurnQueue {

  private final ArrayDeque<CopyJob> round = new ArrayDeque<>();
  private boolean closed;

  /** Lets the lane have a turn when it comes up. */
  synchronized void add(Lane lane) {
    if (lane.job().ready().isEmpty()) {
      round.add(lane.job());
    }
    lane.job().ready().add(lane);
    notify();
  }

  /** Waits for a lane to be up; empty when the queue is closed. */
  synchronized Optional<Lane> take() {
    while (true) {
      CopyJob job = round.poll();
      if (job != null) {
        Lane lane = job.ready().remove();
        if (!job.ready().isEmpty()) {
          round.add(job);
        }
        return Optional.of(lane);
      }
      if (closed) {
        return Optional.empty();
      }
      try {
        wait();
      } catch (InterruptedException e) {
        // From a listener that left its thread interrupted; the queue has its own end.
        continue;
      }
    }
  }

  /** Ends those who wait. */
  synchronized void close() {
    closed = true;
    notifyAll();
  }
}
