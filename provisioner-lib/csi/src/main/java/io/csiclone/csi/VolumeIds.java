package io.csiclone.csi;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** Volume ids: how they are made and which strings may reach a backend at all. */
final class VolumeIds {

  /** No separator, no dot, no upper case: an id is a safe file name on every filesystem. */
  private static final Pattern WELL_FORMED = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

  private static final Pattern GIVEN = Pattern.compile("(?:vol|snap)-[0-9a-f]{32}");
  private static final Pattern SNAPSHOT_ID = Pattern.compile("snap-[0-9a-f]{32}");
  private static final String VOLUME = "vol-";
  private static final String SNAPSHOT = "snap-";

  private VolumeIds() {}

  /** The id of the volume with that CSI name. The same name gives the same id, on any day. */
  static String forName(String name) {
    return VOLUME + hash(name);
  }

  /** The id of the snapshot with that CSI name; volumes and snapshots may share names. */
  static String forSnapshotName(String name) {
    return SNAPSHOT + hash(name);
  }

  static boolean isSnapshot(String id) {
    return SNAPSHOT_ID.matcher(id).matches();
  }

  private static String hash(String name) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }

  /** Whether the string can be the id of a volume; all others are unknown by their shape. */
  static boolean wellFormed(String volumeId) {
    return WELL_FORMED.matcher(volumeId).matches();
  }

  /** Whether the string can be an id that was made here. */
  static boolean given(String id) {
    return GIVEN.matcher(id).matches();
  }
}
