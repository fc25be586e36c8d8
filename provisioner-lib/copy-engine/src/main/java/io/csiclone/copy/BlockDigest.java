package io.csiclone.copy;

import com.dynatrace.hash4j.hashing.HashValue128;
import com.dynatrace.hash4j.hashing.Hasher128;
import com.dynatrace.hash4j.hashing.Hashing;
import io.csiclone.copy.internal.linux.AlignedBuffer;

/**
 * Makes a {@link VolumeDigest} from blocks in any order: a sum over the blocks that are not zero,
 * each hashed together with its number. A sum needs no memory for blocks to come, and a hole adds
 * nothing to it, read or not.
 */
final class BlockDigest {

  /** Part of the digest's definition: another size makes other digests. */
  static final int BLOCK = 64 * 1024;

  private static final Hasher128 HASHER = Hashing.xxh3_128();

  private long high;
  private long low;

  BlockDigest() {}

  /** Continues from what {@link #high} and {@link #low} told. */
  BlockDigest(long high, long low) {
    this.high = high;
    this.low = low;
  }

  long high() {
    return high;
  }

  long low() {
    return low;
  }

  /** Adds what another one has of other blocks of the volume. */
  void add(BlockDigest other) {
    add(other.high, other.low);
  }

  /**
   * Adds bytes that begin with a block; they end with one, or with the volume.
   *
   * @param offset where in the volume they lie
   * @return whether all of them are zero
   */
  boolean add(AlignedBuffer buffer, int from, int length, long offset) {
    boolean zero = true;
    for (int at = 0; at < length; at += BLOCK) {
      int size = Math.min(BLOCK, length - at);
      if (!buffer.isZero(from + at, from + at + size)) {
        add(buffer.xxh3(from + at, size), (offset + at) / BLOCK);
        zero = false;
      }
    }
    return zero;
  }

  private void add(HashValue128 block, long number) {
    HashValue128 term =
        hash(block.getMostSignificantBits(), block.getLeastSignificantBits(), number);
    add(term.getMostSignificantBits(), term.getLeastSignificantBits());
  }

  private void add(long termHigh, long termLow) {
    long sum = low + termLow;
    long carry = Long.compareUnsigned(sum, low) < 0 ? 1 : 0;
    low = sum;
    high += termHigh + carry;
  }

  /** The digest, of a volume of this length, when all its blocks with data have been added. */
  VolumeDigest of(long length) {
    HashValue128 all = hash(high, low, length);
    return new VolumeDigest(all.getMostSignificantBits(), all.getLeastSignificantBits());
  }

  private static HashValue128 hash(long a, long b, long c) {
    return HASHER.hashStream().putLong(a).putLong(b).putLong(c).get();
  }

  /** A stretch that begins with a block, made to end with one: a block with any data is data. */
  static Extent widen(Extent extent, long offset, long size) {
    if (extent.end() >= size) {
      return new Extent(size, extent.hole());
    }
    long lower = extent.end() - extent.end() % BLOCK;
    if (extent.hole() && lower > offset) {
      return new Extent(lower, true);
    }
    return new Extent(Math.min(size, Math.ceilDiv(extent.end(), BLOCK) * BLOCK), false);
  }
}
