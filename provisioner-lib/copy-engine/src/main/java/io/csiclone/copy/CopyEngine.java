package io.csiclone.copy;

import java.nio.file.Path;

/**
 * Copies the bytes of a file or block device to another one. Copies run on platform threads of the
 * engine; heap use does not depend on the volume's size.
 */
public interface CopyEngine extends AutoCloseable {

  /**
   * Makes {@code target} hold the bytes of {@code source}; a longer target reads as zeros behind
   * them. Returns when every byte is on the medium (fsync'd).
   *
   * @param source a regular file or block device
   * @param target an existing regular file or block device, at least as long as the source
   * @throws CopyException when the copy was refused or failed; it names path, offset, call and
   *     errno
   * @throws InterruptedException when the calling thread was interrupted; the workers have stopped
   */
  CopyReport copy(Path source, Path target, CopyOptions options, CopyListener listener)
      throws InterruptedException;

  @Override
  void close();
}
