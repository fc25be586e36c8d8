package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.BufferSlab;
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
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** The engine: a few threads that take turns with the lanes of all copies. */
final class PooledCopyEngine implements CopyEngine {

  /** Each thread has one buffer of this size. */
  static final int BUFFER_BYTES = 1 << 20;

  /** Bytes under way to the medium. */
  static final long IN_FLIGHT = 64L << 20;

  private final TurnQueue queue = new TurnQueue();
  private final List<Thread> threads = new ArrayList<>();
  private final LongSupplier clock;
  private final CopyRun.Opener opener;
  private final InFlight inFlight;
  private final int threadCount;
  private final BufferSlab buffers;

  /** Guards {@link #running} and {@link #closed}. */
  private final Object lock = new Object();

  private final Set<CopyJob> running = new HashSet<>();
  private boolean closed;

  private PooledCopyEngine(
      int threadCount, InFlight inFlight, LongSupplier clock, CopyRun.Opener opener) {
    this.threadCount = threadCount;
    this.inFlight = inFlight;
    this.clock = clock;
    this.opener = opener;
    this.buffers = new BufferSlab(threadCount, BUFFER_BYTES);
  }

  static void requireNativeAccess() {
    NativeAccess.problem()
        .ifPresent(problem -> {
          throw new CopyException(CopyFailure.NATIVE_ACCESS_DENIED, problem);
        });
  }

  static PooledCopyEngine start(int threadCount, LongSupplier clock) {
    return start(threadCount, IN_FLIGHT, clock, EndpointPair::open);
  }

  static PooledCopyEngine start(
      int threadCount, long bytesInFlight, LongSupplier clock, CopyRun.Opener opener) {
    requireNativeAccess();
    InFlight inFlight = new InFlight(bytesInFlight, threadCount);
    PooledCopyEngine engine = new PooledCopyEngine(threadCount, inFlight, clock, opener);
    for (int i = 1; i <= threadCount; i++) {
      AlignedBuffer buffer = engine.buffers.buffer(i - 1);
      // Platform threads: a system call holds its carrier. Daemons: whoever needs a copy waits.
      engine.threads.add(
          Thread.ofPlatform()
              .daemon()
              .name("csi-clone-copy-" + i)
              .start(() -> engine.serve(buffer)));
    }
    return engine;
  }

  /** Bytes under way to the medium; none when no copy runs. */
  long bytesInFlight() {
    return inFlight.bytes();
  }

  private void serve(AlignedBuffer buffer) {
    for (Optional<Lane> next = queue.take(); next.isPresent(); next = queue.take()) {
      Lane lane = next.get();
      long wait = lane.job().turn(lane, buffer);
      if (wait == 0) {
        queue.add(lane);
      } else if (wait > 0) {
        // Held back by a limit: the thread is for others meanwhile.
        CompletableFuture.delayedExecutor(wait, TimeUnit.NANOSECONDS, Runnable::run)
            .execute(() -> queue.add(lane));
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
    CopyRun run =
        new CopyRun(source, target, options, listener, opener, inFlight, threadCount, clock);
    CopyJob job = new CopyJob(source, target, run, queue);
    synchronized (lock) {
      if (closed) {
        throw Failures.closed(source, target);
      }
      running.add(job);
    }
    job.begin();
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
    queue.close();
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
    buffers.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
