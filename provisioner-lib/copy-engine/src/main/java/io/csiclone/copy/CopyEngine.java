package io.csiclone.copy;

import java.nio.file.Path;

/**
 * Copies the bytes of a file or block device to another one. Copies run on platform threads of the
 * engine, which many copies share in turns; one copy is worked on by several of them at once. Heap
 * use does not depend on the volume's size. One engine serves a process. Safe for use by many
 * threads, virtual ones included.
 */
public interface CopyEngine extends AutoCloseable {

  /**
   * An engine with four threads for each processor, at least eight and at most sixteen, and 64 MiB
   * in flight. Most of the time they wait for the medium.
   *
   * @throws CopyException with {@link CopyFailure#NATIVE_ACCESS_DENIED} when this JVM may not call
   *     the C library ({@code --enable-native-access=ALL-UNNAMED} allows it) or is not on Linux
   */
  static CopyEngine start() {
    return start(
        Math.clamp(4L * Runtime.getRuntime().availableProcessors(), 8, 16),
        PooledCopyEngine.IN_FLIGHT);
  }

  /**
   * An engine with a pool of daemon threads named {@code csi-clone-copy-N} and one buffer of 1 MiB
   * for each.
   *
   * @param threads how many, 1 to 64
   * @param bytesInFlight bytes of all copies that may be under way to the medium at once, in
   *     buffers and in the page cache; at least 4 MiB for each thread is sensible
   * @throws CopyException as {@link #start()}
   */
  static CopyEngine start(int threads, long bytesInFlight) {
    if (threads < 1 || threads > 64) {
      throw new IllegalArgumentException("threads must be from 1 to 64, but is " + threads);
    }
    if (bytesInFlight < 1) {
      throw new IllegalArgumentException(
          "bytesInFlight must be 1 or more, but is " + bytesInFlight);
    }
    return PooledCopyEngine.start(threads, bytesInFlight, System::nanoTime, EndpointPair::open);
  }

  /**
   * Makes {@code target} hold the bytes of {@code source}; a longer target reads as zeros behind
   * them and keeps its length. Returns when every byte is on the medium (fsync'd). Until it has
   * returned, the target must be taken as incomplete; with a {@linkplain CopyOptions#journal
   * journal}, as long as that exists.
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
