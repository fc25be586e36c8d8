package io.csiclone.driver;

import static io.csiclone.driver.TestPool.MIB;
import static io.csiclone.driver.TestPool.mounting;
import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csi.AccessType;
import io.csiclone.csi.BackendVolume;
import io.csiclone.csi.VolumeSpec;
import io.csiclone.driver.LiveWriters.Database;
import io.csiclone.driver.LiveWriters.Fio;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Clones of a volume that programs write to all the time: each opens clean and lacks nothing. */
@Tag("native")
class LiveSourceTest {

  @ParameterizedTest
  @CsvSource({
    "xfs, ext4, crash-consistent, frozen, 20",
    "xfs, xfs, crash-consistent, frozen, 5",
    "xfs, ext4, best-effort, crash-consistent, 5",
    "btrfs, xfs, crash-consistent, frozen, 5",
    "xfs, btrfs, crash-consistent, frozen, 5",
    "xfs, btrfs, best-effort, crash-consistent, 5",
  })
  void aDatabaseUnderLoadIsWholeInEveryCloneWithAllThatWasCommittedBefore(
      String poolType, String fsType, String policy, String told, int clones) throws Exception {
    try (TestPool test = TestPool.on(poolType)) {
      BackendVolume source = test.create("vol-1", 400, fsType);
      Path files = test.open("vol-1", mounting(fsType));
      try (Database database = Database.writingTo(files)) {
        for (int i = 0; i < clones; i++) {
          String id = "vol-c" + i;
          long committed = database.committed();

          BackendVolume clone = test.cloneOf(source, asking(policy, id, fsType));

          assertThat(clone.context()).containsEntry("csi-clone.io/consistency", told);
          assertThat(Database.rowsOf(test.open(id, mounting(fsType))))
              .as("rows in clone %d", i)
              .isGreaterThanOrEqualTo(committed);
          test.shut(id);
          assertClean(test, id, fsType);
          test.volumes.delete(id);
        }
        assertThat(database.failure()).isEmpty();
      }
      test.shut("vol-1");
    }
  }

  @ParameterizedTest
  @CsvSource({"xfs, ext4, 20", "xfs, xfs, 5", "btrfs, ext4, 5", "xfs, btrfs, 5"})
  void noBlockThatFioWritesIsTornInAClone(String poolType, String fsType, int clones)
      throws Exception {
    try (TestPool test = TestPool.on(poolType)) {
      BackendVolume source = test.create("vol-1", 320, fsType);
      Path files = test.open("vol-1", mounting(fsType));
      try (Fio fio = Fio.writingTo(files)) {
        for (int i = 0; i < clones; i++) {
          String id = "vol-c" + i;
          test.cloneOf(source, id, 320, fsType);
          if (!fsType.equals("xfs")) {
            assertClean(test, id, fsType); // frozen: there is no journal to replay
          }
          Fio.verify(test.open(id, mounting(fsType)));
          test.shut(id);
          assertClean(test, id, fsType);
          test.volumes.delete(id);
        }
        assertThat(fio.writes()).as("fio still writes").isTrue();
      }
      test.shut("vol-1");
    }
  }

  @Test
  void aFilesystemWhoseFreezingProcessIsKilledIsWritableAgain() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.create("vol-1", 64, "ext4");
      Path files = test.open("vol-1", mounting("ext4"));
      Process freezing = FreezingProcess.started(files);
      assertThat(Command.attempt(Command.SHORT, "fsfreeze", "-f", files.toString()).err())
          .contains("busy");

      freezing.destroyForcibly().waitFor();

      try {
        // Waits in the kernel for as long as the filesystem is frozen.
        Command.run(Command.SHORT, "touch", files.resolve("a").toString());
      } finally {
        Command.attempt(Command.SHORT, "fsfreeze", "-u", files.toString());
      }
      test.shut("vol-1");
    }
  }

  private static VolumeSpec asking(String policy, String id, String fsType) {
    return new VolumeSpec(
        id, 400 * MIB, AccessType.MOUNT, fsType, Map.of("csi-clone.io/consistency", policy));
  }

  private static void assertClean(TestPool test, String id, String fsType) {
    String image = test.volumes.endpoint(id).toString();
    Command.Result result =
        switch (fsType) {
          case "ext4" -> Command.attempt(Command.LONG, "e2fsck", "-f", "-n", image);
          case "xfs" -> Command.attempt(Command.LONG, "xfs_repair", "-n", "-f", image);
          case "btrfs" -> Command.attempt(Command.LONG, "btrfs", "check", "--readonly", image);
          default -> throw new IllegalArgumentException(fsType);
        };
    assertThat(result.ok()).as(result.out() + result.err()).isTrue();
    assertThat(result.out()).doesNotContain("skipping journal recovery");
  }
}
