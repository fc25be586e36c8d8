package io.csiclone.demo;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * The bytes of volumes, straight in the driver's pool: mounting them would need root. Nothing is
 * mounted in the demo, so nobody else writes to them.
 */
final class VolumeBytes {

  private static final int MIB = 1 << 20;

  private final Path pool;
  private final Random random;

  VolumeBytes(Path pool, long seed) {
    this.pool = pool;
    this.random = new Random(seed);
  }

  /** The file with the volume's bytes. */
  Path image(String volumeHandle) throws Steps.Differs {
    Path image = pool.resolve("volumes").resolve(volumeHandle + ".img");
    Steps.require(Files.isRegularFile(image), "the pool has no volume " + volumeHandle);
    return image;
  }

  /** Fills some stretches with random bytes and leaves the others as the holes they are. */
  void fillWithHoles(Path image) throws IOException {
    long size = Files.size(image);
    for (long at = 0; at < size; at += 8L * MIB) {
      // Not aligned to anything, so that no copying by blocks can be lucky.
      int length = (int) Math.min(size - at, 3L * MIB + random.nextInt(MIB));
      write(image, at, length);
    }
    write(image, size - 5, 5);
  }

  /** Overwrites one stretch with other random bytes. */
  void write(Path image, long offset, int length) throws IOException {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    try (FileChannel channel = FileChannel.open(image, StandardOpenOption.WRITE)) {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        channel.write(buffer, offset + buffer.position());
      }
      channel.force(false);
    }
  }

  static String sha256(Path file) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer buffer = ByteBuffer.allocate(MIB);
      while (channel.read(buffer.clear()) > 0) {
        digest.update(buffer.flip());
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  static boolean isZeroFrom(Path file, long offset) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer buffer = ByteBuffer.allocate(MIB);
      ByteBuffer zeros = ByteBuffer.allocate(MIB);
      channel.position(offset);
      while (channel.read(buffer.clear()) > 0) {
        buffer.flip();
        if (!buffer.equals(zeros.clear().limit(buffer.limit()))) {
          return false;
        }
      }
      return true;
    }
  }

  /** Every file the driver keeps for volumes, relative to the pool; empty once all is deleted. */
  List<String> leftovers() throws IOException {
    try (Stream<Path> files = Files.walk(pool)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> pool.relativize(file).toString())
          .filter(file -> file.contains("vol-") || file.startsWith("volumes/"))
          .sorted()
          .toList();
    }
  }
}
