package io.csiclone.webhook;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The names of members that reviews of claims have. A name that is found here needs no string of
 * its own. Any other is just as good a name, so this only has to be right about those it holds.
 */
final class JsonNames {

  private static final List<String> USUAL =
      List.of(
          "kind apiVersion request response uid group version resource name namespace operation",
          "userInfo username groups extra object oldObject dryRun options subResource",
          "requestKind requestResource requestSubResource",
          "metadata generateName creationTimestamp deletionTimestamp labels annotations finalizers",
          "ownerReferences managedFields resourceVersion generation selfLink manager time",
          "fieldsType fieldsV1 subresource f:metadata f:spec f:status f:accessModes f:resources",
          "f:dataSource f:dataSourceRef f:volumeMode f:storageClassName f:volumeName f:selector",
          "f:requests f:storage .",
          "spec status accessModes resources requests limits storage storageClassName volumeMode",
          "volumeName volumeAttributesClassName selector dataSource dataSourceRef apiGroup phase",
          "kubectl.kubernetes.io/last-applied-configuration");

  /** A power of two, some four times as many as there are names. */
  private static final int PLACES = 512;

  private static final String[] NAMES = new String[PLACES];
  private static final byte[][] BYTES = new byte[PLACES][];

  static {
    for (var line : USUAL) {
      for (var name : line.split(" ")) {
        var bytes = name.getBytes(StandardCharsets.US_ASCII);
        int hash = 0;
        for (byte each : bytes) {
          hash = hash(hash, each);
        }
        int place = hash & PLACES - 1;
        while (NAMES[place] != null) {
          place = place + 1 & PLACES - 1;
        }
        NAMES[place] = name;
        BYTES[place] = bytes;
      }
    }
  }

  private JsonNames() {}

  /** The hash of a name, byte by byte. */
  static int hash(int before, byte next) {
    return before * 31 + next;
  }

  /** The name that stands there, or null when it is none of the usual ones. */
  static @Nullable String known(int hash, byte[] text, int from, int to) {
    int place = hash & PLACES - 1;
    while (true) {
      byte[] bytes = BYTES[place];
      if (bytes == null) {
        return null;
      }
      if (isAt(bytes, text, from, to)) {
        return NAMES[place];
      }
      place = place + 1 & PLACES - 1;
    }
  }

  private static boolean isAt(byte[] name, byte[] text, int from, int to) {
    if (name.length != to - from) {
      return false;
    }
    for (int i = 0; i < name.length; i++) {
      if (name[i] != text[from + i]) {
        return false;
      }
    }
    return true;
  }
}
