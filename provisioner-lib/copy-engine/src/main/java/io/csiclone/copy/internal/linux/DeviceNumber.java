package io.csiclone.copy.internal.linux;

/** The number the kernel knows a device by. */
public record DeviceNumber(int major, int minor) implements Medium {

  /** Undoes the kernel's packing of both numbers into one, as loop devices report it. */
  static DeviceNumber unpack(long packed) {
    return new DeviceNumber(
        (int) ((packed >>> 8) & 0xfff), (int) ((packed & 0xff) | ((packed >>> 12) & 0xfff00)));
  }

  /** As sysfs writes it: {@code 7:0}. */
  @Override
  public String toString() {
    return major + ":" + minor;
  }
}
