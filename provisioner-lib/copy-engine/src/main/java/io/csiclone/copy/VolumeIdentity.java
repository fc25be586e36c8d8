package io.csiclone.copy;

import io.csiclone.copy.internal.linux.FileStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * Names a file or device for a journal, so that it is known again after a restart: paths may lead
 * elsewhere by then, and device numbers may be given to others.
 */
final class VolumeIdentity {

  private static final Path DEVICES = Path.of("/sys/dev/block");
  private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");

  private VolumeIdentity() {}

  static String ofFile(FileStatus status) {
    // The time of birth tells an inode number that was given again, and does not change at a reboot
    // as a filesystem's device number may.
    return status.born().equals(Instant.EPOCH)
        ? "file inode %d of filesystem %s".formatted(status.inode(), status.device())
        : "file inode %d born %s".formatted(status.inode(), status.born());
  }

  static String versionOfFile(FileStatus status) {
    return "modified %s changed %s".formatted(status.modified(), status.changed());
  }

  static String ofDevice(FileStatus status) {
    Path device = DEVICES.resolve(status.node().toString());
    Path disk = device;
    String part = "";
    Optional<String> partition = line(device.resolve("partition"));
    if (partition.isPresent()) {
      part = "partition " + partition.get() + " of ";
      disk = parent(device);
    }
    Optional<String> lasting =
        DeviceStack.backing(disk)
            .map(file -> "loop device over " + ofFile(file))
            .or(() -> line(DEVICES.resolve(status.node() + "/dm/uuid")));
    Path wholeDisk = disk;
    return part
        + lasting
            .or(() -> line(wholeDisk.resolve("wwid")))
            .or(() -> line(wholeDisk.resolve("device/wwid")))
            .orElseGet(
                () -> "device %s of boot %s".formatted(status.node(), line(BOOT).orElse("?")));
  }

  private static Path parent(Path device) {
    try {
      return device.toRealPath().resolveSibling("");
    } catch (IOException e) {
      return device;
    }
  }

  private static Optional<String> line(Path file) {
    try {
      return Optional.of(Files.readString(file).strip().replace('\n', ' '))
          .filter(text -> !text.isEmpty());
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
