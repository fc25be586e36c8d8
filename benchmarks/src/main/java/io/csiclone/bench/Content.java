package io.csiclone.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;

/**
 * What a source holds: extents of data, evenly spread.
 *
 * @param size bytes in all
 * @param data bytes in extents; the rest is holes
 * @param extent bytes of an extent
 * @param zeros whether the data is zeros, written all the same
 */
record Content(long size, long data, int extent, boolean zeros) {

  static final int MIB = 1 << 20;
  private static final long SEED = 42;
  private static final int STAMPED = 4096;

  static Content dense(long size) {
    return new Content(size, size, MIB, false);
  }

  static Content zeros(long size) {
    return new Content(size, size, MIB, true);
  }

  static Content sparse(long size, long data, int extent) {
    return new Content(size, data, extent, false);
  }

  /** Writes it to a file that is made, or over a device that reads as zeros, and to the medium. */
  void writeTo(Path path) throws IOException {
    byte[] bytes = new byte[extent];
    if (!zeros) {
      new Random(SEED).nextBytes(bytes);
    }
    ByteBuffer buffer = ByteBuffer.allocateDirect(extent).put(bytes);
    long extents = data / extent;
    long distance = size / extents;
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      for (long i = 0; i < extents; i++) {
        long at = i * distance;
        // No two blocks are the same, so that a block in the wrong place is noticed.
        for (int block = 0; !zeros && block < extent; block += STAMPED) {
          buffer.putLong(block, at + block);
        }
        buffer.clear();
        while (buffer.hasRemaining()) {
          at += channel.write(buffer, at);
        }
      }
      channel.force(true);
    }
    if (Files.isRegularFile(path)) {
      Volumes.setLength(path, size);
    }
  }
}
