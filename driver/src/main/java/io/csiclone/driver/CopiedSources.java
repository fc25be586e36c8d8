package io.csiclone.driver;

import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import io.csiclone.csi.SourceHold;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The volumes whose bytes are being copied one after the other. Bytes that change meanwhile make a
 * torn clone, which a reflink, being one instant, does not. So a volume in use is not copied and
 * one that is being copied is not staged, unless a class asks for no more than best effort.
 */
final class CopiedSources {

  private final Pool pool;
  private final LoopDevices loops;
  private final VolumeLocks locks;
  private final Map<String, Integer> readers = new HashMap<>();

  CopiedSources(Pool pool, LoopDevices loops, VolumeLocks locks) {
    this.pool = pool;
    this.loops = loops;
    this.locks = locks;
  }

  /**
   * Keeps writers from a volume until the hold is closed.
   *
   * @param flush what has to be done before the first byte is read
   * @throws BackendException with {@link Reason#IN_USE} when the policy rules its use out
   */
  Hold hold(String volumeId, Consistency policy, Runnable flush) {
    if (policy == Consistency.BEST_EFFORT) {
      locks.run(volumeId, flush);
      return new Hold(Guarantee.NONE, () -> {});
    }
    locks.run(
        volumeId,
        () -> {
          VolumeUses.of(pool, loops, volumeId)
              .refuse(
                  "and pool %s (%s) cannot reflink, so its clone would be torn; stop its pods, or use a pool on XFS or btrfs"
                      .formatted(pool.folder(), pool.storageType()));
          flush.run();
          count(volumeId, 1);
        });
    return new Hold(Guarantee.UNUSED, () -> count(volumeId, -1));
  }

  /** A volume that nobody writes to, as far as the guarantee goes. */
  record Hold(Guarantee guarantee, Runnable end, AtomicBoolean closed) implements SourceHold {

    Hold(Guarantee guarantee, Runnable end) {
      this(guarantee, end, new AtomicBoolean());
    }

    @Override
    public Map<String, String> context() {
      return guarantee.context();
    }

    @Override
    public void close() {
      if (!closed.getAndSet(true)) {
        end.run();
      }
    }
  }

  /**
   * Refuses while the volume is being copied. To be called with the volume's lock.
   *
   * @throws BackendException with {@link Reason#IN_USE}
   */
  void requireNotCopied(String volumeId) {
    synchronized (readers) {
      if (readers.containsKey(volumeId)) {
        throw new BackendException(
            Reason.IN_USE,
            "volume %s is being copied into a clone; it can be staged when that is done"
                .formatted(volumeId));
      }
    }
  }

  private void count(String volumeId, int change) {
    synchronized (readers) {
      readers.merge(volumeId, change, (a, b) -> a + b == 0 ? null : a + b);
    }
  }
}
