package io.csiclone.driver;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Turns SIGINT and SIGTERM into an interrupt of the thread that made this, and keeps the process
 * alive until that thread has closed it. The exit code is then the JVM's: 128 and the signal.
 */
final class StopSignal implements AutoCloseable {

  /** Longer than any one system call of a copy takes, a flush of a slow disk included. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread hook;

  private StopSignal(Thread interrupted) {
    hook =
        new Thread(
            () -> {
              interrupted.interrupt();
              try {
                var _ = closed.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "stop");
  }

  static StopSignal interruptThisThread() {
    StopSignal signal = new StopSignal(Thread.currentThread());
    Runtime.getRuntime().addShutdownHook(signal.hook);
    return signal;
  }

  @Override
  public void close() {
    closed.countDown();
    try {
      var _ = Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The signal has come: the hook runs and sees that this is closed.
    }
  }
}
