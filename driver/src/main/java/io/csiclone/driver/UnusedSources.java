package io.csiclone.driver;

import io.csiclone.copy.CopyEngine;
import io.csiclone.copy.CopyListener;
import io.csiclone.copy.CopyOptions;
import io.csiclone.copy.CopyReport;
import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Copies only volumes that nobody can write to: one in use is refused, and one that is being copied
 * cannot be staged. Bytes that change while they are copied one after the other make a torn clone,
 * which a reflink, being one instant, does not.
 */
final class UnusedSources implements CopyEngine {

  private final CopyEngine engine;
  private final Pool pool;
  private final LoopDevices loops;
  private final VolumeLocks locks;
  private final Map<String, Integer> readers = new HashMap<>();

  UnusedSources(CopyEngine engine, Pool pool, LoopDevices loops, VolumeLocks locks) {
    this.engine = engine;
    this.pool = pool;
    this.loops = loops;
    this.locks = locks;
  }

  @Override
  public CopyReport copy(Path source, Path target, CopyOptions options, CopyListener listener)
      throws InterruptedException {
    String volumeId = Pool.volumeId(source);
    locks.run(
        volumeId,
        () -> {
          requireUnused(volumeId);
          count(volumeId, 1);
        });
    try {
      return engine.copy(source, target, options, listener);
    } finally {
      count(volumeId, -1);
    }
  }

  private void requireUnused(String volumeId) {
    MountTable table = MountTable.read();
    for (LoopDevice device : loops.attachedTo(pool.existing(volumeId))) {
      if (!table.of(device).isEmpty() || !table.nodesOf(device).isEmpty()) {
        throw new BackendException(
            Reason.IN_USE,
            "volume %s is in use on this node and pool %s (%s) cannot reflink, so its clone would be torn; stop its pods, or use a pool on XFS or btrfs"
                .formatted(volumeId, pool.folder(), pool.storageType()));
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

  /** Does nothing: the engine belongs to whoever made it. */
  @Override
  public void close() {}
}
