package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.Descriptor;
import io.csiclone.copy.internal.linux.FileStatus;
import io.csiclone.copy.internal.linux.FileStatus.Kind;
import io.csiclone.copy.internal.linux.LoopBacking;
import io.csiclone.copy.internal.linux.SystemCallException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The file under a loop device, read in the device's stead: past the loop driver, which copies each
 * byte once more in a single thread, and with the file's holes, which the device does not tell.
 */
final class LoopFile implements AutoCloseable {

  private final FileEndpoint file;

  /** The byte of the file that the device begins with. */
  private final long start;

  /** Bytes of the device. */
  private final long size;

  private LoopFile(FileEndpoint file, long start, long size) {
    this.file = file;
    this.start = start;
    this.size = size;
  }

  /**
   * Opens the file; empty when the device is none over a file, or that file cannot be had: in
   * another mount namespace, removed, cut off. Then the device has to do.
   *
   * @param size bytes of the device
   */
  static Optional<LoopFile> under(
      Descriptor device, FileStatus status, long size, CachePolicy policy) {
    Optional<LoopBacking> backing = device.loopBacking();
    Optional<Path> path = DeviceStack.pathOfLoopFile(status.node());
    return backing.isEmpty() || path.isEmpty()
        ? Optional.empty()
        : open(device, backing.get(), path.get(), size, policy);
  }

  private static Optional<LoopFile> open(
      Descriptor device, LoopBacking backing, Path path, long size, CachePolicy policy) {
    try {
      // What was written to the device and is in its own page cache only.
      device.awaitWriteBack(0, 0);
      Descriptor descriptor = Descriptor.forReading(path);
      try {
        FileStatus opened = descriptor.status();
        if (opened.kind() == Kind.REGULAR_FILE
            && opened.identity().equals(backing.file())
            && opened.size() - backing.offset() >= size) {
          FileEndpoint file = new FileEndpoint(descriptor, path, opened, policy, Optional.empty());
          return Optional.of(new LoopFile(file, backing.offset(), size));
        }
      } catch (SystemCallException e) {
        descriptor.close();
        throw e;
      }
      descriptor.close();
      return Optional.empty();
    } catch (SystemCallException e) {
      return Optional.empty();
    }
  }

  /** Bytes of the device that the file has now. */
  long currentSize() throws SystemCallException {
    return Math.clamp(file.currentSize() - start, 0, size);
  }

  Extent extentAt(long offset) throws SystemCallException {
    Extent extent = file.extentAt(start + offset);
    return new Extent(Math.min(extent.end() - start, size), extent.hole());
  }

  /** Reads all of it, or answers false: the device then tells what is wrong, by its own name. */
  boolean read(AlignedBuffer buffer, int from, int length, long offset) {
    try {
      return file.read(buffer, from, length, start + offset) == length;
    } catch (SystemCallException e) {
      return false;
    }
  }

  @Override
  public void close() {
    file.close();
  }
}
