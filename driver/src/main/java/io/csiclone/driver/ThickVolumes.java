package io.csiclone.driver;

import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The volumes whose room in the pool is set aside. The pool's mark says which they are; what is set
 * aside is made whole again wherever something may have given it back.
 */
final class ThickVolumes {

  private final Pool pool;

  ThickVolumes(Pool pool) {
    this.pool = pool;
  }

  /**
   * @throws BackendException with {@link Reason#INVALID} where nothing can be set aside
   */
  void requirePossible() {
    if (pool.storageType().equals("btrfs")) {
      throw new BackendException(
          Reason.INVALID,
          "class parameter %s is '%s', but pool %s is on btrfs, which writes to new places and cannot set room aside; use '%s', or a pool on XFS or ext4"
              .formatted(
                  Allocation.PARAMETER,
                  Allocation.THICK.word(),
                  pool.folder(),
                  Allocation.THIN.word()));
    }
  }

  boolean contain(String volumeId) {
    return pool.marks().has(VolumeMark.THICK, volumeId);
  }

  /** From now on the volume is thick, and has its room. */
  void add(String volumeId) {
    pool.marks().set(VolumeMark.THICK, volumeId);
    setAside(pool.existing(volumeId), pool.size(volumeId));
  }

  /** Gives the volume all of its room again if it is thick. */
  void complete(String volumeId) {
    if (!contain(volumeId)) {
      return;
    }
    try {
      setAside(pool.existing(volumeId), pool.size(volumeId));
    } catch (BackendException e) {
      // In a pool without any room XFS refuses even what is there already.
      if (pool.allocatedBytes(volumeId) < pool.size(volumeId)) {
        throw e;
      }
    }
  }

  /** As {@link #complete}; answers what a user is to be told if there is not enough room. */
  Optional<String> restore(String volumeId) {
    try {
      complete(volumeId);
      return Optional.empty();
    } catch (BackendException e) {
      return Optional.of(
          "Room that thick volume %s gave back is not there any more: %s"
              .formatted(volumeId, e.getMessage()));
    }
  }

  /**
   * Takes room for the first bytes of a file, without changing its length or what is in it.
   *
   * @throws BackendException with {@link Reason#OUT_OF_SPACE} when there is not enough
   */
  static void setAside(Path image, long bytes) {
    Command.Result result =
        Command.attempt(
            Command.LONG, "fallocate", "-n", "-l", Long.toString(bytes), image.toString());
    if (!result.ok()) {
      // What was taken beyond its end goes back; nothing else changes.
      Command.attempt(Command.SHORT, "truncate", "-s", "+0", image.toString());
      boolean full = result.err().contains("No space left");
      throw new BackendException(
          full ? Reason.OUT_OF_SPACE : Reason.FAILED,
          "cannot set %d bytes aside for %s: %s"
              .formatted(bytes, image.getFileName(), result.err()));
    }
  }
}
