package io.csiclone.provisioner;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keys to be worked on: each by one virtual thread at a time, a bounded number of them at once,
 * each with its own back-off. A key that waits for its retry holds no thread and delays no other.
 */
final class WorkQueue<K> implements AutoCloseable {

  /** What becomes of a key after its turn. */
  sealed interface Outcome {
    /** Nothing left to do until it is offered again. */
    record Done() implements Outcome {}

    /** Once more after this time, which is not a failure. */
    record RetryIn(Duration delay) implements Outcome {}

    /** A failure: once more after a time that doubles with each in a row. */
    record BackOff() implements Outcome {}

    Outcome DONE = new Done();

    /** Once more in a moment: what was changed since it was read, the cache will show by then. */
    Outcome SOON = new RetryIn(Duration.ofMillis(100));

    Outcome BACK_OFF = new BackOff();
  }

  private static final Logger LOG = LoggerFactory.getLogger(WorkQueue.class);
  private static final Duration STOP_WITHIN = Duration.ofSeconds(5);

  private final String name;
  private final Retry retry;
  private final QueueMetrics metrics;
  private final Function<K, Outcome> work;
  private final Semaphore permits;
  private final ExecutorService workers;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Map<K, Item> items = new HashMap<>();
  private final PriorityQueue<Turn<K>> turns = new PriorityQueue<>();
  private long sequence;
  private boolean stopped;
  private @Nullable AutoCloseable shown;

  private static final class Item {
    /** The turn that counts; older ones in the heap are void. 0 while running. */
    private long turn;

    private boolean running;
    private boolean retrying;
    private boolean offered;
    private boolean hastened;
    private int failures;
  }

  private record Turn<K>(K key, long dueNanos, long sequence) implements Comparable<Turn<K>> {
    @Override
    public int compareTo(Turn<K> other) {
      // nanoTime may wrap, so differences are compared.
      int byTime = Long.signum(dueNanos - other.dueNanos);
      return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
    }
  }

  /** The delay after the first failure and the longest one. */
  record Retry(Duration first, Duration longest) {
    Duration after(int failures) {
      double doubled = (double) first.toNanos() * Math.pow(2, Math.min(failures - 1, 40));
      double capped = Math.min(doubled, (double) longest.toNanos());
      // Jitter keeps a thousand claims that failed together from coming back together.
      return Duration.ofNanos((long) (capped * ThreadLocalRandom.current().nextDouble(0.8, 1.0)));
    }
  }

  WorkQueue(
      String name,
      int concurrency,
      Retry retry,
      ProvisionerMetrics metrics,
      Function<K, Outcome> work) {
    this.name = name;
    this.retry = retry;
    this.metrics = metrics.queue(name);
    this.work = work;
    this.permits = new Semaphore(concurrency);
    this.workers =
        Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("csi-clone-" + name + "-", 0).factory());
  }

  void start() {
    lock.lock();
    try {
      if (!stopped) {
        shown = metrics.depth(this::due);
      }
    } finally {
      lock.unlock();
    }
    workers.execute(this::dispatch);
  }

  /** How many keys could have their turn now. */
  private int due() {
    lock.lock();
    try {
      long now = System.nanoTime();
      return (int)
          turns.stream()
              .filter(turn -> turn.dueNanos() - now <= 0 && counts(turn, items.get(turn.key())))
              .count();
    } finally {
      lock.unlock();
    }
  }

  private boolean counts(Turn<K> turn, @Nullable Item item) {
    return item != null && item.turn == turn.sequence();
  }

  /** Something about {@code key} changed: its turn is now, unless it already waits for a retry. */
  void offer(K key) {
    put(key, false);
  }

  /** Something changed that a retry must not wait for: its turn is now in any case. */
  void hasten(K key) {
    put(key, true);
  }

  private void put(K key, boolean hasten) {
    lock.lock();
    try {
      if (stopped) {
        return;
      }
      Item item = items.get(key);
      if (item == null) {
        Item added = new Item();
        items.put(key, added);
        schedule(key, added, Duration.ZERO);
      } else if (item.running) {
        item.offered = true;
        item.hastened |= hasten;
      } else if (hasten && item.retrying) {
        item.retrying = false;
        schedule(key, item, Duration.ZERO);
      }
    } finally {
      lock.unlock();
    }
  }

  private void schedule(K key, Item item, Duration delay) {
    item.turn = ++sequence;
    turns.add(new Turn<>(key, System.nanoTime() + delay.toNanos(), sequence));
    metrics.added();
    changed.signalAll();
  }

  private void dispatch() {
    try {
      while (true) {
        permits.acquire();
        K key = next();
        if (key == null) {
          return;
        }
        workers.execute(() -> run(key));
      }
    } catch (InterruptedException | RejectedExecutionException stop) {
      LOG.debug("{}: stopped", name);
    }
  }

  /** The next key that is due, as soon as one is; null when stopped. */
  private @Nullable K next() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (!stopped) {
        Turn<K> turn = turns.peek();
        if (turn == null) {
          changed.await();
          continue;
        }
        Item item = items.get(turn.key());
        if (item == null || !counts(turn, item)) {
          turns.poll();
          continue;
        }
        long wait = turn.dueNanos() - System.nanoTime();
        if (wait > 0) {
          changed.awaitNanos(wait);
          continue;
        }
        turns.poll();
        metrics.begun(Duration.ofNanos(-wait));
        item.turn = 0;
        item.running = true;
        item.retrying = false;
        item.offered = false;
        item.hastened = false;
        return turn.key();
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  private void run(K key) {
    Outcome outcome = Outcome.BACK_OFF;
    long begun = System.nanoTime();
    try {
      outcome = work.apply(key);
    } catch (RuntimeException e) {
      if (!isStopped()) {
        LOG.warn("{} {}: {}; will be tried again", name, key, e.toString());
        LOG.debug("{} {}", name, key, e);
      }
    } finally {
      permits.release();
      metrics.ended(Duration.ofNanos(System.nanoTime() - begun));
      settle(key, outcome);
    }
  }

  private void settle(K key, Outcome outcome) {
    lock.lock();
    try {
      Item item = items.get(key);
      if (item == null) {
        return;
      }
      item.running = false;
      switch (outcome) {
        case Outcome.Done() -> {
          item.failures = 0;
          if (item.offered) {
            schedule(key, item, Duration.ZERO);
          } else {
            items.remove(key);
          }
        }
        case Outcome.RetryIn(Duration delay) -> again(key, item, delay);
        case Outcome.BackOff() -> again(key, item, retry.after(++item.failures));
      }
    } finally {
      lock.unlock();
    }
  }

  private void again(K key, Item item, Duration delay) {
    if (delay.isPositive()) {
      metrics.retried();
    }
    item.retrying = !item.hastened;
    schedule(key, item, item.hastened ? Duration.ZERO : delay);
  }

  private boolean isStopped() {
    lock.lock();
    try {
      return stopped;
    } finally {
      lock.unlock();
    }
  }

  /** Interrupts what runs and waits for it, some seconds at most. */
  @Override
  public void close() {
    lock.lock();
    try {
      stopped = true;
      ProvisionerMetrics.hide(shown);
      shown = null;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    workers.shutdownNow();
    try {
      if (!workers.awaitTermination(STOP_WITHIN.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("{}: work did not stop within {}", name, STOP_WITHIN);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
