package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.SystemCallException;

/**
 * Copies one granule. Tries the methods from the fastest allowed one downwards; runs of zeros are
 * put off and sent as one command.
 */
final class GranuleCopy implements GranuleTask {

  /** Bytes per copy_file_range: long enough for large extents, short enough to be interrupted. */
  static final long KERNEL_STEP = 2L << 20;

  /** Space taken ahead of writes, so long as no zeros are met. */
  private static final long RESERVED_AHEAD = 16L << 20;

  /** Extents shorter than this are written without. */
  private static final long WORTH_RESERVING = 512L << 10;

  /** The largest block size of Linux filesystems: a range aligned to it is aligned to any. */
  private static final long CLONE_ALIGNMENT = 64 * 1024;

  private final Volume volume;
  private final Endpoint source;
  private final Endpoint target;
  private final WriteBehind behind;
  private final BlockDigest digest;
  private final int zeroGranule;

  /** Where the granule ends, and where in it the source does. */
  private final long end;

  private final long sourceEnd;

  /** Up to here the source has been looked at. */
  private long position;

  /** Zeros from here up to {@link #position} are owed to the target; all before is in it. */
  private long zerosFrom;

  /** The end of the extent of data at {@link #position}. */
  private long dataEnd;

  /** Up to here the target has space, and no more is taken when zeros were met. */
  private long reservedTo;

  private boolean reserving = true;
  private boolean cloneTried;
  private long moved;
  private long otherWork;

  /**
   * @param digest takes what passes, if the volume is digested
   */
  GranuleCopy(Volume volume, WriteBehind behind, BlockDigest digest, long start, long end) {
    this.volume = volume;
    this.source = volume.source();
    this.target = volume.target();
    this.behind = behind;
    this.digest = digest;
    this.zeroGranule = target.zeroGranule();
    this.end = end;
    this.sourceEnd = Math.clamp(volume.size(), start, end);
    this.position = start;
    this.zerosFrom = start;
  }

  @Override
  public long moved() {
    return moved;
  }

  @Override
  public long work() {
    return moved + otherWork;
  }

  @Override
  public boolean step(AlignedBuffer buffer, long most) throws SystemCallException {
    if (position < sourceEnd) {
      copyStep(buffer, most);
    } else {
      // What lies behind the source's end has to read as zeros as well.
      position = end;
      payZeros();
    }
    return zerosFrom < end;
  }

  private void copyStep(AlignedBuffer buffer, long most) throws SystemCallException {
    CopyMethod method = volume.ladder().method();
    if (method == CopyMethod.REFLINK_RANGES && !cloneTried) {
      cloneTried = true;
      if (cloneWhole()) {
        return;
      }
      method = volume.ladder().method();
    }
    if (position >= dataEnd && inHole()) {
      return;
    }
    if (method.compareTo(CopyMethod.COPY_FILE_RANGE) <= 0 && copiedByKernel(most)) {
      return;
    }
    int length = (int) Math.min(Math.min(buffer.size(), most), dataEnd - position);
    int count = source.read(buffer, 0, length, position);
    if (count < length) {
      throw Failures.sourceShrank(source, position + count, volume.size());
    }
    volume.tally().read.add(length);
    moved += length;
    if (volume.digesting() && digest.add(buffer, 0, length, position)) {
      // The digest has looked for zeros already.
      position += length;
      reserving = false;
    } else {
      writeBuffer(buffer, length);
    }
  }

  /** Whether it was shared, but for less than {@link #CLONE_ALIGNMENT} at the source's end. */
  private boolean cloneWhole() throws SystemCallException {
    long length = sourceEnd - position;
    length -= length % CLONE_ALIGNMENT;
    if (length == 0) {
      return false;
    }
    if (!target.cloneRangeFrom(source, position, length)) {
      volume
          .ladder()
          .passOver(CopyMethod.REFLINK_RANGES, target.declined(CopyMethod.REFLINK_RANGES));
      return false;
    }
    volume.tally().moved(CopyMethod.REFLINK_RANGES, length);
    otherWork += length;
    movedTo(position + length);
    return true;
  }

  /** Finds the next stretch of data, or passes a hole. */
  private boolean inHole() throws SystemCallException {
    Extent extent = source.extentAt(position);
    if (volume.digesting()) {
      extent = BlockDigest.widen(extent, position, volume.size());
    }
    long stop = Math.min(extent.end(), sourceEnd);
    if (extent.hole()) {
      volume.tally().holes.add(stop - position);
      position = stop;
      return true;
    }
    dataEnd = stop;
    return false;
  }

  private boolean copiedByKernel(long most) throws SystemCallException {
    // A digest needs the bytes; so it does for the rest of a range that was shared.
    if (volume.digesting()) {
      return false;
    }
    payZeros();
    long length = Math.min(Math.min(KERNEL_STEP, most), dataEnd - position);
    long count = target.copyFrom(source, position, length);
    if (count == 0) {
      volume
          .ladder()
          .passOver(CopyMethod.COPY_FILE_RANGE, target.declined(CopyMethod.COPY_FILE_RANGE));
      return false;
    }
    volume.tally().moved(CopyMethod.COPY_FILE_RANGE, count);
    moved += count;
    behind.wrote(position, count);
    movedTo(position + count);
    return true;
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
      reserving &= run == at;
      at = run;
      while (run < length && !buffer.isZero(run, granuleEnd(start, run, length))) {
        run = granuleEnd(start, run, length);
      }
      if (run > at) {
        payZeros();
        reserve(run == length);
        behind.wrote(position, target.write(buffer, at, run - at, start + at));
        volume.tally().moved(CopyMethod.READ_WRITE, run - at);
        movedTo(start + run);
        at = run;
      }
    }
  }

  /** Takes space for this write and the next ones. */
  private void reserve(boolean dense) throws SystemCallException {
    if (reserving && dense && position >= reservedTo && dataEnd - position >= WORTH_RESERVING) {
      long to = Math.min(dataEnd, position + RESERVED_AHEAD);
      reserving = target.reserve(position, to - position);
      reservedTo = reserving ? to : reservedTo;
    }
  }

  /** Zero granules lie at multiples of their size in the target, wherever the buffer starts. */
  private int granuleEnd(long bufferStart, int from, int length) {
    long rest = zeroGranule - (bufferStart + from) % zeroGranule;
    return (int) Math.min(length, from + rest);
  }

  private void payZeros() throws SystemCallException {
    // Zeros behind the source's end are none of its bytes: never count them as such.
    long within = Math.min(position, sourceEnd);
    if (zerosFrom < within) {
      volume.tally().zerosWritten.add(zero(within));
      movedTo(within, position);
    }
    if (zerosFrom < position) {
      zero(position);
      zerosFrom = position;
    }
  }

  private long zero(long to) throws SystemCallException {
    // What other lanes zero meanwhile is counted with it: too much only makes a journal's entry
    // come early.
    long before = target.zeroed();
    long reserved = Math.clamp(reservedTo, zerosFrom, to);
    long written =
        (reserved > zerosFrom ? target.zeroReserved(zerosFrom, reserved - zerosFrom) : 0)
            + (to > reserved ? target.zero(reserved, to - reserved) : 0);
    otherWork += written + target.zeroed() - before;
    return written;
  }

  private void movedTo(long offset) {
    movedTo(offset, offset);
  }

  private void movedTo(long paid, long looked) {
    volume.tally().passed.add(Math.min(paid, sourceEnd) - zerosFrom);
    zerosFrom = paid;
    position = looked;
  }
}
