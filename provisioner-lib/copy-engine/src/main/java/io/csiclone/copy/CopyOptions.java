package io.csiclone.copy;

/**
 * What a copy may do.
 *
 * @param fastest the fastest method that may be tried; slower ones follow when it is not available
 */
public record CopyOptions(CopyMethod fastest) {

  /** Every method allowed. */
  public static CopyOptions defaults() {
    return new CopyOptions(CopyMethod.REFLINK);
  }
}
