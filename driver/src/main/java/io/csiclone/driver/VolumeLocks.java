package io.csiclone.driver;

import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * One lock a volume, so that a volume is not cloned or deleted while it is attached or detached.
 * Locks live as long as somebody holds or awaits them.
 */
final class VolumeLocks {

  /** Fifty clones of one source take turns, and each may have to write out much. */
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private static final class Counted {
    final ReentrantLock lock = new ReentrantLock();
    int users;
  }

  private final ConcurrentHashMap<String, Counted> locks = new ConcurrentHashMap<>();

  <T> T with(String volumeId, Supplier<T> work) {
    Counted counted =
        locks.compute(
            volumeId,
            (id, present) -> {
              Counted mine = present == null ? new Counted() : present;
              mine.users++;
              return mine;
            });
    try {
      if (!counted.lock.tryLock(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new BackendException(
            Reason.FAILED,
            "volume %s has been busy for %d seconds; try again"
                .formatted(volumeId, LIMIT.toSeconds()));
      }
      try {
        return work.get();
      } finally {
        counted.lock.unlock();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BackendException(
          Reason.FAILED, "interrupted while waiting for volume " + volumeId, e);
    } finally {
      locks.computeIfPresent(volumeId, (id, present) -> --present.users == 0 ? null : present);
    }
  }

  void run(String volumeId, Runnable work) {
    with(
        volumeId,
        () -> {
          work.run();
          return true;
        });
  }

  /** How many volumes are being worked on. */
  int size() {
    return locks.size();
  }
}
