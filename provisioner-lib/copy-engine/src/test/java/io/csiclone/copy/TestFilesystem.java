package io.csiclone.copy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;

/** The filesystems the engine is tried on, and which methods each serves. */
enum TestFilesystem {
  /** Shares extents. */
  XFS(EnumSet.allOf(CopyMethod.class), "mkfs.xfs", "-q", "-m", "reflink=1"),
  /** Shares extents, and checks what it stores. */
  BTRFS(EnumSet.allOf(CopyMethod.class), "mkfs.btrfs", "-q"),
  /** Shares nothing. */
  EXT4(EnumSet.range(CopyMethod.COPY_FILE_RANGE, CopyMethod.PLAIN), "mkfs.ext4", "-q"),
  /** Has no blocks to share. */
  TMPFS(EnumSet.range(CopyMethod.COPY_FILE_RANGE, CopyMethod.PLAIN));

  private static final long SIZE = 512L << 20;

  private final Set<CopyMethod> served;
  private final String[] mkfs;

  TestFilesystem(Set<CopyMethod> served, String... mkfs) {
    this.served = served;
    this.mkfs = mkfs;
  }

  Set<CopyMethod> served() {
    return EnumSet.copyOf(served);
  }

  /** Mounts a new one in a folder below. */
  Mount mount(Path folder) throws IOException, InterruptedException {
    return mkfs.length == 0
        ? Mount.memory(folder, "tmpfs", "size=" + SIZE)
        : Mount.image(folder, SIZE, mkfs);
  }
}
