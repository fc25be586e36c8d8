package io.csiclone.copy;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.copy.internal.linux.FileStatus;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Files and devices as the tests make them and read them back. */
final class VolumeFiles {

  private VolumeFiles() {}

  /** A file that is one hole. */
  static Path blank(Path path, long size) throws IOException {
    Files.createFile(path);
    return setSize(path, size);
  }

  /** A file full of bytes that are not zero: what a used volume may hold. */
  static Path dirty(Path path, int size) throws IOException {
    byte[] bytes = new byte[size];
    Arrays.fill(bytes, (byte) 0xa5);
    return Files.write(path, bytes);
  }

  static Path setSize(Path path, long size) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(size);
    }
    return path;
  }

  /** Changes one byte. */
  static void flip(Path path, long offset) {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.seek(offset);
      int old = file.read();
      file.seek(offset);
      file.write(~old);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static long allocated(Path path) throws IOException {
    return FileStatus.of(path).allocated();
  }

  /** Asserts that the target begins with these bytes and reads as zeros from there to its end. */
  static void assertHolds(Path target, byte[] expected, long size) throws IOException {
    byte[] actual = new byte[1 << 20];
    long at = 0;
    try (InputStream in = Files.newInputStream(target)) {
      for (int count = in.readNBytes(actual, 0, actual.length);
          count > 0;
          count = in.readNBytes(actual, 0, actual.length)) {
        byte[] want = new byte[count];
        if (at < expected.length) {
          System.arraycopy(
              expected, (int) at, want, 0, (int) Math.min(count, expected.length - at));
        }
        int difference = Arrays.mismatch(want, Arrays.copyOf(actual, count));
        assertThat(difference < 0 ? -1 : at + difference)
            .as("offset of the first wrong byte in " + target)
            .isEqualTo(-1);
        at += count;
      }
    }
    assertThat(at).as("length of " + target).isEqualTo(size);
  }
}
