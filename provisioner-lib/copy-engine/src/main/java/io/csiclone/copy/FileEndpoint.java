package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.Descriptor;
import io.csiclone.copy.internal.linux.Errno;
import io.csiclone.copy.internal.linux.SystemCallException;
import java.nio.file.Path;

/** A regular file. */
final class FileEndpoint extends DescriptorEndpoint {

  /** A filesystem block on nearly every filesystem, so the smallest run that saves space. */
  private static final int ZERO_GRANULE = 4096;

  /** The largest block size of Linux filesystems: a clone range aligned to it is aligned to any. */
  private static final long CLONE_ALIGNMENT = 64 * 1024;

  private boolean canSeek = true;
  private boolean canPunch = true;
  private boolean canZeroRange = true;
  private boolean canCopyRange = true;

  /** A stretch without data found by the last search in the target, less what was written since. */
  private long holeStart;

  private long holeEnd;

  FileEndpoint(Descriptor descriptor, Path path, long size) {
    super(descriptor, path, size);
  }

  @Override
  public long currentSize() throws SystemCallException {
    return descriptor.status().size();
  }

  @Override
  public Extent extentAt(long offset) throws SystemCallException {
    if (!canSeek) {
      return new Extent(size(), false);
    }
    long data;
    try {
      data = descriptor.seekData(offset);
    } catch (SystemCallException e) {
      if (e.is(Errno.ENXIO)) {
        return new Extent(size(), true);
      }
      if (e.is(Errno.EINVAL, Errno.EOPNOTSUPP, Errno.ENOSYS)) {
        canSeek = false;
        return new Extent(size(), false);
      }
      throw e;
    }
    if (data > offset) {
      return new Extent(Math.min(data, size()), true);
    }
    try {
      return new Extent(Math.min(descriptor.seekHole(offset), size()), false);
    } catch (SystemCallException e) {
      if (e.is(Errno.ENXIO)) {
        // It shrank between the two calls: call it data, and the read will tell.
        return new Extent(size(), false);
      }
      throw e;
    }
  }

  @Override
  public void write(AlignedBuffer buffer, int from, int length, long offset)
      throws SystemCallException {
    forgetHole(offset, length);
    super.write(buffer, from, length, offset);
  }

  @Override
  public long zero(long offset, long length) throws SystemCallException {
    long written = 0;
    long end = offset + length;
    long at = offset;
    while (at < end) {
      if (at >= holeStart && at < holeEnd) {
        at = Math.min(holeEnd, end);
        continue;
      }
      Extent extent = extentAt(at);
      if (extent.hole()) {
        holeStart = at;
        holeEnd = extent.end();
      } else {
        long stop = Math.min(extent.end(), end);
        written += zeroData(at, stop - at);
        at = stop;
      }
    }
    return written;
  }

  private long zeroData(long offset, long length) throws SystemCallException {
    if (canPunch) {
      try {
        descriptor.punchHole(offset, length);
        zeroed += length;
        return 0;
      } catch (SystemCallException e) {
        canPunch = rethrowUnlessUnsupported(e);
      }
    }
    if (canZeroRange) {
      try {
        descriptor.zeroRange(offset, length);
        zeroed += length;
        return 0;
      } catch (SystemCallException e) {
        canZeroRange = rethrowUnlessUnsupported(e);
      }
    }
    return writeZeros(offset, length);
  }

  /** Returns false, the new value of the capability. */
  private static boolean rethrowUnlessUnsupported(SystemCallException e)
      throws SystemCallException {
    if (e.is(Errno.EOPNOTSUPP, Errno.ENOSYS, Errno.ENODEV, Errno.EINVAL)) {
      return false;
    }
    throw e;
  }

  @Override
  public int zeroGranule() {
    return ZERO_GRANULE;
  }

  @Override
  public long cloneFrom(Endpoint source, long length) throws SystemCallException {
    if (!(source instanceof FileEndpoint file)) {
      declined = BlockEndpoint.NOT_FOR_DEVICES;
      return 0;
    }
    if (length == 0) {
      declined = "the source is empty";
      return 0;
    }
    forgetHole(0, length);
    try {
      descriptor.cloneAll(file.descriptor);
      return length;
    } catch (SystemCallException e) {
      if (!cannotClone(e)) {
        throw e;
      }
      declined = String.valueOf(e.getMessage());
      // A source that ends inside a block cannot be shared whole with a longer target.
      long aligned = length - length % CLONE_ALIGNMENT;
      if (!e.is(Errno.EINVAL) || aligned == length || aligned == 0 || size() == length) {
        return 0;
      }
      return cloneHead(file, aligned);
    }
  }

  private long cloneHead(FileEndpoint source, long length) throws SystemCallException {
    try {
      descriptor.cloneRange(source.descriptor, 0, length);
      return length;
    } catch (SystemCallException e) {
      if (cannotClone(e)) {
        declined = String.valueOf(e.getMessage());
        return 0;
      }
      throw e;
    }
  }

  private static boolean cannotClone(SystemCallException e) {
    // ENOSPC too: XFS answers so when one allocation group is short of room for shared extents,
    // while a copy still fits into the others. EPERM: filters of system calls in containers.
    return e.is(
        Errno.EOPNOTSUPP,
        Errno.ENOTTY,
        Errno.ENOSYS,
        Errno.EXDEV,
        Errno.EINVAL,
        Errno.EPERM,
        Errno.ETXTBSY,
        Errno.ENOSPC);
  }

  @Override
  public long copyFrom(Endpoint source, long offset, long length) throws SystemCallException {
    if (!(source instanceof FileEndpoint file)) {
      declined = BlockEndpoint.NOT_FOR_DEVICES;
      return 0;
    }
    if (!canCopyRange) {
      return 0;
    }
    forgetHole(offset, length);
    try {
      long copied = descriptor.copyRange(file.descriptor, offset, length);
      // 0 before the source's end: some filesystems say so instead of refusing.
      canCopyRange = copied > 0;
      declined = canCopyRange ? "" : "copy_file_range copied nothing";
      return copied;
    } catch (SystemCallException e) {
      if (e.is(
          Errno.EXDEV, Errno.EINVAL, Errno.ENOSYS, Errno.EOPNOTSUPP, Errno.EPERM, Errno.ETXTBSY)) {
        canCopyRange = false;
        declined = String.valueOf(e.getMessage());
        return 0;
      }
      throw e;
    }
  }

  private void forgetHole(long offset, long length) {
    if (offset < holeEnd && offset + length > holeStart) {
      holeStart = Math.min(offset + length, holeEnd);
    }
  }

  @Override
  public void doneReading(long offset, long length) {
    // Its page cache is shared with whoever uses the file; leave it.
  }
}
