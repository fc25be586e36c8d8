package io.csiclone.csi;

import java.util.List;
import java.util.Locale;

/**
 * A {@link VolumeBackend} that can list what its storage holds implements this too. The library
 * then looks at the start and every now and then for what no record explains, see {@link
 * SweepReport}.
 */
public interface StorageInventory {

  /** Everything that belongs to a volume or is where volumes are, whoever made it. */
  List<Trace> traces();

  /** What kind of thing a trace is. */
  enum Kind {
    /** A file, or whatever the storage keeps volumes in. */
    FILE,
    /** A device that a volume is attached as. */
    DEVICE,
    /** A place where a volume is mounted. */
    MOUNT;

    /** Its name for people and metrics. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * One thing that was found.
   *
   * @param kind what it is
   * @param volumeId the volume it belongs to; empty when it is none's
   * @param where its path or name, for an administrator
   */
  record Trace(Kind kind, String volumeId, String where) {}
}
