package io.csiclone.copy;

import org.jspecify.annotations.Nullable;

/**
 * One of the strands a copy is worked on in: at any time it has one granule, and at most one
 * thread.
 */
final class Lane {

  private final CopyJob job;

  /** What it has in hand; null between granules. */
  @Nullable GranuleTask task;

  long granule;

  BlockDigest digest = new BlockDigest();

  /** Its writes of the pass under way. */
  @Nullable WriteBehind behind;

  /** Work on granules that the journal does not have, and the stamp of the last of them. */
  long unjournaled;

  long stamp;

  Lane(CopyJob job) {
    this.job = job;
  }

  CopyJob job() {
    return job;
  }
}
