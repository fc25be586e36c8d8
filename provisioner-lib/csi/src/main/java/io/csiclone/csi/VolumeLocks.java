package io.csiclone.csi;

import io.grpc.Context;
import io.grpc.Deadline;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/** One lock a volume id. Waiting is bounded; an id that nobody holds takes no memory. */
final class VolumeLocks {

  private static final class Entry {
    final ReentrantLock lock = new ReentrantLock();
    int users;
  }

  private final ConcurrentHashMap<String, Entry> entries = new ConcurrentHashMap<>();

  /** Held locks, released by the thread that took them. */
  interface Held extends AutoCloseable {
    @Override
    void close();
  }

  Held acquire(Patience patience, String volumeId) {
    return acquire(patience, List.of(volumeId));
  }

  /**
   * Takes all or none. Always in the order of the ids, so that two calls cannot wait in a ring.
   * None for a caller who has given up meanwhile: by now it may have asked for the opposite.
   */
  Held acquire(Patience patience, Collection<String> volumeIds) {
    List<String> taken = new ArrayList<>();
    for (String volumeId : new TreeSet<>(volumeIds)) {
      if (!lock(patience, volumeId)) {
        taken.reversed().forEach(this::unlock);
        throw Refusal.pending("Another operation on volume " + volumeId + " is running");
      }
      taken.add(volumeId);
    }
    if (callerIsGone()) {
      taken.reversed().forEach(this::unlock);
      throw Refusal.pending("The caller has given up, so nothing was begun");
    }
    return () -> taken.reversed().forEach(this::unlock);
  }

  private static boolean callerIsGone() {
    Context call = Context.current();
    Deadline deadline = call.getDeadline();
    return call.isCancelled() || deadline != null && deadline.isExpired();
  }

  private boolean lock(Patience patience, String volumeId) {
    Entry entry =
        entries.compute(
            volumeId,
            (id, known) -> {
              Entry used = known == null ? new Entry() : known;
              used.users++;
              return used;
            });
    boolean locked = false;
    try {
      locked = entry.lock.tryLock(patience.nanosLeft(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (!locked) {
        leave(volumeId);
      }
    }
    return locked;
  }

  private void unlock(String volumeId) {
    Entry entry = entries.get(volumeId);
    if (entry == null) {
      throw new IllegalStateException("Volume " + volumeId + " is not locked");
    }
    entry.lock.unlock();
    leave(volumeId);
  }

  private void leave(String volumeId) {
    entries.computeIfPresent(volumeId, (id, entry) -> --entry.users == 0 ? null : entry);
  }
}
