package io.csiclone.copy;

import java.util.OptionalLong;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The granules of a volume: handed out in order, noted when done. What is kept does not grow with
 * the volume: all below one number, and the few above it. Shared by the threads of one copy.
 */
final class Granules {

  /**
   * What is done at one moment.
   *
   * @param below all granules below this one
   * @param beyond and these
   * @param digest the sum over them
   * @param stamp grows with every granule that gets done
   */
  record Done(long below, SortedSet<Long> beyond, BlockDigest digest, long stamp) {}

  private final long bytes;
  private final long total;
  private final SortedSet<Long> beyond;
  private final BlockDigest digest;
  private long below;
  private long next;
  private long stamp;
  private long limit;

  /**
   * @param bytes of one granule
   * @param end of the volume, where the last one ends
   * @param below granules done before, with {@code beyond}, whose digest is {@code digest}
   */
  Granules(long bytes, long end, long below, SortedSet<Long> beyond, BlockDigest digest) {
    this.bytes = bytes;
    this.total = end;
    this.below = below;
    this.next = below;
    this.beyond = new TreeSet<>(beyond);
    this.digest = new BlockDigest(digest.high(), digest.low());
    this.limit = Math.ceilDiv(end, bytes);
  }

  static Granules none(long bytes, long end) {
    return new Granules(bytes, end, 0, new TreeSet<>(), new BlockDigest());
  }

  /** The next granule nobody has, or empty. */
  synchronized OptionalLong claim() {
    // One that an earlier copy did may be below by now, and no longer beyond.
    next = Math.max(next, below);
    while (next < limit && beyond.contains(next)) {
      next++;
    }
    return next < limit ? OptionalLong.of(next++) : OptionalLong.empty();
  }

  /** How many are left to claim, at most. */
  synchronized long left() {
    return Math.max(0, limit - next);
  }

  /** Hands out none behind {@code offset} any more. */
  synchronized void stopAt(long offset) {
    limit = Math.min(limit, Math.ceilDiv(offset, bytes));
  }

  long start(long granule) {
    return granule * bytes;
  }

  long end(long granule) {
    return Math.min(total, (granule + 1) * bytes);
  }

  /**
   * Notes a granule as done.
   *
   * @return the stamp of a {@link #done()} that has it
   */
  synchronized long finish(long granule, BlockDigest of) {
    digest.add(of);
    stamp++;
    beyond.add(granule);
    while (!beyond.isEmpty() && beyond.first() == below) {
      beyond.remove(below);
      below++;
    }
    return stamp;
  }

  synchronized Done done() {
    return new Done(
        below, new TreeSet<>(beyond), new BlockDigest(digest.high(), digest.low()), stamp);
  }

  /** How many of the first {@code size} bytes are done. */
  synchronized long doneBytes(long size) {
    long sum = Math.min(size, below * bytes);
    for (long granule : beyond) {
      sum += Math.max(0, Math.min(size, end(granule)) - start(granule));
    }
    return sum;
  }

  long bytes() {
    return bytes;
  }
}
