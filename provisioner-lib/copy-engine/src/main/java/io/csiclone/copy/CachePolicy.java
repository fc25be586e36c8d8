package io.csiclone.copy;

/** What a copy does with the page cache, which others use as well. */
public enum CachePolicy {
  /**
   * What is in the cache is read from it; large stretches that are not are moved past it (O_DIRECT)
   * where the filesystem lets them, small ones through it, and what the copy put there is dropped.
   * A file copied from a source that is mostly in the cache is written through it.
   */
  AUTO,
  /** Past the cache whatever the length, where the filesystem lets it. */
  DIRECT,
  /** Through the cache; what the copy put there is dropped. */
  BUFFERED
}
