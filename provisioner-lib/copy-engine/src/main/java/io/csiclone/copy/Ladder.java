package io.csiclone.copy;

import io.csiclone.copy.CopyReport.PassedOver;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;

/** The method a copy uses, and those it has passed over. Shared by the threads of one copy. */
final class Ladder {

  private final List<PassedOver> passedOver = new CopyOnWriteArrayList<>();
  private final boolean digesting;
  private final BooleanSupplier pastCache;
  private volatile CopyMethod method;

  /**
   * @param digesting whether the bytes have to pass through the engine
   * @param pastCache whether moving the source past the page cache costs less than a copy by the
   *     kernel, which goes through it wherever extents cannot be shared; asked when it matters
   */
  Ladder(CopyMethod fastest, boolean digesting, BooleanSupplier pastCache) {
    this.method = fastest;
    this.digesting = digesting;
    this.pastCache = pastCache;
    for (CopyMethod faster : CopyMethod.values()) {
      if (faster.compareTo(fastest) < 0) {
        passedOver.add(new PassedOver(faster, "the options do not allow it"));
      }
    }
    passOverWhatHidesBytes();
  }

  CopyMethod method() {
    return method;
  }

  /** Goes down by one; nothing happens when another thread has done so before. */
  synchronized void passOver(CopyMethod from, String reason) {
    if (method != from) {
      return;
    }
    passedOver.add(new PassedOver(from, reason));
    method = CopyMethod.values()[from.ordinal() + 1];
    passOverWhatHidesBytes();
    if (method == CopyMethod.COPY_FILE_RANGE && pastCache.getAsBoolean()) {
      passedOver.add(
          new PassedOver(method, "the source is not cached and is moved past the cache"));
      method = CopyMethod.READ_WRITE;
    }
  }

  private void passOverWhatHidesBytes() {
    if (digesting && method == CopyMethod.COPY_FILE_RANGE) {
      passedOver.add(new PassedOver(method, "it hides the bytes from the digest"));
      method = CopyMethod.READ_WRITE;
    }
  }

  /** Fastest first. */
  List<PassedOver> passedOver() {
    return passedOver.stream().sorted(Comparator.comparing(PassedOver::method)).toList();
  }
}
