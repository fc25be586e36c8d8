package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.Descriptor;
import io.csiclone.copy.internal.linux.Errno;
import io.csiclone.copy.internal.linux.SystemCallException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A block device. It knows no holes; the kernel shares nothing between devices. */
final class BlockEndpoint extends DescriptorEndpoint {

  /** Shorter runs cost a device more as a command of their own than as written zeros. */
  private static final int ZERO_GRANULE = 64 * 1024;

  /** Why the kernel does no more for a device than read and write. */
  static final String NOT_FOR_DEVICES = "it is for files, and one end is a block device";

  private final int logicalBlockSize;
  private final boolean readOnly;
  private boolean canPunch = true;
  private boolean canZeroOut = true;

  /**
   * For reading. A mounted filesystem writes past the device's own page cache, which may then hold
   * older bytes; pages in use by it cannot even be dropped.
   */
  private @Nullable Descriptor direct;

  BlockEndpoint(
      Descriptor descriptor, Path path, long size, int logicalBlockSize, boolean readOnly) {
    super(descriptor, path, size);
    this.readOnly = readOnly;
    this.logicalBlockSize = logicalBlockSize;
    descriptor.dropCache(0, 0);
  }

  boolean isReadOnly() {
    return readOnly;
  }

  /** Reads past the page cache from now on, where the device lets it. */
  void readDirectly() {
    direct = descriptor.reopenDirect().orElse(null);
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
  public int read(AlignedBuffer buffer, int from, int length, long offset)
      throws SystemCallException {
    Descriptor past = direct;
    int aligned = length - length % logicalBlockSize;
    if (past == null || aligned == 0 || offset % logicalBlockSize != 0) {
      return super.read(buffer, from, length, offset);
    }
    try {
      int count = past.readFully(buffer, from, aligned, offset);
      if (count < aligned) {
        return count;
      }
      // A device may end inside a logical block.
      return count + descriptor.readFully(buffer, from + count, length - count, offset + count);
    } catch (SystemCallException e) {
      if (!e.is(Errno.EINVAL)) {
        throw e;
      }
      past.close();
      direct = null;
      return super.read(buffer, from, length, offset);
    }
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
        zeroed += length;
        return 0;
      } catch (SystemCallException e) {
        canPunch = rethrowUnlessUnsupported(e);
      }
    }
    if (canZeroOut) {
      try {
        descriptor.zeroOut(offset, length);
        zeroed += length;
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
    declined = NOT_FOR_DEVICES;
    return 0;
  }

  @Override
  public long copyFrom(Endpoint source, long offset, long length) {
    declined = NOT_FOR_DEVICES;
    return 0;
  }

  @Override
  public void prepareReadBack() {
    super.prepareReadBack();
    readDirectly();
  }

  @Override
  public void doneReading(long offset, long length) {
    if (direct == null) {
      descriptor.dropCache(offset, length);
    }
  }

  @Override
  public void close() {
    Descriptor past = direct;
    direct = null;
    if (past != null) {
      past.close();
    }
    super.close();
  }
}
