package io.csiclone.copy;

/** How bytes get from source to target, fastest first. */
public enum CopyMethod {
  /** The filesystem shares all extents at once (FICLONE). */
  REFLINK,
  /** The filesystem shares extents range by range (FICLONERANGE). */
  REFLINK_RANGES,
  /** The kernel copies data ranges (copy_file_range), holes stay holes. */
  COPY_FILE_RANGE,
  /** Data ranges are read and written by several threads; holes and runs of zeros are not. */
  READ_WRITE,
  /** All of it is read through the cache and written in order by one thread at a time. */
  PLAIN
}
