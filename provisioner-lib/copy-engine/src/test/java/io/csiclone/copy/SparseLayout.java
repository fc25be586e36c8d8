package io.csiclone.copy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A random volume: holes, data, and zeros that were written, in stretches of every sort of length.
 * The same seed gives the same volume.
 */
record SparseLayout(byte[] content, List<Stretch> written) {

  /** Bytes that are really written; everything between is a hole. */
  record Stretch(int start, int end) {}

  static SparseLayout random(long seed, int size) {
    Random random = new Random(seed);
    byte[] content = new byte[size];
    List<Stretch> written = new ArrayList<>();
    int at = 0;
    while (at < size) {
      int end = (int) Math.min(size, at + (long) length(random));
      switch (random.nextInt(4)) {
        case 0 -> {
          // A hole.
        }
        case 1 -> written.add(new Stretch(at, end));
        default -> {
          for (int i = at; i < end; i++) {
            content[i] = (byte) random.nextInt();
          }
          written.add(new Stretch(at, end));
        }
      }
      at = end;
    }
    return new SparseLayout(content, written);
  }

  private static int length(Random random) {
    int blocks = 1 + random.nextInt(1 << random.nextInt(8));
    return switch (random.nextInt(3)) {
      case 0 -> 1 + random.nextInt(3 * 4096);
      case 1 -> blocks * 4096;
      default -> blocks * 65536 / 16;
    };
  }

  /** Writes it to a new file or over a device that reads as zeros. */
  Path writeTo(Path path) throws IOException {
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      for (Stretch stretch : written) {
        ByteBuffer bytes =
            ByteBuffer.wrap(content, stretch.start(), stretch.end() - stretch.start());
        long at = stretch.start();
        while (bytes.hasRemaining()) {
          at += channel.write(bytes, at);
        }
      }
      channel.force(true);
    }
    if (Files.isRegularFile(path)) {
      VolumeFiles.setSize(path, content.length);
    }
    return path;
  }
}
