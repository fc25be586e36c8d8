package io.csiclone.copy;

import io.csiclone.copy.CopyReport.PassedOver;
import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.SystemCallException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

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

  private final List<PassedOver> passedOver = new ArrayList<>();
  private final long mostAtOnce;
  private final @Nullable BlockDigest digest;

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
  private long read;
  private long holes;

  /**
   * A copier at the source's start.
   *
   * @param withDigest whether to digest what passes
   * @param mostAtOnce bytes of data to move in one step, a multiple of the digest's block
   */
  RangeCopier(
      Endpoint source, Endpoint target, CopyMethod fastest, boolean withDigest, long mostAtOnce) {
    this.source = source;
    this.target = target;
    this.size = source.size();
    this.zeroGranule = target.zeroGranule();
    this.method = fastest;
    this.mostAtOnce = mostAtOnce;
    this.digest = withDigest ? new BlockDigest() : null;
    for (CopyMethod faster : CopyMethod.values()) {
      if (faster.compareTo(fastest) < 0) {
        passedOver.add(new PassedOver(faster, "the options do not allow it"));
      }
    }
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

  /** Data moved so far, by the engine or by the kernel for it. */
  long moved() {
    return read + copied;
  }

  /** What was read; empty when not asked for, or when extents were shared instead. */
  Optional<VolumeDigest> digest() {
    BlockDigest made = digest;
    return made == null || cloned > 0 ? Optional.empty() : Optional.of(made.of(size));
  }

  List<PassedOver> passedOver() {
    return List.copyOf(passedOver);
  }

  long read() {
    return read;
  }

  long holes() {
    return holes;
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
        passedOver.add(new PassedOver(CopyMethod.REFLINK, target.declined()));
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
      if (digest != null && cloned == 0) {
        extent = digest.widen(extent, position, size);
      }
      if (extent.hole()) {
        holes += extent.end() - position;
        position = extent.end();
        return;
      }
      dataEnd = extent.end();
    }
    if (method != CopyMethod.READ_WRITE && digest != null) {
      passOverRangeCopy("it hides the bytes from the digest");
    }
    if (method != CopyMethod.READ_WRITE) {
      payZeros(position - zerosFrom);
      long count =
          target.copyFrom(
              source, position, Math.min(Math.min(KERNEL_STEP, mostAtOnce), dataEnd - position));
      if (count > 0) {
        copied += count;
        movedTo(position + count);
        return;
      }
      passOverRangeCopy(target.declined());
    }
    int length = (int) Math.min(Math.min(buffer.size(), mostAtOnce), dataEnd - position);
    int count = source.read(buffer, 0, length, position);
    if (count < length) {
      throw Failures.sourceShrank(source, position + count, size);
    }
    source.doneReading(position, length);
    read += length;
    if (digest != null && cloned == 0) {
      digest.add(buffer, 0, length, position);
    }
    writeBuffer(buffer, length);
  }

  private void passOverRangeCopy(String reason) {
    method = CopyMethod.READ_WRITE;
    // What is left over of a clone is no method of its own that was passed over.
    if (cloned == 0) {
      passedOver.add(new PassedOver(CopyMethod.COPY_FILE_RANGE, reason));
    }
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
