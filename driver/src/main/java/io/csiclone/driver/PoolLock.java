package io.csiclone.driver;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;

/** Gives a pool to one driver process at a time, and only after all that the one before ran. */
final class PoolLock implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int NAME_LIMIT = 100;

  private final FileChannel file;

  private PoolLock(FileChannel file) {
    this.file = file;
  }

  /**
   * @param folder of the pool
   * @throws IOException with a sentence for the user when another process has it
   */
  static PoolLock take(Path folder) throws IOException {
    FileChannel file =
        FileChannel.open(
            folder.resolve(".lock"),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    try {
      if (!locked(file)) {
        throw new IOException(
            "pool %s is in use by another driver process; give each its own".formatted(folder));
      }
      OrphanedPrograms.awaitEnd(holder(file), PATIENCE);
      ByteBuffer name = StandardCharsets.UTF_8.encode(OrphanedPrograms.THIS_PROCESS);
      file.truncate(0);
      file.write(name, 0);
      return new PoolLock(file);
    } catch (IOException e) {
      file.close();
      throw e;
    }
  }

  private static boolean locked(FileChannel file) throws IOException {
    try {
      return file.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false; // taken in this very process
    }
  }

  /** Who had it before; empty if nobody, or if that one was killed while it took it. */
  private static String holder(FileChannel file) throws IOException {
    ByteBuffer name = ByteBuffer.allocate(NAME_LIMIT);
    file.read(name, 0);
    return StandardCharsets.UTF_8.decode(name.flip()).toString();
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
