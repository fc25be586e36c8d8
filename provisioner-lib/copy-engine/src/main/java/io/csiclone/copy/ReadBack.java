package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.SystemCallException;

/**
 * Compares a finished copy with its source, from the medium, in bounded steps. Where both have a
 * hole nothing is read. The buffer's first half takes the source's bytes, the second the target's.
 */
final class ReadBack {

  private final Endpoint source;
  private final Endpoint target;
  private final long size;
  private final BlockDigest digest = new BlockDigest();
  private long position;
  private long lastRead;

  ReadBack(Endpoint source, Endpoint target) {
    this.source = source;
    this.target = target;
    this.size = source.size();
    target.prepareReadBack();
  }

  /** Bytes of the source read by the last step. */
  long lastRead() {
    return lastRead;
  }

  /** Of the source's bytes, once {@link #step} has returned false. */
  VolumeDigest digest() {
    return digest.of(size);
  }

  /**
   * Compares the next stretch.
   *
   * @param most bytes to compare at once, a multiple of the digest's block
   * @return whether there is more to compare
   * @throws CopyException with {@link CopyFailure#VERIFICATION_FAILED} at the first difference
   */
  boolean step(AlignedBuffer buffer, long most) throws SystemCallException {
    lastRead = 0;
    if (position >= target.size()) {
      return false;
    }
    boolean tail = position >= size;
    long end = tail ? target.size() : size;
    Extent written = digest.widen(target.extentAt(position), position, end);
    Extent expected =
        tail ? new Extent(end, true) : digest.widen(source.extentAt(position), position, end);
    if (written.hole() && expected.hole()) {
      position = Math.min(written.end(), expected.end());
      return position < target.size();
    }
    int half = buffer.size() / 2;
    // Up to the end of the data, and in a hole opposite to data up to the end of either.
    long stop = Math.min(written.end(), expected.end());
    int length = (int) Math.min(Math.min(half, most), stop - position);
    if (tail || expected.hole()) {
      buffer.clear(length);
    } else {
      int count = source.read(buffer, 0, length, position);
      if (count < length) {
        throw Failures.sourceShrank(source, position + count, size);
      }
      digest.add(buffer, 0, length, position);
      lastRead = length;
    }
    int count = target.read(buffer, half, length, position);
    int difference = buffer.mismatch(half, length);
    if (count < length || difference >= 0) {
      long at = position + (difference >= 0 && difference < count ? difference : count);
      throw Failures.differs(source, target, at);
    }
    position += length;
    return position < target.size();
  }
}
