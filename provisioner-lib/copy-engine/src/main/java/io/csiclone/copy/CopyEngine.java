package io.csiclone.copy;

import java.nio.file.Path;

/**
 * Copies the bytes of a file or block device to another one. Copies run on platform threads of the
 * engine, which many copies share in turns; heap use does not depend on the volume's size. One
 * engine serves a process. Safe for use by many threads, virtual ones included.
 */
public interface CopyEngine extends AutoCloseable {

  /**
   * An engine with a pool of daemon threads named {@code csi-clone-copy-N}, at least two and at
   * most four of them by the number of processors, and one buffer of 1 MiB for each.
   *
   * @throws CopyException with {@link CopyFailure#NATIVE_ACCESS_DENIED} when this JVM may not call
   *     the C library ({@code --enable-native-access=ALL-UNNAMED} allows it) or is not on Linux
   */
  static CopyEngine start() {
    return PooledCopyEngine.start(
        Math.clamp(Runtime.getRuntime().availableProcessors(), 2, 4), System::nanoTime);
  }

  /**
   * Makes {@code target} hold the bytes of {@code source}; a longer target reads as zeros behind
   * them and keeps its length. Returns when every byte is on the medium (fsync'd). Until it has
   * returned, the target must be taken as incomplete.
   *
   * <p>Neither path may be a symbolic link in its last element. A block device as target is held
   * exclusively during the copy. Writing to source or target during the copy is the caller's to
   * prevent.
   *
   * @param source a regular file or block device
   * @param target an existing regular file or block device, at least as long as the source
   * @throws CopyException when the copy was refused or failed; it names path, offset, call and
   *     errno
   * @throws InterruptedException when the calling thread was interrupted; the workers have stopped
   */
  CopyReport copy(Path source, Path target, CopyOptions options, CopyListener listener)
      throws InterruptedException;

  /** Stops the copies that run, whose callers get an exception, and gives the threads back. */
  @Override
  void close();
}
