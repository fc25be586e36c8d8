package io.csiclone.driver;

import java.util.Map;

/** What is certain of the bytes that a clone or snapshot took over, told in its volume context. */
enum Guarantee {
  /** Nobody could write to the source from the first byte to the last. */
  UNUSED,
  /** All bytes are of one instant at which the filesystem was frozen: no journal to replay. */
  FROZEN,
  /** All bytes are of one instant, as after a power cut. */
  CRASH_CONSISTENT,
  /** The source may have changed between one byte and the next. */
  NONE;

  Map<String, String> context() {
    return Map.of(Consistency.PARAMETER, ClassParameters.word(this));
  }
}
