package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.Capability;
import io.csiclone.copy.internal.linux.Descriptor;
import io.csiclone.copy.internal.linux.Errno;
import io.csiclone.copy.internal.linux.SystemCallException;
import org.jspecify.annotations.Nullable;

/** Reads and writes past the page cache, as long as the kernel serves them. */
final class DirectAccess implements AutoCloseable {

  private final Descriptor descriptor;
  private final boolean writing;
  private final int alignment;
  private final Capability capability = new Capability(Errno.EINVAL, Errno.EOPNOTSUPP);
  private volatile @Nullable Descriptor opened;

  /**
   * @param alignment of offset and length, in bytes
   */
  DirectAccess(Descriptor descriptor, boolean writing, int alignment) {
    this.descriptor = descriptor;
    this.writing = writing;
    this.alignment = alignment;
  }

  /** How many of these bytes can be tried: those up to the last whole block. */
  private int aligned(int from, int length, long offset) {
    boolean starts = offset % alignment == 0 && from % alignment == 0;
    return starts ? length - length % alignment : 0;
  }

  /**
   * Reads from the start of the range as much as it can.
   *
   * @return bytes read; 0 for none, through the cache then
   */
  int read(AlignedBuffer buffer, int from, int length, long offset) throws SystemCallException {
    int aligned = aligned(from, length, offset);
    Descriptor direct = aligned == 0 ? null : open();
    if (direct == null) {
      return 0;
    }
    int[] count = new int[1];
    capability.attempt(() -> count[0] = direct.readFully(buffer, from, aligned, offset));
    return count[0];
  }

  /**
   * Writes from the start of the range as much as it can.
   *
   * @return bytes written; 0 for none, through the cache then
   */
  int write(AlignedBuffer buffer, int from, int length, long offset) throws SystemCallException {
    int aligned = aligned(from, length, offset);
    Descriptor direct = aligned == 0 ? null : open();
    if (direct == null) {
      return 0;
    }
    return capability.attempt(() -> direct.write(buffer, from, aligned, offset)) ? aligned : 0;
  }

  private @Nullable Descriptor open() {
    if (!capability.isThere()) {
      return null;
    }
    Descriptor direct = opened;
    return direct == null ? openOnce() : direct;
  }

  private synchronized @Nullable Descriptor openOnce() {
    if (opened == null && capability.isThere()) {
      opened = descriptor.reopenDirect(writing).orElse(null);
      if (opened == null) {
        capability.refuse("it cannot be opened with O_DIRECT");
      }
    }
    return opened;
  }

  @Override
  public synchronized void close() {
    Descriptor direct = opened;
    opened = null;
    if (direct != null) {
      direct.close();
    }
  }
}
