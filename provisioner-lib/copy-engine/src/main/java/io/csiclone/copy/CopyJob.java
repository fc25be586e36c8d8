package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.SystemCallException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
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

  /** What {@link #turn} returns when it wants no further one. */
  static final long ENDED = -1;

  /** Longest wait for the rate limit at once, and so of a caller that was interrupted. */
  private static final long LONGEST_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final Path source;
  private final Path target;
  private final CopyOptions options;
  private final LongSupplier clock;
  private final ProgressMeter meter;
  private final long begun;
  private final RateLimit limit;
  private final CompletableFuture<CopyReport> outcome = new CompletableFuture<>();

  private volatile boolean stopped;
  private @Nullable EndpointPair endpoints;
  private @Nullable RangeCopier copier;
  private @Nullable ReadBack readBack;

  CopyJob(
      Path source, Path target, CopyOptions options, CopyListener listener, LongSupplier clock) {
    this.source = source;
    this.target = target;
    this.options = options;
    this.clock = clock;
    this.meter = new ProgressMeter(listener, clock);
    this.begun = clock.getAsLong();
    this.limit = new RateLimit(options.bytesPerSecond(), clock);
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
   * @return nanoseconds until it wants another one, 0 for at once, or {@link #ENDED}
   */
  long turn(AlignedBuffer buffer) {
    try {
      return work(buffer);
    } catch (SystemCallException e) {
      fail(Failures.copying(source, target, e));
    } catch (CopyException e) {
      fail(e);
    } catch (RuntimeException | Error e) {
      fail(
          new CopyException(
              CopyFailure.INTERNAL, "copying " + source + " to " + target + " failed: " + e, e));
    }
    return ENDED;
  }

  private long work(AlignedBuffer buffer) throws SystemCallException {
    long turnEnd = clock.getAsLong() + TURN_NANOS;
    EndpointPair pair = endpoints;
    RangeCopier ranges = copier;
    if (pair == null || ranges == null) {
      checkStopped();
      pair = EndpointPair.open(source, target);
      endpoints = pair;
      ranges =
          new RangeCopier(
              pair.source(),
              pair.target(),
              options.fastest(),
              options.verify() == Verify.DIGEST,
              limit.step());
      copier = ranges;
    }
    boolean more = true;
    while (more) {
      checkStopped();
      if (limit.delay() > 0) {
        return Math.min(limit.delay(), LONGEST_WAIT_NANOS);
      }
      ReadBack comparison = readBack;
      if (comparison == null) {
        long before = ranges.moved();
        more = ranges.step(buffer);
        limit.moved(ranges.moved() - before);
        meter.at(ranges.done(), pair.source().size());
        if (!more && options.verify() == Verify.READ_BACK) {
          putOnMedium(pair);
          readBack = new ReadBack(pair.source(), pair.target());
          more = true;
        }
      } else {
        more = comparison.step(buffer, limit.step());
        limit.moved(comparison.lastRead());
      }
      if (more && clock.getAsLong() - turnEnd >= 0) {
        return 0;
      }
    }
    if (readBack == null) {
      putOnMedium(pair);
    }
    finish(pair, ranges);
    return ENDED;
  }

  private void putOnMedium(EndpointPair pair) throws SystemCallException {
    long size = pair.source().size();
    // Holes are not read, so one whose file was cut off looks like any other.
    long now = pair.source().currentSize();
    if (now < size) {
      throw Failures.sourceShrank(pair.source(), now, size);
    }
    checkStopped();
    pair.target().sync();
  }

  private void finish(EndpointPair pair, RangeCopier ranges) {
    long size = pair.source().size();
    long zeroed = pair.target().zeroed();
    ReadBack comparison = readBack;
    Optional<VolumeDigest> digest =
        comparison == null ? ranges.digest() : Optional.of(comparison.digest());
    release();
    CopyReport report =
        new CopyReport(
            ranges.mainMethod(),
            size,
            ranges.read(),
            ranges.cloned(),
            ranges.written(),
            ranges.skipped(),
            ranges.holes(),
            zeroed,
            digest,
            ranges.passedOver(),
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
