package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.SystemCallException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One copy as the engine sees it: lanes that get turns of some milliseconds, each on one engine
 * thread, so that a short copy does not wait for the end of a long one. When the lanes have nothing
 * left, the last of them goes on alone with what comes next.
 */
final class CopyJob {

  private static final long TURN_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /** What {@link #turn} returns when the lane wants no further one. */
  static final long ENDED = -1;

  /** Longest wait for the rate limit at once, and so of a caller that was interrupted. */
  private static final long LONGEST_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  /** Wait of a lane that found too many bytes in flight. */
  private static final long ROOM_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private final Path source;
  private final Path target;
  private final CopyRun run;
  private final TurnQueue queue;
  private final CompletableFuture<CopyReport> outcome = new CompletableFuture<>();

  /** Lanes waiting for a turn; guarded by the queue. */
  private final ArrayDeque<Lane> ready = new ArrayDeque<>();

  /** Guards {@link #lanes} and {@link #failure}. */
  private final Object lock = new Object();

  private int lanes = 1;
  private @Nullable CopyException failure;

  /** Set by {@link #stop} and by the first failure: no lane starts another step. */
  private volatile boolean stopped;

  CopyJob(Path source, Path target, CopyRun run, TurnQueue queue) {
    this.source = source;
    this.target = target;
    this.run = run;
    this.queue = queue;
  }

  /** Puts the first lane into the queue. */
  void begin() {
    queue.add(new Lane(this));
  }

  Queue<Lane> ready() {
    return ready;
  }

  /** Done when no thread works on this copy any more and its descriptors are closed. */
  CompletableFuture<CopyReport> outcome() {
    return outcome;
  }

  /** Makes the next steps the last ones; the copy fails unless it had already ended. */
  void stop() {
    stopped = true;
  }

  /**
   * Works for one turn.
   *
   * @return nanoseconds until the lane wants another one, 0 for at once, or {@link #ENDED}
   */
  long turn(Lane lane, AlignedBuffer buffer) {
    try {
      long turnEnd = run.now() + TURN_NANOS;
      while (true) {
        long wait = work(lane, buffer);
        if (wait == ENDED) {
          if (!isLast()) {
            lane.settle();
          }
          return leave(lane);
        }
        if (wait > 0 || run.now() - turnEnd >= 0) {
          return wait;
        }
      }
    } catch (SystemCallException e) {
      fail(Failures.copying(source, target, e));
    } catch (CopyException e) {
      fail(e);
    } catch (RuntimeException | Error e) {
      fail(
          new CopyException(
              CopyFailure.INTERNAL, "copying " + source + " to " + target + " failed: " + e, e));
    }
    lane.abandon();
    return leave(lane);
  }

  /** One step; {@link #ENDED} when there is nothing left for this lane. */
  private long work(Lane lane, AlignedBuffer buffer) throws SystemCallException {
    if (stopped) {
      throw Failures.closed(source, target);
    }
    if (!run.isOpen()) {
      run.open();
      startLanes();
    }
    long delay = run.limit().delay();
    if (delay > 0) {
      return Math.min(delay, LONGEST_WAIT_NANOS);
    }
    if (!run.hasRoom(lane)) {
      return ROOM_WAIT_NANOS;
    }
    return run.step(lane, buffer) ? 0 : ENDED;
  }

  /** As many as the pass has use for, together with the one that calls this. */
  private void startLanes() {
    int more = run.usefulLanes() - 1;
    synchronized (lock) {
      lanes += more;
    }
    for (int i = 0; i < more; i++) {
      queue.add(new Lane(this));
    }
  }

  private void fail(CopyException reason) {
    synchronized (lock) {
      if (failure == null) {
        failure = reason;
      } else if (reason.failure() != CopyFailure.ENGINE_CLOSED) {
        failure.addSuppressed(reason);
      }
    }
    stopped = true;
  }

  /** The last lane to leave does what is to be done alone, and may find that there is more. */
  private long leave(Lane lane) {
    synchronized (lock) {
      if (lanes > 1) {
        lanes--;
        return ENDED;
      }
    }
    CopyException reason = failed();
    if (reason == null) {
      try {
        return goOnAlone(lane);
      } catch (SystemCallException e) {
        reason = Failures.copying(source, target, e);
      } catch (CopyException e) {
        reason = e;
      } catch (RuntimeException | Error e) {
        reason =
            new CopyException(
                CopyFailure.INTERNAL, "copying " + source + " to " + target + " failed: " + e, e);
      }
    }
    lane.abandon();
    run.close();
    outcome.completeExceptionally(reason);
    return ENDED;
  }

  private boolean isLast() {
    synchronized (lock) {
      return lanes == 1;
    }
  }

  private @Nullable CopyException failed() {
    synchronized (lock) {
      return failure;
    }
  }

  /** The sync of the whole target brings what this lane wrote to the medium as well. */
  private long goOnAlone(Lane lane) throws SystemCallException {
    if (stopped) {
      throw Failures.closed(source, target);
    }
    boolean more = run.nextPass();
    lane.settle();
    if (more) {
      startLanes();
      return 0;
    }
    long delay = run.limit().delay();
    if (delay > 0) {
      // The last bytes moved count as well; the lane comes back with nothing to do.
      return Math.min(delay, LONGEST_WAIT_NANOS);
    }
    CopyReport report = run.finish();
    outcome.complete(report);
    return ENDED;
  }
}
