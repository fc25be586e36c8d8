package io.csiclone.driver;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What a volume carries from one driver process to the next, beside its record. */
enum VolumeMark {
  /** mkfs was started on it and has not ended. */
  FORMATTING,
  /** Its filesystem was frozen and not yet thawed. */
  FROZEN,
  /** Its filesystem was unmounted to be grown; holds the mount point. */
  GROWING,
  /** Its room in the pool is set aside. */
  THICK;

  /** The end of the mark's file name. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** All of them, as alternatives of a regular expression. */
  static String words() {
    return Arrays.stream(values()).map(VolumeMark::word).collect(Collectors.joining("|"));
  }
}
