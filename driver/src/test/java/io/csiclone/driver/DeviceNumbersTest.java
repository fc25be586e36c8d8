package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class DeviceNumbersTest {

  @Test
  void smallNumbersAreInTheLowBytes() {
    assertThat(DeviceNumbers.majorMinor(0x0700)).isEqualTo("7:0");
    assertThat(DeviceNumbers.majorMinor(0xfe01)).isEqualTo("254:1");
  }

  @Test
  void largeMajorsAndMinorsArePutTogether() {
    // major 0x12345, minor 0x67890 by makedev
    long device =
        (0x12345L & 0xfff) << 8
            | (0x12345L & ~0xfffL) << 32
            | 0x67890L & 0xff
            | (0x67890L & ~0xffL) << 12;

    assertThat(DeviceNumbers.majorMinor(device)).isEqualTo(0x12345 + ":" + 0x67890);
  }

  @Test
  void aFileIsNoDevice() {
    assertThat(DeviceNumbers.isDevice(Path.of("/proc/self/mountinfo"), "7:0")).isFalse();
    assertThat(DeviceNumbers.isDevice(Path.of("/dev/null"), "1:3")).isFalse();
    assertThat(DeviceNumbers.isDevice(Path.of("/nowhere"), "7:0")).isFalse();
  }
}
