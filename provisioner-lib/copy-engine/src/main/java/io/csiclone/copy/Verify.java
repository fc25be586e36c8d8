package io.csiclone.copy;

/** How far a copy is proved before it is reported as done. */
public enum Verify {
  /** Every call succeeded and the data is on the medium; nothing is computed or compared. */
  OFF,
  /**
   * A {@link VolumeDigest} of the source is computed from the bytes as they pass, for comparing
   * with the copy at any later time. Costs the range copy in the kernel, which hides the bytes.
   * Shared extents are not read and get no digest: there is one set of bytes only.
   */
  DIGEST,
  /**
   * After the last fsync the target's cache is dropped, and source and target are read and compared
   * to the byte, whatever method made the copy; the report has the digest. Costs one more read of
   * both.
   */
  READ_BACK
}
