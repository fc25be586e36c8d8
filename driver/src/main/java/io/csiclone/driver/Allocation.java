package io.csiclone.driver;

/** When a volume takes its room in the pool. */
enum Allocation {
  /** As it is written; clones share what neither side has written since. */
  THIN,
  /** All of it at once and for good: writing to it never fails for want of room in the pool. */
  THICK;

  static final String PARAMETER = "csi-clone.io/allocation";

  /** The word of a class. */
  String word() {
    return ClassParameters.word(this);
  }
}
