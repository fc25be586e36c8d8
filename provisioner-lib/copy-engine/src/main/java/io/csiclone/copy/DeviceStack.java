package io.csiclone.copy;

import io.csiclone.copy.internal.linux.Descriptor;
import io.csiclone.copy.internal.linux.DeviceNumber;
import io.csiclone.copy.internal.linux.FileIdentity;
import io.csiclone.copy.internal.linux.FileStatus;
import io.csiclone.copy.internal.linux.FileStatus.Kind;
import io.csiclone.copy.internal.linux.LoopBacking;
import io.csiclone.copy.internal.linux.Medium;
import io.csiclone.copy.internal.linux.SystemCallException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What lies under a block device, as sysfs tells: the disk under a partition, the devices under a
 * mapped one, the file under a loop device. Nothing lies under a regular file here; that a device
 * is used by a mounted filesystem the kernel tells when the device is opened exclusively.
 *
 * @param path the file or device asked about
 * @param self what it is
 * @param loopFile the file directly under it, if it is a loop device
 * @param below everything under it, at any depth
 */
record DeviceStack(Path path, Medium self, Optional<FileIdentity> loopFile, Set<Medium> below) {

  private static final Path DEVICES = Path.of("/sys/dev/block");
  private static final Path DISKS = Path.of("/sys/block");

  /** One short read instead of a look at each device that there could be. */
  private static final Path PARTITIONS = Path.of("/proc/partitions");

  static DeviceStack of(Path path, FileStatus status) {
    Set<Medium> below = new HashSet<>();
    if (status.kind() != Kind.BLOCK_DEVICE) {
      return new DeviceStack(path, status.identity(), Optional.empty(), below);
    }
    Optional<FileIdentity> loopFile = loopFile(path);
    loopFile.ifPresent(below::add);
    descend(status.node(), below);
    // A partition answers for its whole disk; another partition of it is another medium.
    boolean partition = Files.exists(DEVICES.resolve(status.node() + "/partition"));
    return new DeviceStack(path, status.node(), partition ? Optional.empty() : loopFile, below);
  }

  /** Refuses to write to {@code target} what comes from here if that is the same medium. */
  void refuseSame(DeviceStack target) {
    boolean same =
        self.equals(target.self)
            || below.contains(target.self)
            || target.below.contains(self)
            || (loopFile.isPresent() && loopFile.equals(target.loopFile));
    if (same) {
      throw new CopyException(
          CopyFailure.SAME_AS_SOURCE,
          "the target "
              + target.path
              + " is the source "
              + path
              + " itself, or one of them is a device on top of the other");
    }
  }

  /** Refuses a target file that is the medium of a loop device. */
  static void refuseAttached(Path path, FileStatus status) {
    if (status.kind() == Kind.BLOCK_DEVICE) {
      return;
    }
    try {
      for (Path disk : loopDevices()) {
        if (backing(disk).map(FileStatus::identity).filter(status.identity()::equals).isPresent()) {
          throw new CopyException(
              CopyFailure.TARGET_IN_USE,
              "the target "
                  + path
                  + " is attached as loop device /dev/"
                  + disk.getFileName()
                  + "; detach it or name the device");
        }
      }
    } catch (NoSuchFileException e) {
      // No procfs, so no loop devices to be seen either.
    } catch (IOException e) {
      throw new CopyException(CopyFailure.IO_ERROR, "cannot read " + PARTITIONS + ": " + e, e);
    }
  }

  /** Those that are attached to anything: the others have no size and are not told of. */
  private static List<Path> loopDevices() throws IOException {
    return Files.readAllLines(PARTITIONS).stream()
        .map(line -> line.substring(line.lastIndexOf(' ') + 1))
        .filter(name -> name.startsWith("loop"))
        .map(DISKS::resolve)
        .toList();
  }

  /** Asks the device itself, which knows the file also where its path is another one. */
  private static Optional<FileIdentity> loopFile(Path device) {
    try (Descriptor descriptor = Descriptor.forReading(device)) {
      return descriptor.loopBacking().map(LoopBacking::file);
    } catch (SystemCallException e) {
      return Optional.empty();
    }
  }

  private static void descend(DeviceNumber device, Set<Medium> below) {
    try {
      Path node = DEVICES.resolve(device.toString());
      if (Files.notExists(node)) {
        return;
      }
      Path directory = node.toRealPath();
      if (Files.exists(directory.resolve("partition"))) {
        add(directory.resolveSibling("dev"), below);
      }
      Path slaves = directory.resolve("slaves");
      if (Files.isDirectory(slaves)) {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(slaves)) {
          for (Path entry : entries) {
            add(entry.resolve("dev"), below);
          }
        }
      }
      Optional<FileStatus> backing = backing(directory);
      if (backing.isPresent()) {
        add(backing.get(), below);
      }
    } catch (IOException e) {
      // A device that goes away while it is looked at; opening it will say so.
    }
  }

  private static void add(Path devFile, Set<Medium> below) throws IOException {
    String[] parts = Files.readString(devFile).strip().split(":", 2);
    add(new DeviceNumber(Integer.parseInt(parts[0]), Integer.parseInt(parts[1])), below);
  }

  private static void add(FileStatus status, Set<Medium> below) {
    if (status.kind() == Kind.BLOCK_DEVICE) {
      add(status.node(), below);
    } else {
      below.add(status.identity());
    }
  }

  private static void add(DeviceNumber device, Set<Medium> below) {
    if (below.add(device)) {
      descend(device, below);
    }
  }

  /**
   * The file a loop device is over, by the path it had when it was attached; empty for other
   * devices, partitions of a loop device among them.
   */
  static Optional<Path> pathOfLoopFile(DeviceNumber device) {
    return pathOfLoopFile(DEVICES.resolve(device.toString()));
  }

  private static Optional<Path> pathOfLoopFile(Path disk) {
    Path file = disk.resolve("loop/backing_file");
    if (!Files.exists(file)) {
      // Looked at first: an exception for each free device would cost a small copy half its time.
      return Optional.empty();
    }
    try {
      return Optional.of(Path.of(Files.readString(file).stripTrailing()));
    } catch (IOException | InvalidPathException e) {
      return Optional.empty();
    }
  }

  /** What a disk is a loop device over; empty for other disks, and where no path leads there. */
  static Optional<FileStatus> backing(Path disk) {
    try {
      Optional<Path> file = pathOfLoopFile(disk);
      return file.isEmpty() ? Optional.empty() : Optional.of(FileStatus.of(file.get()));
    } catch (SystemCallException e) {
      return Optional.empty();
    }
  }
}
