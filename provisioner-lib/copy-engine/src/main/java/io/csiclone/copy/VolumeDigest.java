package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.BufferSlab;
import io.csiclone.copy.internal.linux.SystemCallException;
import java.nio.file.Path;

/**
 * A digest of a volume's bytes and length. Holes and written zeros count the same, so two volumes
 * compare equal when they read the same, however sparse each is. Found equal by accident with a
 * chance of about 2^-128; no protection against someone who forges volumes. How it is made:
 * docs/decisions/0020.
 *
 * @param high the upper 64 bits
 * @param low the lower 64 bits
 */
public record VolumeDigest(long high, long low) {

  /**
   * Reads a file or block device. The calling thread is held in the kernel, so it should be a
   * platform thread.
   *
   * @throws CopyException when it cannot be read
   */
  public static VolumeDigest of(Path path) {
    return of(path, Long.MAX_VALUE);
  }

  /**
   * As {@link #of(Path)}, of the first {@code length} bytes, or all if there are fewer: what to
   * compare a longer target's copy by.
   */
  public static VolumeDigest of(Path path, long length) {
    PooledCopyEngine.requireNativeAccess();
    try (Endpoint volume = EndpointPair.openSource(path);
        BufferSlab memory = new BufferSlab(1, PooledCopyEngine.BUFFER_BYTES)) {
      AlignedBuffer buffer = memory.buffer(0);
      BlockDigest digest = new BlockDigest();
      long end = Math.min(length, volume.size());
      for (long at = 0; at < end; ) {
        Extent extent = BlockDigest.widen(volume.extentAt(at), at, end);
        while (!extent.hole() && at < extent.end()) {
          int part = (int) Math.min(buffer.size(), extent.end() - at);
          int count = volume.read(buffer, 0, part, at);
          if (count < part) {
            throw Failures.sourceShrank(volume, at + count, volume.size());
          }
          digest.add(buffer, 0, part, at);
          at += part;
        }
        at = extent.end();
      }
      return digest.of(end);
    } catch (SystemCallException e) {
      throw new CopyException(
          CopyFailure.IO_ERROR, "reading " + path + " failed: " + e.getMessage(), e);
    }
  }

  /** Algorithm and 32 hexadecimal digits. */
  @Override
  public String toString() {
    return "xxh3-128-64k:%016x%016x".formatted(high, low);
  }
}
