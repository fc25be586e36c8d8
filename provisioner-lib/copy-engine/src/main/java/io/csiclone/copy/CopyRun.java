package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.SystemCallException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The course of one copy: open, copy all granules, bring them to the medium, compare all granules,
 * report. Lanes take granules side by side; {@link #open}, {@link #nextPass} and {@link #finish}
 * are called while there is one lane only.
 */
final class CopyRun {

  /** Opens both ends; a seam for tests. */
  @FunctionalInterface
  interface Opener {
    EndpointPair open(Path source, Path target, CachePolicy policy);
  }

  private static final long SMALLEST_GRANULE = 4L << 20;

  private final Path source;
  private final Path target;
  private final CopyOptions options;
  private final Opener opener;
  private final LongSupplier clock;
  private final InFlight inFlight;
  private final int threads;
  private final ProgressMeter meter;
  private final RateLimit limit;
  private final CopyTally tally = new CopyTally();
  private final LongAdder unsettled = new LongAdder();
  private final AtomicLong firstDifference = new AtomicLong(Long.MAX_VALUE);
  private final long begun;

  private volatile @Nullable Pass pass;
  private @Nullable EndpointPair endpoints;
  private @Nullable Checkpoints checkpoints;
  private long resumed;
  private boolean synced;
  private long copiedAt;
  private long syncedAt;

  /** What the lanes are at: copying or comparing, and what both need. */
  private record Pass(Volume volume, Granules granules, boolean comparing, long clonedTo) {

    long start(long granule) {
      return Math.clamp(clonedTo, granules.start(granule), granules.end(granule));
    }
  }

  /**
   * @param threads how many there are to work on it
   */
  CopyRun(
      Path source,
      Path target,
      CopyOptions options,
      CopyListener listener,
      Opener opener,
      InFlight inFlight,
      int threads,
      LongSupplier clock) {
    this.source = source;
    this.target = target;
    this.options = options;
    this.opener = opener;
    this.inFlight = inFlight;
    this.threads = Math.min(threads, options.parallelism());
    this.clock = clock;
    this.meter = new ProgressMeter(listener, tally::mainMethod, clock);
    this.limit = new RateLimit(options.bytesPerSecond(), this.threads, clock);
    this.begun = clock.getAsLong();
  }

  long now() {
    return clock.getAsLong();
  }

  RateLimit limit() {
    return limit;
  }

  boolean isOpen() {
    return pass != null;
  }

  /** Opens both ends, reads the journal, and shares the whole file if that can be. */
  void open() throws SystemCallException {
    EndpointPair pair = opener.open(source, target, options.cache());
    endpoints = pair;
    boolean digesting = options.verify() == Verify.DIGEST;
    Volume volume =
        new Volume(
            pair.source(),
            pair.target(),
            new Ladder(options.fastest(), digesting, pair.source()::betterPastCache),
            tally,
            digesting);
    Granules granules = granules(volume);
    resumed = granules.doneBytes(volume.size());
    meter.startAt(resumed);
    pass = cloneWhole(volume, granules);
  }

  private Granules granules(Volume volume) {
    long bytes = granuleBytes(volume.size());
    if (options.journal().isEmpty()) {
      return Granules.none(bytes, volume.target().size());
    }
    Checkpoints opened = Checkpoints.open(options.journal().get(), volume, bytes);
    checkpoints = opened;
    return opened.granules();
  }

  /** Half of what may be copied again: one half unjournaled, the other in hand. */
  private long granuleBytes(long size) {
    long share = Math.ceilDiv(size / (4L * threads) + 1, BlockDigest.BLOCK) * BlockDigest.BLOCK;
    return Math.min(options.granule() / 2, Math.max(SMALLEST_GRANULE, share));
  }

  private Pass cloneWhole(Volume volume, Granules granules) throws SystemCallException {
    Ladder ladder = volume.ladder();
    if (ladder.method() != CopyMethod.REFLINK) {
      return new Pass(volume, granules, false, 0);
    }
    long size = volume.size();
    if (resumed > 0) {
      ladder.passOver(CopyMethod.REFLINK, "an earlier copy had begun by another method");
    } else if (volume.target().cloneFrom(volume.source(), size)) {
      tally.moved(CopyMethod.REFLINK, size);
      tally.passed.add(size);
      long whole = size / granules.bytes();
      Granules rest =
          new Granules(
              granules.bytes(), volume.target().size(), whole, new TreeSet<>(), new BlockDigest());
      return new Pass(volume, rest, false, size);
    } else {
      ladder.passOver(CopyMethod.REFLINK, volume.target().declined(CopyMethod.REFLINK));
    }
    return new Pass(volume, granules, false, 0);
  }

  private Pass pass() {
    Pass current = pass;
    if (current == null) {
      throw new IllegalStateException("not open");
    }
    return current;
  }

  /** How many lanes find something to do. */
  int usefulLanes() {
    Pass current = pass();
    boolean one = current.volume().ladder().method() == CopyMethod.PLAIN && !current.comparing();
    return (int) Math.clamp(current.granules().left(), 1, one ? 1 : threads);
  }

  /** Whether the lane may write more now. */
  boolean hasRoom(Lane lane) throws SystemCallException {
    return pass().comparing() || behind(lane).hasRoom();
  }

  private WriteBehind behind(Lane lane) {
    return lane.behind(() ->
        new WriteBehind(pass().volume().target(), inFlight, unsettled, inFlight.share(threads)));
  }

  /**
   * Does one step of the lane's granule, or of the next one.
   *
   * @return false when there is none left
   */
  boolean step(Lane lane, AlignedBuffer buffer) throws SystemCallException {
    Pass current = pass();
    GranuleTask task = lane.task;
    if (task == null) {
      journal(lane);
      OptionalLong granule = current.granules().claim();
      if (granule.isEmpty()) {
        return false;
      }
      lane.granule = granule.getAsLong();
      lane.digest = new BlockDigest();
      if (current.start(lane.granule) == current.granules().end(lane.granule)) {
        finish(lane, current);
        return true;
      }
      task = task(lane, current);
      lane.task = task;
    }
    long before = task.moved();
    boolean more = task.step(buffer, limit.step());
    limit.moved(task.moved() - before);
    if (!more) {
      lane.task = null;
      lane.unjournaled += task.work();
      finish(lane, current);
    }
    if (!current.comparing()) {
      meter.at(resumed + tally.passed.sum() - unsettled.sum(), current.volume().size());
    }
    return true;
  }

  private GranuleTask task(Lane lane, Pass current) {
    Volume volume = current.volume();
    long start = current.start(lane.granule);
    long end = current.granules().end(lane.granule);
    if (current.comparing()) {
      return new GranuleComparison(volume, lane.digest, this::differs, start, end);
    }
    return volume.ladder().method() == CopyMethod.PLAIN
        ? new PlainCopy(volume, behind(lane), lane.digest, start, end)
        : new GranuleCopy(volume, behind(lane), lane.digest, start, end);
  }

  private void finish(Lane lane, Pass current) {
    lane.stamp = current.granules().finish(lane.granule, lane.digest);
  }

  private void differs(long offset) {
    firstDifference.accumulateAndGet(offset, Math::min);
    // What lies before may differ as well, and the first place is to be named.
    pass().granules().stopAt(offset);
  }

  /** Together with the granule to be claimed, no more than asked for is ever unjournaled. */
  private void journal(Lane lane) throws SystemCallException {
    Checkpoints kept = checkpoints;
    Pass current = pass();
    if (kept != null
        && !current.comparing()
        && lane.unjournaled > options.granule() - current.granules().bytes()) {
      kept.write(lane.stamp);
      behind(lane).settle();
      lane.unjournaled = 0;
    }
  }

  /**
   * Ends the pass that all lanes have left.
   *
   * @return whether there is another one
   */
  boolean nextPass() throws SystemCallException {
    Pass current = pass();
    if (!synced) {
      putOnMedium(current.volume());
      synced = true;
      if (options.verify() == Verify.READ_BACK) {
        current.volume().target().prepareReadBack();
        Granules all = Granules.none(current.granules().bytes(), current.volume().target().size());
        pass = new Pass(current.volume(), all, true, 0);
        return true;
      }
    }
    long difference = firstDifference.get();
    if (difference < Long.MAX_VALUE) {
      Checkpoints kept = checkpoints;
      if (kept != null) {
        kept.startOver();
      }
      throw Failures.differs(current.volume().source(), current.volume().target(), difference);
    }
    return false;
  }

  private void putOnMedium(Volume volume) throws SystemCallException {
    // Holes are not read, so one whose file was cut off looks like any other.
    long now = volume.source().currentSize();
    if (now < volume.size()) {
      throw Failures.sourceShrank(volume.source(), now, volume.size());
    }
    copiedAt = clock.getAsLong();
    volume.target().sync();
    syncedAt = clock.getAsLong();
  }

  /** Closes both ends and says what was done. */
  CopyReport finish() {
    Pass current = pass();
    Volume volume = current.volume();
    Checkpoints kept = checkpoints;
    if (kept != null) {
      kept.remove();
    }
    long size = volume.size();
    long zeroed = volume.target().zeroed();
    close();
    long ended = clock.getAsLong();
    CopyReport report =
        new CopyReport(
            tally.mainMethod().orElse(volume.ladder().method()),
            size,
            tally.read.sum(),
            tally.cloned(),
            tally.written(),
            size - resumed - tally.cloned() - tally.written(),
            tally.holes.sum(),
            zeroed,
            digest(current),
            volume.ladder().passedOver(),
            Duration.ofNanos(ended - begun),
            tally.byMethod(),
            resumed,
            kept == null ? Optional.empty() : kept.startedOver(),
            new CopyReport.Phases(
                Duration.ofNanos(copiedAt - begun),
                Duration.ofNanos(syncedAt - copiedAt),
                Duration.ofNanos(current.comparing() ? ended - syncedAt : 0)));
    meter.finished(size);
    return report;
  }

  private Optional<VolumeDigest> digest(Pass last) {
    Checkpoints kept = checkpoints;
    boolean shared = tally.cloned() > 0 || (kept != null && kept.clonedBefore());
    boolean made = last.comparing() || (last.volume().digesting() && !shared);
    return made
        ? Optional.of(last.granules().done().digest().of(last.volume().size()))
        : Optional.empty();
  }

  /** Closes both ends; does nothing the second time. */
  void close() {
    EndpointPair pair = endpoints;
    endpoints = null;
    if (pair != null) {
      pair.close();
    }
  }
}
