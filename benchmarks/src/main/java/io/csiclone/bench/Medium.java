package io.csiclone.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** What lies between a program and the disk: caches to be dropped, written data to be flushed. */
final class Medium {

  private static final Path DROP_CACHES = Path.of("/proc/sys/vm/drop_caches");
  private static final int BUFFER = 1 << 20;

  private Medium() {}

  /** Whether {@link #dropCaches} works: it takes root. */
  static boolean canDropCaches() {
    return Files.isWritable(DROP_CACHES);
  }

  /** Empties the cache of pages, dentries and inodes, as far as it is on the medium. */
  static void dropCaches() throws IOException {
    if (canDropCaches()) {
      Files.writeString(DROP_CACHES, "3");
    }
  }

  /** Reads all of it, so that it is in the page cache. */
  static void fillCache(Path path) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    try (FileChannel channel = FileChannel.open(path)) {
      while (channel.read(buffer.clear()) > 0) {
        // Only the reading counts.
      }
    }
  }

  /** Puts a file or device, or every file of a folder, on the medium. */
  static void flush(Path path) throws IOException {
    for (Path file : files(path)) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.force(true);
      }
    }
  }

  /** The path itself, or the files in it if it is a folder, by name. */
  static List<Path> files(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return List.of(path);
    }
    try (Stream<Path> files = Files.list(path)) {
      return files.sorted().toList();
    }
  }

  /** Where two files or devices first differ, the shorter one's end included. */
  static OptionalLong difference(Path one, Path other) throws IOException {
    ByteBuffer left = ByteBuffer.allocateDirect(BUFFER);
    ByteBuffer right = ByteBuffer.allocateDirect(BUFFER);
    try (FileChannel first = FileChannel.open(one);
        FileChannel second = FileChannel.open(other)) {
      for (long at = 0; ; at += BUFFER) {
        fill(left.clear(), first);
        fill(right.clear(), second);
        int place = left.flip().mismatch(right.flip());
        if (place >= 0) {
          return OptionalLong.of(at + place);
        }
        if (left.limit() < BUFFER) {
          return OptionalLong.empty();
        }
      }
    }
  }

  private static void fill(ByteBuffer buffer, FileChannel channel) throws IOException {
    while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
      // A read may give less than was asked for.
    }
  }
}
