package io.csiclone.driver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

/** The numbers by which the kernel knows files and devices. */
final class DeviceNumbers {

  private static final long FILE_TYPE = 0170000;
  private static final long BLOCK_DEVICE = 0060000;
  private static final long SOCKET = 0140000;

  private DeviceNumbers() {}

  /** Which file this is, however it is called in this or another mount namespace. */
  record FileIdentity(String majorMinor, long inode) {}

  static FileIdentity identity(Path file) throws IOException {
    var attributes = Files.readAttributes(file, "unix:dev,ino", LinkOption.NOFOLLOW_LINKS);
    return new FileIdentity(majorMinor(number(attributes, "dev")), number(attributes, "ino"));
  }

  /** Whether the path is the block device with these numbers. */
  static boolean isDevice(Path path, String majorMinor) {
    try {
      var attributes = Files.readAttributes(path, "unix:rdev,mode", LinkOption.NOFOLLOW_LINKS);
      boolean block = (number(attributes, "mode") & FILE_TYPE) == BLOCK_DEVICE;
      return block && majorMinor(number(attributes, "rdev")).equals(majorMinor);
    } catch (IOException e) {
      return false;
    }
  }

  static boolean isSocket(Path path) {
    try {
      var attributes = Files.readAttributes(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
      return (number(attributes, "mode") & FILE_TYPE) == SOCKET;
    } catch (IOException e) {
      return false;
    }
  }

  /** The user this process acts as. */
  static int uid() {
    try {
      var attributes = Files.readAttributes(Path.of("/proc/self"), "unix:uid");
      return Math.toIntExact(number(attributes, "uid"));
    } catch (IOException e) {
      return -1;
    }
  }

  private static long number(Map<String, Object> attributes, String name) {
    return ((Number) Objects.requireNonNull(attributes.get(name), name)).longValue();
  }

  /** Linux packs a device number as the C library's makedev does. */
  static String majorMinor(long device) {
    long major = (device >>> 8 & 0xfff) | (device >>> 32 & ~0xfffL);
    long minor = (device & 0xff) | (device >>> 12 & ~0xffL & 0xffffffffL);
    return major + ":" + minor;
  }
}
