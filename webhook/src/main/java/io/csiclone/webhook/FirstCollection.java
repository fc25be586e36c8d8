package io.csiclone.webhook;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;

/**
 * Collects garbage once, when the caches have been filled. The lists that filled them are larger
 * than what is kept of them, and the JVM would rather let the heap grow up to its limit than look
 * for what is left of them.
 */
final class FirstCollection implements SmartLifecycle {

  private static final Duration POLL = Duration.ofMillis(100);

  private final BooleanSupplier filled;
  private @Nullable Thread waiting;

  FirstCollection(BooleanSupplier filled) {
    this.filled = filled;
  }

  @Override
  public void start() {
    waiting = Thread.ofVirtual().name("first-collection").start(this::collectWhenFilled);
  }

  private void collectWhenFilled() {
    try {
      while (!filled.getAsBoolean()) {
        Thread.sleep(POLL);
      }
      System.gc();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void stop() {
    if (waiting != null) {
      waiting.interrupt();
    }
    waiting = null;
  }

  @Override
  public boolean isRunning() {
    return waiting != null;
  }
}
