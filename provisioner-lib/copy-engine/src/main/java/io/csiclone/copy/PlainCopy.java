package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.SystemCallException;

/**
 * Copies one granule by the simplest loop there is: read, and write what is not zero. It asks for
 * no holes and shares no code with {@link GranuleCopy}, for which it is the measure.
 */
final class PlainCopy implements GranuleTask {

  private final Volume volume;
  private final WriteBehind behind;
  private final BlockDigest digest;
  private final long end;
  private long position;
  private long moved;

  PlainCopy(Volume volume, WriteBehind behind, BlockDigest digest, long start, long end) {
    this.volume = volume;
    this.behind = behind;
    this.digest = digest;
    this.end = end;
    this.position = start;
  }

  @Override
  public long moved() {
    return moved;
  }

  @Override
  public long work() {
    return moved;
  }

  @Override
  public boolean step(AlignedBuffer buffer, long most) throws SystemCallException {
    long sourceEnd = Math.min(end, volume.size());
    if (position >= sourceEnd) {
      volume.target().zero(position, end - position);
      position = end;
      return false;
    }
    int length = (int) Math.min(Math.min(buffer.size(), most), sourceEnd - position);
    int count = volume.source().read(buffer, 0, length, position);
    if (count < length) {
      throw Failures.sourceShrank(volume.source(), position + count, volume.size());
    }
    if (volume.digesting()) {
      digest.add(buffer, 0, length, position);
    }
    int granule = volume.target().zeroGranule();
    for (int at = 0; at < length; ) {
      int next = (int) Math.min(length, at + granule - (position + at) % granule);
      if (buffer.isZero(at, next)) {
        volume.tally().zerosWritten.add(volume.target().zero(position + at, next - at));
      } else {
        behind.wrote(position + at, volume.target().write(buffer, at, next - at, position + at));
        volume.tally().moved(CopyMethod.PLAIN, next - at);
      }
      at = next;
    }
    volume.tally().read.add(length);
    volume.tally().passed.add(length);
    moved += length;
    position += length;
    return position < end;
  }
}
