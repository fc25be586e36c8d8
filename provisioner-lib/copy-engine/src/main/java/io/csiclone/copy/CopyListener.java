package io.csiclone.copy;

/** Told of a copy's progress, from a thread of the engine. Must return quickly. */
@FunctionalInterface
public interface CopyListener {

  /**
   * @param done bytes of the source dealt with so far
   * @param total bytes of the source
   */
  void progress(long done, long total);

  /** A listener that does nothing. */
  static CopyListener none() {
    return (done, total) -> {};
  }
}
