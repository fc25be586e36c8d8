package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.SystemCallException;
import java.util.function.LongConsumer;

/**
 * Compares one granule of a finished copy with its source, from the medium. Where both have a hole
 * nothing is read. The buffer's first half takes the source's bytes, the second the target's.
 */
final class GranuleComparison implements GranuleTask {

  private final Volume volume;
  private final BlockDigest digest;
  private final LongConsumer difference;
  private final long end;
  private long position;
  private long moved;

  /**
   * @param difference told the offset of the first byte that differs, if one does
   */
  GranuleComparison(
      Volume volume, BlockDigest digest, LongConsumer difference, long start, long end) {
    this.volume = volume;
    this.digest = digest;
    this.difference = difference;
    this.end = end;
    this.position = start;
  }

  @Override
  public long moved() {
    return moved;
  }

  /** It can be repeated at no cost to the target. */
  @Override
  public long work() {
    return 0;
  }

  @Override
  public boolean step(AlignedBuffer buffer, long most) throws SystemCallException {
    boolean tail = position >= volume.size();
    long stop = tail ? end : Math.min(end, volume.size());
    Extent written = BlockDigest.widen(volume.target().extentAt(position), position, stop);
    Extent expected =
        tail
            ? new Extent(stop, true)
            : BlockDigest.widen(volume.source().extentAt(position), position, stop);
    long common = Math.min(stop, Math.min(written.end(), expected.end()));
    if (written.hole() && expected.hole()) {
      position = common;
      return position < end;
    }
    int half = buffer.size() / 2;
    int length = (int) Math.min(Math.min(half, most), common - position);
    readExpected(buffer, length, expected.hole());
    int count = volume.target().read(buffer, half, length, position);
    int differing = buffer.mismatch(half, length);
    if (count < length || differing >= 0) {
      difference.accept(position + (differing >= 0 && differing < count ? differing : count));
      return false;
    }
    position += length;
    return position < end;
  }

  private void readExpected(AlignedBuffer buffer, int length, boolean hole)
      throws SystemCallException {
    if (hole) {
      buffer.clear(length);
      return;
    }
    int count = volume.source().read(buffer, 0, length, position);
    if (count < length) {
      throw Failures.sourceShrank(volume.source(), position + count, volume.size());
    }
    digest.add(buffer, 0, length, position);
    moved += length;
  }
}
