package io.csiclone.bench;

import java.nio.file.Path;

/** Somebody who copies. */
interface Contestant {

  /** As the tables tell it. */
  String name();

  /** Brings what it runs into memory again, after the caches were dropped. */
  default void warm() throws Exception {}

  /**
   * Makes {@code target} a copy of {@code source}; returns when it is on the medium.
   *
   * @return the seconds of processor time it took
   */
  double copy(Path source, Path target) throws Exception;
}
