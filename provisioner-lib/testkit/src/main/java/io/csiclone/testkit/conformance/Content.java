package io.csiclone.testkit.conformance;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;

/**
 * Random bytes in pieces, spread evenly from the first byte of an extent to its last, so that a
 * copy that stops early or skips parts shows.
 *
 * @param seed the same seed gives the same bytes
 * @param extent how far the last piece reaches
 */
record Content(long seed, long extent) {

  private static final int PIECES = 16;
  private static final int PIECE = 64 << 10;

  void writeTo(Path path) throws IOException {
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.CREATE)) {
      for (int i = 0; i < PIECES; i++) {
        ByteBuffer piece = ByteBuffer.wrap(piece(i));
        long at = offset(i);
        while (piece.hasRemaining()) {
          at += channel.write(piece, at);
        }
      }
      channel.force(true);
    }
  }

  /** Where the bytes are others, or empty when all are as written. */
  String differenceIn(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      for (int i = 0; i < PIECES; i++) {
        ByteBuffer found = ByteBuffer.allocate(PIECE);
        long at = offset(i);
        while (found.hasRemaining()) {
          int read = channel.read(found, at + found.position());
          if (read < 0) {
            return "the data ends at byte %d of %d".formatted(at + found.position(), extent);
          }
        }
        int mismatch = found.flip().mismatch(ByteBuffer.wrap(piece(i)));
        if (mismatch >= 0) {
          return "byte %d of %d is another".formatted(at + mismatch, extent);
        }
      }
    }
    return "";
  }

  private long offset(int piece) {
    return (extent - PIECE) / (PIECES - 1) * piece
        + (piece == PIECES - 1 ? (extent - PIECE) % (PIECES - 1) : 0);
  }

  private byte[] piece(int index) {
    byte[] bytes = new byte[PIECE];
    new Random(seed * PIECES + index).nextBytes(bytes);
    return bytes;
  }
}
