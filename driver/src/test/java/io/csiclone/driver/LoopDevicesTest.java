package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The kernel keeps a loop device's read-only mark when the device goes from one file to the next.
 */
@Tag("native")
class LoopDevicesTest {

  private final LoopDevices devices = new LoopDevices();

  @TempDir private Path folder;

  @BeforeEach
  void needsRoot() {
    assumeTrue(DeviceNumbers.uid() == 0, "loop devices need root");
  }

  @Test
  void aDeviceThatSomebodyLeftReadOnlyIsAttachedWritable() throws Exception {
    LoopDevice others = devices.attach(file("theirs.img"));
    run("blockdev", "--setro", others);
    run("losetup", "-d", others);

    LoopDevice ours = devices.attach(file("ours.img"));
    try {
      assertThat(readOnlyMark(ours)).isEqualTo("0");
    } finally {
      devices.detach(ours);
    }
  }

  @Test
  void aReadOnlyDeviceIsLeftWritable() throws Exception {
    LoopDevice device = devices.attach(file("ours.img"));
    run("blockdev", "--setro", device);
    devices.detach(device);
    assertThat(readOnlyMark(device)).isEqualTo("0");
  }

  /** It is detached as soon as the last one closes it, behind the back of whoever took it. */
  @Test
  void aDeviceThatIsAboutToGoDoesNotCountAsAttached() throws Exception {
    Path file = file("ours.img");
    LoopDevice going = devices.attach(file);
    CompletableFuture<LoopDevice> attaching;
    try (FileChannel _ = FileChannel.open(going.path(), StandardOpenOption.READ)) {
      run("losetup", "-d", going);
      assertThat(Files.readString(going.sysfs().resolve("loop/autoclear"))).startsWith("1");
      attaching = CompletableFuture.supplyAsync(() -> devices.attach(file));
      Thread.sleep(300);
      assertThat(attaching).isNotDone();
    }

    LoopDevice stays = attaching.get(30, TimeUnit.SECONDS);
    try {
      assertThat(Files.readString(stays.sysfs().resolve("loop/autoclear"))).startsWith("0");
      assertThat(devices.attachedTo(file)).containsExactly(stays);
    } finally {
      devices.detach(stays);
    }
  }

  private Path file(String name) throws IOException {
    return Files.write(folder.resolve(name), new byte[1 << 20]);
  }

  private static void run(String program, String option, LoopDevice device) {
    Command.run(Command.SHORT, program, option, device.path().toString());
  }

  private static String readOnlyMark(LoopDevice device) throws IOException {
    return Files.readString(device.sysfs().resolve("ro")).strip();
  }
}
