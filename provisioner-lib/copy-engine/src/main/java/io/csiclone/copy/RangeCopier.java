package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.SystemCallException;

/**
 * The copying itself, from the source's first byte to the target's last, in bounded steps. Tries
 * the methods from the fastest allowed one downwards; runs of zeros are put off and sent as one
 * command.
 */
final class RangeCopier {

  /** Bytes per copy_file_range: long enough for large extents, short enough to be interrupted. */
  private static final long KERNEL_STEP = 16L << 20;

  /** Bytes zeroed by one command; a device without a zeroing command of its own writes them. */
  private static final long ZERO_STEP = 256L << 20;

  private final Endpoint source;
  private final Endpoint target;
  private final long size;
  private final int zeroGranule;

  private CopyMethod method;

  /** Up to here the source has been looked at. */
  private long position;

  /** Zeros from here up to {@link #position} are owed to the target; all before is in it. */
  private long zerosFrom;

  /** The end of the extent of data at {@link #position}. */
  private long dataEnd;

  private boolean cloneTried;
  private long cloned;
  private long copied;
  private long written;

  RangeCopier(Endpoint source, Endpoint target, CopyMethod fastest) {
    this.source = source;
    this.target = target;
    this.size = source.size();
    this.zeroGranule = target.zeroGranule();
    this.method = fastest;
  }

  /** Bytes of the source that the target holds. */
  long done() {
    return Math.min(zerosFrom, size);
  }

  /** The method that moved most, and before anything has moved the one in use. */
  CopyMethod mainMethod() {
    if (cloned > 0) {
      return CopyMethod.REFLINK;
    }
    if (copied == 0 && written == 0) {
      return method;
    }
    return copied >= written ? CopyMethod.COPY_FILE_RANGE : CopyMethod.READ_WRITE;
  }

  long cloned() {
    return cloned;
  }

  long written() {
    return copied + written;
  }

  long skipped() {
    return size - cloned - copied - written;
  }

  /**
   * Does the next step.
   *
   * @return whether there is more to do
   */
  boolean step(AlignedBuffer buffer) throws SystemCallException {
    if (method == CopyMethod.REFLINK && !cloneTried) {
      cloneTried = true;
      cloned = target.cloneFrom(source, size);
      movedTo(cloned);
      if (cloned == 0) {
        method = CopyMethod.COPY_FILE_RANGE;
      }
    } else if (position - zerosFrom >= ZERO_STEP) {
      payZeros(ZERO_STEP);
    } else if (position < size) {
      copyStep(buffer);
    } else {
      // What lies behind the source's end has to read as zeros as well.
      position = target.size();
      payZeros(ZERO_STEP);
    }
    return position < size || zerosFrom < target.size();
  }

  private void copyStep(AlignedBuffer buffer) throws SystemCallException {
    if (position >= dataEnd) {
      Extent extent = source.extentAt(position);
      if (extent.hole()) {
        position = extent.end();
        return;
      }
      dataEnd = extent.end();
    }
    if (method != CopyMethod.READ_WRITE) {
      payZeros(position - zerosFrom);
      long count = target.copyFrom(source, position, Math.min(KERNEL_STEP, dataEnd - position));
      if (count > 0) {
        copied += count;
        movedTo(position + count);
        return;
      }
      method = CopyMethod.READ_WRITE;
    }
    int length = (int) Math.min(buffer.size(), dataEnd - position);
    int count = source.read(buffer, length, position);
    if (count < length) {
      throw Failures.sourceShrank(source, position + count, size);
    }
    source.doneReading(position, length);
    writeBuffer(buffer, length);
  }

  /** Writes what is not zero; the rest stays owed. */
  private void writeBuffer(AlignedBuffer buffer, int length) throws SystemCallException {
    long start = position;
    int at = 0;
    while (at < length) {
      int run = at;
      while (run < length && buffer.isZero(run, granuleEnd(start, run, length))) {
        run = granuleEnd(start, run, length);
      }
      position = start + run;
      at = run;
      while (run < length && !buffer.isZero(run, granuleEnd(start, run, length))) {
        run = granuleEnd(start, run, length);
      }
      if (run > at) {
        payZeros(position - zerosFrom);
        target.write(buffer, at, run - at, start + at);
        written += run - at;
        movedTo(start + run);
        at = run;
      }
    }
  }

  /** Granules lie at multiples of their size in the target, wherever the buffer starts. */
  private int granuleEnd(long bufferStart, int from, int length) {
    long rest = zeroGranule - (bufferStart + from) % zeroGranule;
    return (int) Math.min(length, from + rest);
  }

  private void payZeros(long limit) throws SystemCallException {
    long length = Math.min(limit, position - zerosFrom);
    if (length <= 0) {
      return;
    }
    // Zeros behind the source's end are none of its bytes: never count them as such.
    if (zerosFrom < size) {
      length = Math.min(length, size - zerosFrom);
      written += target.zero(zerosFrom, length);
    } else {
      target.zero(zerosFrom, length);
    }
    zerosFrom += length;
  }

  private void movedTo(long offset) {
    position = offset;
    zerosFrom = offset;
  }
}
