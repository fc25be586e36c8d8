package io.csiclone.copy;

import io.csiclone.copy.internal.linux.Descriptor;
import io.csiclone.copy.internal.linux.Errno;
import io.csiclone.copy.internal.linux.SystemCallException;
import java.nio.file.Path;

/** A block device. It knows no holes; the kernel shares nothing between devices. */
final class BlockEndpoint extends DescriptorEndpoint {

  /** Shorter runs cost a device more as a command of their own than as written zeros. */
  private static final int ZERO_GRANULE = 64 * 1024;

  private final int logicalBlockSize;
  private boolean canPunch = true;
  private boolean canZeroOut = true;

  BlockEndpoint(Descriptor descriptor, Path path, long size, int logicalBlockSize) {
    super(descriptor, path, size);
    this.logicalBlockSize = logicalBlockSize;
    // A mounted filesystem writes past the device's own page cache, which may hold older bytes.
    descriptor.dropCache(0, 0);
  }

  @Override
  public long currentSize() throws SystemCallException {
    return descriptor.deviceSize();
  }

  @Override
  public Extent extentAt(long offset) {
    return new Extent(size(), false);
  }

  @Override
  public long zero(long offset, long length) throws SystemCallException {
    // The zeroing calls want whole logical blocks; what sticks out at either side is written.
    long start = Math.ceilDiv(offset, logicalBlockSize) * logicalBlockSize;
    long end = (offset + length) / logicalBlockSize * logicalBlockSize;
    if (start >= end) {
      return writeZeros(offset, length);
    }
    return writeZeros(offset, start - offset)
        + zeroBlocks(start, end - start)
        + writeZeros(end, offset + length - end);
  }

  private long zeroBlocks(long offset, long length) throws SystemCallException {
    // Discard is no choice: what a discarded block reads as is up to the device.
    if (canPunch) {
      try {
        descriptor.punchHole(offset, length);
        return 0;
      } catch (SystemCallException e) {
        canPunch = rethrowUnlessUnsupported(e);
      }
    }
    if (canZeroOut) {
      try {
        descriptor.zeroOut(offset, length);
        return 0;
      } catch (SystemCallException e) {
        canZeroOut = rethrowUnlessUnsupported(e);
      }
    }
    return writeZeros(offset, length);
  }

  /** Returns false, the new value of the capability. */
  private static boolean rethrowUnlessUnsupported(SystemCallException e)
      throws SystemCallException {
    if (e.is(Errno.EOPNOTSUPP, Errno.ENOTTY, Errno.ENOSYS, Errno.ENODEV, Errno.EINVAL)) {
      return false;
    }
    throw e;
  }

  @Override
  public int zeroGranule() {
    return ZERO_GRANULE;
  }

  @Override
  public long cloneFrom(Endpoint source, long length) {
    return 0;
  }

  @Override
  public long copyFrom(Endpoint source, long offset, long length) {
    return 0;
  }

  @Override
  public void doneReading(long offset, long length) {
    descriptor.dropCache(offset, length);
  }
}
