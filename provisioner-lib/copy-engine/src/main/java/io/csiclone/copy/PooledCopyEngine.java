package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.NativeAccess;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The engine: a queue of copies and a few threads that take turns with them. A copy that has used
 * its turn goes to the end of the queue.
 */
final class PooledCopyEngine implements CopyEngine {

  private static final int BUFFER_BYTES = 1 << 20;

  private final LinkedBlockingQueue<CopyJob> queue = new LinkedBlockingQueue<>();
  private final List<Thread> threads = new ArrayList<>();
  private final LongSupplier clock;

  /** Guards {@link #running} and {@link #closed}. */
  private final Object lock = new Object();

  private final Set<CopyJob> running = new HashSet<>();
  private boolean closed;

  /** Set by close() when every copy has ended; the threads leave then. */
  private volatile boolean noCopyLeft;

  private PooledCopyEngine(LongSupplier clock) {
    this.clock = clock;
  }

  static void requireNativeAccess() {
    NativeAccess.problem()
        .ifPresent(problem -> {
          throw new CopyException(CopyFailure.NATIVE_ACCESS_DENIED, problem);
        });
  }

  static PooledCopyEngine start(int threadCount, LongSupplier clock) {
    requireNativeAccess();
    PooledCopyEngine engine = new PooledCopyEngine(clock);
    for (int i = 1; i <= threadCount; i++) {
      // Platform threads: a system call holds its carrier. Daemons: whoever needs a copy waits.
      engine.threads.add(
          Thread.ofPlatform().daemon().name("csi-clone-copy-" + i).start(engine::serve));
    }
    return engine;
  }

  private void serve() {
    try (AlignedBuffer buffer = new AlignedBuffer(BUFFER_BYTES)) {
      for (Optional<CopyJob> job = next(); job.isPresent(); job = next()) {
        CopyJob copy = job.get();
        long wait = copy.turn(buffer);
        if (wait == 0) {
          queue.add(copy);
        } else if (wait > 0) {
          // Held back by its rate limit: the thread is for others meanwhile.
          CompletableFuture.delayedExecutor(wait, TimeUnit.NANOSECONDS, Runnable::run)
              .execute(() -> queue.add(copy));
        }
      }
    }
  }

  /** Waits for the next turn to be taken; empty when the engine is closed and none is left. */
  private Optional<CopyJob> next() {
    while (true) {
      try {
        return Optional.of(queue.take());
      } catch (InterruptedException e) {
        // From close(), or from a listener that left its thread interrupted.
        if (noCopyLeft) {
          return Optional.empty();
        }
      }
    }
  }

  @Override
  public CopyReport copy(Path source, Path target, CopyOptions options, CopyListener listener)
      throws InterruptedException {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(target, "target");
    Objects.requireNonNull(options, "options");
    Objects.requireNonNull(listener, "listener");
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    CopyJob job = new CopyJob(source, target, options, listener, clock);
    synchronized (lock) {
      if (closed) {
        throw Failures.closed(source, target);
      }
      running.add(job);
      queue.add(job);
    }
    try {
      return await(job);
    } finally {
      synchronized (lock) {
        running.remove(job);
      }
    }
  }

  private static CopyReport await(CopyJob job) throws InterruptedException {
    try {
      return job.outcome().get();
    } catch (ExecutionException e) {
      throw asThrown(e);
    } catch (InterruptedException e) {
      job.stop();
      // The caller may delete the target next, so no thread may be left working on it.
      job.outcome().handle((report, failure) -> true).join();
      throw e;
    }
  }

  /** With the caller's stack, not only the engine thread's. */
  private static CopyException asThrown(ExecutionException e) {
    if (e.getCause() instanceof CopyException reason) {
      return new CopyException(reason.failure(), String.valueOf(reason.getMessage()), reason);
    }
    return new CopyException(CopyFailure.INTERNAL, "the copy failed: " + e.getCause(), e);
  }

  @Override
  public void close() {
    if (threads.contains(Thread.currentThread())) {
      throw new IllegalStateException("a listener cannot close the engine that calls it");
    }
    List<CopyJob> jobs;
    synchronized (lock) {
      if (closed) {
        return;
      }
      closed = true;
      jobs = List.copyOf(running);
    }
    jobs.forEach(CopyJob::stop);
    jobs.forEach(job -> job.outcome().handle((report, failure) -> true).join());
    noCopyLeft = true;
    threads.forEach(Thread::interrupt);
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
