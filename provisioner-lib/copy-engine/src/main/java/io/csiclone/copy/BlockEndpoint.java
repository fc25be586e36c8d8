package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.Capability;
import io.csiclone.copy.internal.linux.Descriptor;
import io.csiclone.copy.internal.linux.Errno;
import io.csiclone.copy.internal.linux.FileStatus;
import io.csiclone.copy.internal.linux.SystemCallException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A block device. It knows no holes, unless it is a loop device to be read; the kernel shares
 * nothing between devices.
 */
final class BlockEndpoint extends DescriptorEndpoint {

  /** Shorter runs cost a device more as a command of their own than as written zeros. */
  private static final int ZERO_GRANULE = 64 * 1024;

  /** Why the kernel does no more for a device than read and write. */
  static final String NOT_FOR_DEVICES = "it is for files, and one end is a block device";

  /** Devices have caches of their own, a loop device that of its file: flushed this often. */
  private static final long FLUSH_INTERVAL = 64L << 20;

  private final int logicalBlockSize;
  private final boolean readOnly;
  private final FileStatus status;
  private final @Nullable LoopFile below;
  private final AtomicLong sinceFlush = new AtomicLong();

  // Discard is no choice: what a discarded block reads as is up to the device.
  private final List<Zeroing> zeroings;

  BlockEndpoint(
      Descriptor descriptor,
      Path path,
      long size,
      CachePolicy policy,
      boolean writing,
      int logicalBlockSize,
      boolean readOnly,
      FileStatus status) {
    super(descriptor, path, size, policy, new DirectAccess(descriptor, writing, logicalBlockSize));
    this.readOnly = readOnly;
    this.logicalBlockSize = logicalBlockSize;
    this.status = status;
    this.below = writing ? null : LoopFile.under(descriptor, status, size, policy).orElse(null);
    this.zeroings =
        List.of(
            new Zeroing(unlessUnsupported(), descriptor::punchHole),
            new Zeroing(unlessUnsupported(), descriptor::zeroOut));
    descriptor.dropCache(0, 0);
  }

  private static Capability unlessUnsupported() {
    return new Capability(Errno.EOPNOTSUPP, Errno.ENOTTY, Errno.ENOSYS, Errno.ENODEV, Errno.EINVAL);
  }

  boolean isReadOnly() {
    return readOnly;
  }

  @Override
  public String identity() {
    return VolumeIdentity.ofDevice(status);
  }

  @Override
  public String version() {
    return "";
  }

  @Override
  public long currentSize() throws SystemCallException {
    long device = descriptor.deviceSize();
    return below == null ? device : Math.min(device, below.currentSize());
  }

  @Override
  public Extent extentAt(long offset) throws SystemCallException {
    return below == null ? new Extent(size(), false) : below.extentAt(offset);
  }

  @Override
  public int read(AlignedBuffer buffer, int from, int length, long offset)
      throws SystemCallException {
    return below != null && below.read(buffer, from, length, offset)
        ? length
        : super.read(buffer, from, length, offset);
  }

  @Override
  List<Zeroing> zeroings() {
    return zeroings;
  }

  /**
   * None that count: a mounted filesystem writes past the device's own page cache, which may then
   * hold older bytes; pages in use by it cannot even be dropped.
   */
  @Override
  long cachedBytes(long offset, long length) {
    return 0;
  }

  @Override
  boolean worthBypassing(int length) {
    return true;
  }

  @Override
  public long write(AlignedBuffer buffer, int from, int length, long offset)
      throws SystemCallException {
    long inCache = super.write(buffer, from, length, offset);
    if (sinceFlush.addAndGet(length) >= FLUSH_INTERVAL
        && sinceFlush.getAndSet(0) >= FLUSH_INTERVAL) {
      // By one thread, while the others go on reading and writing.
      descriptor.dataSync();
    }
    return inCache;
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
        + zeroByCommand(start, end - start)
        + writeZeros(end, offset + length - end);
  }

  @Override
  public boolean reserve(long offset, long length) {
    return false;
  }

  @Override
  public long zeroReserved(long offset, long length) throws SystemCallException {
    return zero(offset, length);
  }

  @Override
  public int zeroGranule() {
    return ZERO_GRANULE;
  }

  @Override
  public boolean isCached() {
    return false;
  }

  @Override
  public boolean betterPastCache() {
    return true;
  }

  @Override
  public Optional<Descriptor> file() {
    return Optional.empty();
  }

  @Override
  public boolean cloneFrom(Endpoint source, long length) {
    return false;
  }

  @Override
  public boolean cloneRangeFrom(Endpoint source, long offset, long length) {
    return false;
  }

  @Override
  public long copyFrom(Endpoint source, long offset, long length) {
    return 0;
  }

  @Override
  public void close() {
    if (below != null) {
      below.close();
    }
    super.close();
  }

  @Override
  public String declined(CopyMethod method) {
    return NOT_FOR_DEVICES;
  }
}
