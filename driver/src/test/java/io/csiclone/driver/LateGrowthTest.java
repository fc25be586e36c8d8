package io.csiclone.driver;

import static io.csiclone.driver.TestPool.MIB;
import static io.csiclone.driver.TestPool.block;
import static io.csiclone.driver.TestPool.mounting;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Growth that was interrupted, or came when the volume was staged and nobody used it yet. */
@Tag("native")
class LateGrowthTest {

  @Test
  void aBlockVolumeExpandedAfterItWasStagedIsPublishedAtItsNewSize() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      var _ = test.create("vol-1", 16, "ext4");
      test.node.stage("vol-1", test.staging("vol-1"), block(false));
      var _ = test.volumes.expand("vol-1", 48 * MIB);

      test.node.publish("vol-1", test.staging("vol-1"), test.target("vol-1"), block(false));

      try (RandomAccessFile device = new RandomAccessFile(test.target("vol-1").toFile(), "r")) {
        assertThat(device.length()).isEqualTo(48 * MIB);
      }
      test.shut("vol-1");
    }
  }

  /** It had to unmount the filesystem and was killed before it mounted it again. */
  @Test
  void theNextAttemptAfterAKillMountsItAgainAndGrowsIt() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      Path staging = killedWhileGrowing(test);

      test.node.expand("vol-1", staging, List.of());

      assertThat(staging.resolve("data")).hasContent("kept");
      assertThat(Files.getFileStore(staging).getTotalSpace()).isGreaterThan(40 * MIB);
      assertThat(test.pool.marks().content(VolumeMark.GROWING, "vol-1")).isEmpty();
      test.node.unstage("vol-1", staging);
    }
  }

  @Test
  void aNewStageAfterAKillMountsItToo() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      Path staging = killedWhileGrowing(test);

      test.node.stage("vol-1", staging, mounting("ext4"));

      assertThat(staging.resolve("data")).hasContent("kept");
      assertThat(test.pool.marks().content(VolumeMark.GROWING, "vol-1")).isEmpty();
      test.node.unstage("vol-1", staging);
    }
  }

  @Test
  void anUnstageAfterAKillForgetsIt() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      Path staging = killedWhileGrowing(test);

      test.node.unstage("vol-1", staging);

      assertThat(test.pool.marks().content(VolumeMark.GROWING, "vol-1")).isEmpty();
    }
  }

  /** Attached, not mounted, marked: what the kill leaves. */
  private static Path killedWhileGrowing(TestPool test) throws Exception {
    var _ = test.create("vol-1", 16, "ext4");
    Path staging = test.staging("vol-1");
    test.node.stage("vol-1", staging, mounting("ext4"));
    Files.writeString(staging.resolve("data"), "kept");
    var _ = test.volumes.expand("vol-1", 48 * MIB);
    test.pool.marks().set(VolumeMark.GROWING, "vol-1", staging.toString());
    Command.run(Command.SHORT, "umount", staging.toString());
    return staging;
  }
}
