package io.csiclone.driver;

import java.nio.file.Path;

/**
 * A loop device of this kernel.
 *
 * @param number N of {@code /dev/loopN}
 * @param majorMinor its device number, {@code 7:N} unless the module was told to make partitions
 */
record LoopDevice(int number, String majorMinor) {

  Path path() {
    return Path.of("/dev/loop" + number);
  }

  /** What the kernel tells about it. */
  Path sysfs() {
    return Path.of("/sys/block/loop" + number);
  }

  @Override
  public String toString() {
    return path().toString();
  }
}
