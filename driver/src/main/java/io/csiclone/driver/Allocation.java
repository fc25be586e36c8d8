package io.csiclone.driver;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** When a volume takes its room in the pool. */
enum Allocation {
  /** As it is written; clones share what neither side has written since. */
  THIN,
  /** All of it at once and for good: writing to it never fails for want of room in the pool. */
  THICK;

  static final String PARAMETER = "csi-clone.io/allocation";

  /** The word of a class. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Optional<Allocation> named(String word) {
    return Arrays.stream(values()).filter(one -> one.word().equals(word)).findFirst();
  }

  static List<String> words() {
    return Arrays.stream(values()).map(Allocation::word).toList();
  }
}
