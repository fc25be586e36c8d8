package io.csiclone.driver;

import static io.csiclone.driver.TestPool.MIB;
import static io.csiclone.driver.TestPool.block;
import static io.csiclone.driver.TestPool.mounting;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.csiclone.csi.AccessType;
import io.csiclone.csi.BackendException;
import io.csiclone.csi.NodeBackend.Mounting;
import io.csiclone.csi.NodeStats.Stats;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What can be done with and learnt of a volume while it is in use. */
@Tag("native")
class VolumeInUseTest {

  @Test
  void aFilesystemGrowsUnderThePodThatUsesIt() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.create("vol-1", 320, "xfs");
      Path files = test.open("vol-1", mounting("xfs"));
      byte[] data = bytes();
      Files.write(files.resolve("data"), data);
      long before = Files.getFileStore(files).getTotalSpace();

      test.volumes.expand("vol-1", 900 * MIB);
      for (int i = 0; i < 2; i++) {
        test.node.expand("vol-1", files, List.of());
      }

      assertThat(Files.getFileStore(files).getTotalSpace()).isGreaterThan(before * 2);
      assertThat(files.resolve("data")).hasBinaryContent(data);
      test.shut("vol-1");
    }
  }

  /** Published ext4 grows only where the process has CAP_SYS_RESOURCE, which not all tests have. */
  @Test
  void aStagedExt4KeepsItsMountFlagsWhenItGrows() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.create("vol-1", 100, "ext4");
      Mounting noatime = new Mounting(AccessType.MOUNT, "ext4", List.of("noatime"), false);
      test.node.stage("vol-1", test.staging("vol-1"), noatime);
      long before = Files.getFileStore(test.staging("vol-1")).getTotalSpace();

      test.volumes.expand("vol-1", 300 * MIB);
      test.node.expand("vol-1", test.staging("vol-1"), noatime.mountFlags());

      assertThat(Files.getFileStore(test.staging("vol-1")).getTotalSpace())
          .isGreaterThan(before * 2);
      assertThat(MountTable.read().at(test.staging("vol-1")).orElseThrow().options())
          .contains("noatime");
      test.node.unstage("vol-1", test.staging("vol-1"));
    }
  }

  @Test
  void aBlockVolumeGrowsUnderThePodThatUsesIt() throws Exception {
    try (TestPool test = TestPool.on("ext4")) {
      test.create("vol-1", 64, "");
      Path device = test.open("vol-1", block(false));
      test.volumes.expand("vol-1", 128 * MIB);
      test.node.expand("vol-1", device, List.of());
      assertThat(Command.run(Command.SHORT, "blockdev", "--getsize64", device.toString()).strip())
          .isEqualTo(Long.toString(128 * MIB));
      assertThat(test.node.stats("vol-1", device).bytes().total()).isEqualTo(128 * MIB);
      test.shut("vol-1");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ext4", "xfs"})
  void statsFollowWhatIsWritten(String fsType) throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.create("vol-1", 320, fsType);
      Path files = test.open("vol-1", mounting(fsType));
      Stats before = test.node.stats("vol-1", files);
      Files.write(files.resolve("data"), new byte[(int) (20 * MIB)]);
      Command.run(Command.SHORT, "sync", "-f", files.toString());
      Stats after = test.node.stats("vol-1", files);

      assertThat(after.bytes().used() - before.bytes().used()).isBetween(20 * MIB, 21 * MIB);
      assertThat(before.bytes().available() - after.bytes().available())
          .isBetween(20 * MIB, 21 * MIB);
      assertThat(after.bytes().total()).isBetween(250 * MIB, 320 * MIB);
      assertThat(after.inodes().orElseThrow().used() - before.inodes().orElseThrow().used())
          .isEqualTo(1);
      assertThat(after.abnormal()).isEmpty();
      test.shut("vol-1");
    }
  }

  @Test
  void aFilesystemThatRefusesWritesIsAbnormal() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.create("vol-1", 100, "ext4");
      Path files = test.open("vol-1", mounting("ext4"));
      // What ext4 does to itself after an error: the mounts stay writable, the filesystem is not.
      Command.run(Command.SHORT, "mount", "-o", "remount,abort", files.toString());
      Command.attempt(Command.SHORT, "touch", files.resolve("data").toString());
      assertThat(test.node.stats("vol-1", files).abnormal().orElse(""))
          .contains("vol-1", "has gone read-only");
      test.shut("vol-1");
    }
  }

  @Test
  void aPlaceWhereTheVolumeIsNotIsNotFound() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.create("vol-1", 64, "");
      assertThatThrownBy(() -> test.node.stats("vol-1", test.target("vol-1")))
          .isInstanceOf(BackendException.class)
          .hasMessageContaining("is neither staged nor published at");
      test.open("vol-1", block(false));
      assertThatThrownBy(() -> test.node.expand("vol-1", Path.of("/proc"), List.of()))
          .isInstanceOf(BackendException.class)
          .hasMessageContaining("is neither staged nor published at /proc");
      test.shut("vol-1");
    }
  }

  @Test
  void publicationsAreKnownWithoutTheStaging() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.create("vol-1", 100, "ext4");
      test.create("vol-2", 64, "");
      test.node.stage("vol-1", test.staging("vol-1"), mounting("ext4"));
      assertThat(test.node.publishedAt("vol-1", test.staging("vol-1"))).isEmpty();
      Path mounted = test.open("vol-1", mounting("ext4"));
      Path device = test.open("vol-2", block(false));
      assertThat(test.node.publishedAt("vol-1", test.staging("vol-1"))).containsExactly(mounted);
      assertThat(test.node.publishedAt("vol-2", test.staging("vol-2"))).containsExactly(device);
      test.shut("vol-1");
      test.shut("vol-2");
      assertThat(test.node.publishedAt("vol-1", test.staging("vol-1"))).isEmpty();
    }
  }

  private static byte[] bytes() {
    byte[] bytes = new byte[1 << 20];
    new Random(7).nextBytes(bytes);
    return bytes;
  }
}
