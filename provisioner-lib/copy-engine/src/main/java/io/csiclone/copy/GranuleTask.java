package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.SystemCallException;

/** The work on one granule, in steps of some milliseconds. Used by one thread at a time. */
interface GranuleTask {

  /**
   * Does the next step.
   *
   * @param most bytes to move in it, a multiple of the digest's block
   * @return whether there is more to do
   */
  boolean step(AlignedBuffer buffer, long most) throws SystemCallException;

  /** Bytes of data moved so far: what a rate limit counts. */
  long moved();

  /** The same with those shared and made zeros: what would be done again after a kill. */
  long work();
}
