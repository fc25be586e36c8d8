package io.csiclone.driver;

/** What a class asks of a clone or snapshot whose source is in use. */
enum Consistency {
  /**
   * The clone is what a power cut at one instant would have left, or better: a mounted filesystem
   * is frozen for that instant. Where bytes have to be copied, sources in use are refused.
   */
  CRASH_CONSISTENT,
  /** Sources in use are refused. */
  REQUIRE_UNUSED,
  /** Nothing is frozen and nothing refused. Where bytes have to be copied the clone may be torn. */
  BEST_EFFORT;

  static final String PARAMETER = "csi-clone.io/consistency";

  /** The word of a class. */
  String word() {
    return ClassParameters.word(this);
  }
}
