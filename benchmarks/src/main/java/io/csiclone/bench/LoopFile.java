package io.csiclone.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A loop device over a file of its own; both go with {@link #close}.
 *
 * @param device the block device
 * @param file what it keeps its bytes in
 */
record LoopFile(Path device, Path file) implements AutoCloseable {

  /** Attaches a new file without data; the device reads as zeros. */
  static LoopFile attach(Path file, long size) throws IOException, InterruptedException {
    Volumes.setLength(file, size);
    return new LoopFile(
        Path.of(Programs.run("losetup", "--find", "--show", file.toString())), file);
  }

  @Override
  public void close() throws IOException, InterruptedException {
    Programs.cleanUp("losetup", "--detach", device.toString());
    Files.delete(file);
  }
}
