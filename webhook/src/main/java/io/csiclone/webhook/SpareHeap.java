package io.csiclone.webhook;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;

/**
 * Collects garbage when the caches have been filled, and again whenever the heap has grown since.
 * The serial collector does not look at old objects before the heap has reached its limit, which a
 * large cluster determines: the lists that filled the caches would stay, and so would what each
 * connection leaves behind.
 */
final class SpareHeap implements SmartLifecycle {

  private static final Duration POLL = Duration.ofSeconds(1);
  private static final long LEAST_GROWTH = 4 << 20;

  private final BooleanSupplier filled;
  private final LongSupplier size;
  private final Runnable collection;
  private final Duration poll;
  private @Nullable Thread watching;

  SpareHeap(BooleanSupplier filled) {
    this(filled, Runtime.getRuntime()::totalMemory, System::gc, POLL);
  }

  /**
   * @param size of the heap as far as it has memory, in bytes
   * @param collection of all garbage there is
   */
  SpareHeap(BooleanSupplier filled, LongSupplier size, Runnable collection, Duration poll) {
    this.filled = filled;
    this.size = size;
    this.collection = collection;
    this.poll = poll;
  }

  @Override
  public void start() {
    watching = Thread.ofVirtual().name("spare-heap").start(this::watch);
  }

  private void watch() {
    try {
      while (!filled.getAsBoolean()) {
        Thread.sleep(poll.dividedBy(10));
      }
      while (true) {
        collection.run();
        long needed = size.getAsLong();
        do {
          Thread.sleep(poll);
        } while (size.getAsLong() < needed + Math.max(LEAST_GROWTH, needed / 8));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void stop() {
    if (watching != null) {
      watching.interrupt();
    }
    watching = null;
  }

  @Override
  public boolean isRunning() {
    return watching != null;
  }
}
