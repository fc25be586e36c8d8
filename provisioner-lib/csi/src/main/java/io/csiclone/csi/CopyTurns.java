package io.csiclone.csi;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** Who may copy now, within the {@link CopyLimits}. */
final class CopyTurns {

  private final CopyLimits limits;
  private final List<Turn> waiting = new ArrayList<>();
  private final Map<String, Integer> running = new HashMap<>();
  private int copies;

  CopyTurns(CopyLimits limits) {
    this.limits = limits;
  }

  /** A place in the queue, and then the right to copy until it is closed. */
  final class Turn implements AutoCloseable {
    private final String sourceId;
    private final CountDownLatch come = new CountDownLatch(1);

    private Turn(String sourceId) {
      this.sourceId = sourceId;
    }

    /** Whether it has come. */
    boolean hasCome() {
      return come.getCount() == 0;
    }

    void await() throws InterruptedException {
      come.await();
    }

    @Override
    public void close() {
      leave(this);
    }
  }

  /** Queues for a copy of that source. */
  Turn queue(String sourceId) {
    Turn turn = new Turn(sourceId);
    synchronized (this) {
      waiting.add(turn);
      admit();
    }
    return turn;
  }

  private synchronized void leave(Turn turn) {
    if (!waiting.remove(turn)) {
      copies--;
      running.computeIfPresent(turn.sourceId, (id, count) -> count == 1 ? null : count - 1);
    }
    admit();
  }

  /** In the order they came, passing over those whose source has its share already. */
  private void admit() {
    Iterator<Turn> queue = waiting.iterator();
    while (copies < limits.atOnce() && queue.hasNext()) {
      Turn next = queue.next();
      if (running.getOrDefault(next.sourceId, 0) < limits.ofOneSource()) {
        queue.remove();
        copies++;
        running.merge(next.sourceId, 1, Integer::sum);
        next.come.countDown();
      }
    }
  }
}
