package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.SystemCallException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One copy. It runs in turns of some milliseconds, each on one engine thread, so that a short copy
 * does not wait for the end of a long one.
 */
final class CopyJob {

  private static final long TURN_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final Path source;
  private final Path target;
  private final CopyOptions options;
  private final LongSupplier clock;
  private final ProgressMeter meter;
  private final long begun;
  private final CompletableFuture<CopyReport> outcome = new CompletableFuture<>();

  private volatile boolean stopped;
  private @Nullable EndpointPair endpoints;
  private @Nullable RangeCopier copier;

  CopyJob(
      Path source, Path target, CopyOptions options, CopyListener listener, LongSupplier clock) {
    this.source = source;
    this.target = target;
    this.options = options;
    this.clock = clock;
    this.meter = new ProgressMeter(listener, clock);
    this.begun = clock.getAsLong();
  }

  /** Done when no thread works on this copy any more and its descriptors are closed. */
  CompletableFuture<CopyReport> outcome() {
    return outcome;
  }

  /** Makes the next turn the last one; the copy fails unless it had already ended. */
  void stop() {
    stopped = true;
  }

  /**
   * Works for one turn.
   *
   * @return whether it wants another one
   */
  boolean turn(AlignedBuffer buffer) {
    try {
      if (work(buffer)) {
        return true;
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
    return false;
  }

  private boolean work(AlignedBuffer buffer) throws SystemCallException {
    long turnEnd = clock.getAsLong() + TURN_NANOS;
    EndpointPair pair = endpoints;
    RangeCopier ranges = copier;
    if (pair == null || ranges == null) {
      checkStopped();
      pair = EndpointPair.open(source, target);
      endpoints = pair;
      ranges = new RangeCopier(pair.source(), pair.target(), options.fastest());
      copier = ranges;
    }
    boolean more = true;
    while (more) {
      checkStopped();
      more = ranges.step(buffer);
      meter.at(ranges.done(), pair.source().size());
      if (more && clock.getAsLong() - turnEnd >= 0) {
        return true;
      }
    }
    finish(pair, ranges);
    return false;
  }

  private void finish(EndpointPair pair, RangeCopier ranges) throws SystemCallException {
    long size = pair.source().size();
    // Holes are not read, so one whose file was cut off looks like any other.
    long now = pair.source().currentSize();
    if (now < size) {
      throw Failures.sourceShrank(pair.source(), now, size);
    }
    checkStopped();
    pair.target().sync();
    release();
    CopyReport report =
        new CopyReport(
            ranges.mainMethod(),
            size,
            ranges.cloned(),
            ranges.written(),
            ranges.skipped(),
            Duration.ofNanos(clock.getAsLong() - begun));
    meter.finished(size);
    outcome.complete(report);
  }

  private void checkStopped() {
    if (stopped) {
      throw Failures.closed(source, target);
    }
  }

  private void fail(CopyException reason) {
    release();
    outcome.completeExceptionally(reason);
  }

  private void release() {
    EndpointPair pair = endpoints;
    endpoints = null;
    copier = null;
    if (pair != null) {
      pair.close();
    }
  }
}
