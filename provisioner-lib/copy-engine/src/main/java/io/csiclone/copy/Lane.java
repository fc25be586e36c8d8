package io.csiclone.copy;

import io.csiclone.copy.internal.linux.SystemCallException;
import java.util.function.Supplier;
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

  private @Nullable WriteBehind behind;

  /** Work on granules that the journal does not have, and the stamp of the last of them. */
  long unjournaled;

  long stamp;

  Lane(CopyJob job) {
    this.job = job;
  }

  CopyJob job() {
    return job;
  }

  /** Its writes, {@code fresh} at the first. */
  WriteBehind behind(Supplier<WriteBehind> fresh) {
    WriteBehind writes = behind;
    if (writes == null) {
      writes = fresh.get();
      behind = writes;
    }
    return writes;
  }

  /** It has nothing left to do; what it wrote is waited for. */
  void settle() throws SystemCallException {
    WriteBehind writes = behind;
    behind = null;
    if (writes != null) {
      try {
        writes.settle();
      } finally {
        writes.forget();
      }
    }
  }

  /** It gives up. */
  void abandon() {
    WriteBehind writes = behind;
    behind = null;
    if (writes != null) {
      writes.forget();
    }
  }
}
