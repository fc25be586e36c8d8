package io.csiclone.copy;

/**
 * Told of a copy's progress, from a thread of the engine, one call at a time, at most four times a
 * second and once more at the end of a copy that succeeded. Must return quickly. What it throws is
 * logged, and it is not called again for that copy.
 */
@FunctionalInterface
public interface CopyListener {

  /**
   * @param done bytes of the source dealt with so far, ahead of the medium by no more than what the
   *     engine has in flight; equals {@code total} in the last call only when all of them are on
   *     the medium
   * @param total bytes of the source
   */
  void progress(long done, long total);

  /** The same with rate and time left; what the engine calls. */
  default void progress(CopyProgress progress) {
    progress(progress.done(), progress.total());
  }

  /** A listener that does nothing. */
  static CopyListener none() {
    return (done, total) -> {};
  }
}
