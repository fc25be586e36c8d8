package io.csiclone.copy;

import java.util.Objects;

/**
 * What a copy may do.
 *
 * @param fastest the fastest method that may be tried; slower ones follow when it is not available
 * @param verify how far the copy is proved
 * @param bytesPerSecond the most data bytes moved in a second, {@link Long#MAX_VALUE} for no limit;
 *     holes and shared extents move nothing. Kept within 5 % over copies that take a second or more
 */
public record CopyOptions(CopyMethod fastest, Verify verify, long bytesPerSecond) {

  /** Checks the limit. */
  public CopyOptions {
    Objects.requireNonNull(fastest, "fastest");
    Objects.requireNonNull(verify, "verify");
    if (bytesPerSecond < 1) {
      throw new IllegalArgumentException(
          "bytesPerSecond must be 1 or more, but is " + bytesPerSecond);
    }
  }

  /** A copy as fast as it goes, not verified. */
  public CopyOptions(CopyMethod fastest) {
    this(fastest, Verify.OFF, Long.MAX_VALUE);
  }

  /** Every method allowed, not verified, no limit. */
  public static CopyOptions defaults() {
    return new CopyOptions(CopyMethod.REFLINK);
  }

  /** The same with another verification. */
  public CopyOptions verified(Verify how) {
    return new CopyOptions(fastest, how, bytesPerSecond);
  }

  /** The same with a rate limit, in bytes a second. */
  public CopyOptions limitedTo(long limit) {
    return new CopyOptions(fastest, verify, limit);
  }
}
