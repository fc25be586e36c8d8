package io.csiclone.copy;

/** How bytes get from source to target, fastest first. */
public enum CopyMethod {
  /** The filesystem shares the extents (FICLONE). */
  REFLINK,
  /** The kernel copies data ranges (copy_file_range), holes stay holes. */
  COPY_FILE_RANGE,
  /** Data ranges are read and written, holes and runs of zeros are not written. */
  READ_WRITE
}
