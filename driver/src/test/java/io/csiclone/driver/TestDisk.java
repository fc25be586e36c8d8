package io.csiclone.driver;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A filesystem of its own below a temporary folder.
 *
 * @param base the temporary folder, for whatever else belongs to the test
 * @param folder where it is mounted
 * @param device what it is on
 */
record TestDisk(Path base, Path folder, Path device) implements AutoCloseable {

  private static final long BYTES = 4096L << 20;

  /** One with xfs, btrfs or ext4. Skips the test when not root. */
  static TestDisk with(String fsType) throws IOException {
    return with(fsType, BYTES);
  }

  /** One of that size, of which only what is written is taken from the temporary folder. */
  static TestDisk with(String fsType, long bytes) throws IOException {
    assumeTrue(DeviceNumbers.uid() == 0, "needs root: loop devices and mounts");
    Path base = Files.createTempDirectory("csi-clone-driver-").toRealPath();
    Path disk = base.resolve("disk");
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.setLength(bytes);
    }
    Command.run(Command.LONG, "mkfs." + fsType, "-q", disk.toString());
    Path device = new LoopDevices().attach(disk).path();
    Path folder = Files.createDirectory(base.resolve("pool"));
    Command.run(Command.SHORT, "mount", "-t", fsType, device.toString(), folder.toString());
    return new TestDisk(base, folder, device);
  }

  @Override
  public void close() {
    Command.run(Command.SHORT, "umount", folder.toString());
    Command.run(Command.SHORT, "losetup", "-d", device.toString());
    Command.run(Command.SHORT, "rm", "-rf", "--one-file-system", base.toString());
  }
}
