package io.csiclone.driver;

import static io.csiclone.driver.TestPool.MIB;
import static io.csiclone.driver.TestPool.block;
import static io.csiclone.driver.TestPool.mounting;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.csiclone.csi.AccessType;
import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import io.csiclone.csi.BackendVolume;
import io.csiclone.csi.VolumeSpec;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How much of the pool a volume takes, and when. */
@Tag("native")
class ThickVolumeTest {

  @ParameterizedTest
  @ValueSource(strings = {"xfs", "ext4"})
  void whatCapacitySaysIsThere(String poolType) throws Exception {
    try (TestPool test = TestPool.on(poolType)) {
      long before = test.volumes.availableBytes().orElseThrow();
      for (int i = 0; i < 20; i++) {
        test.create("vol-thin" + i, 1024, "ext4");
      }
      long withThin = test.volumes.availableBytes().orElseThrow();
      assertThat(before - withThin).as("taken by thin volumes nobody wrote to").isLessThan(2 * MIB);

      test.volumes.create(thick("vol-1", 256 * MIB));
      long withThick = test.volumes.availableBytes().orElseThrow();
      assertThat(withThin - withThick).isBetween(254 * MIB, 260 * MIB);

      assertThatThrownBy(() -> test.volumes.create(thick("vol-2", withThick + 512 * MIB)))
          .isInstanceOfSatisfying(
              BackendException.class, e -> assertThat(e.reason()).isEqualTo(Reason.OUT_OF_SPACE));
      assertThat(test.volumes.find("vol-2")).isEmpty();
      test.volumes.create(thick("vol-3", test.volumes.availableBytes().orElseThrow()));
      assertThat(test.volumes.availableBytes().orElseThrow()).isLessThan(16 * MIB);
    }
  }

  @ParameterizedTest
  @CsvSource({"xfs, ext4", "xfs, xfs", "ext4, ext4"})
  void aThickVolumeCanBeWrittenWhollyThoughThePoolIsFull(String poolType, String fsType)
      throws Exception {
    try (TestPool test = TestPool.on(poolType)) {
      test.volumes.create(thick("vol-1", 320 * MIB, fsType));
      Path files = test.open("vol-1", mounting(fsType));
      fillPool(test);

      long written = fill(files.resolve("data"));

      assertThat(written).as("until the volume itself was full").isGreaterThan(220 * MIB);
      assertThat(test.node.stats("vol-1", files).abnormal()).isEmpty();
      test.shut("vol-1");
      assertThat(allocated(test, "vol-1")).isGreaterThanOrEqualTo(320 * MIB);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"xfs", "ext4"})
  void roomThatAFilesystemGivesBackIsSetAsideAgainAtTheNextLook(String poolType) throws Exception {
    try (TestPool test = TestPool.on(poolType)) {
      test.volumes.create(thick("vol-1", 320 * MIB, "ext4"));
      test.create("vol-2", 320, "ext4");
      for (String id : new String[] {"vol-1", "vol-2"}) {
        Path files = test.open(id, mounting("ext4"));
        writeAndGiveBack(files);
        assertThat(allocated(test, id)).as("trimmed " + id).isLessThan(320 * MIB);

        assertThat(test.node.stats(id, files).abnormal()).isEmpty();
      }
      assertThat(allocated(test, "vol-1")).isGreaterThanOrEqualTo(320 * MIB);
      assertThat(allocated(test, "vol-2")).as("the thin one").isLessThan(64 * MIB);

      Path files = test.target("vol-1");
      writeAndGiveBack(files);
      fillPool(test);
      assertThat(test.node.stats("vol-1", files).abnormal().orElse(""))
          .contains("thick volume vol-1", "No space left");
      test.shut("vol-1");
      test.shut("vol-2");
    }
  }

  private static void writeAndGiveBack(Path files) throws IOException {
    Files.write(files.resolve("data"), new byte[(int) (64 * MIB)]);
    Command.run(Command.SHORT, "sync", "-f", files.toString());
    Files.delete(files.resolve("data"));
    Command.run(Command.SHORT, "sync", "-f", files.toString());
    Command.run(Command.SHORT, "fstrim", files.toString());
  }

  @ParameterizedTest
  @CsvSource({"xfs, true", "xfs, false", "ext4, false"})
  void aCloneOfAThickVolumeIsThickWhateverItsClassSaysAndSharesNothing(
      String poolType, boolean inUse) throws Exception {
    try (TestPool test = TestPool.on(poolType)) {
      BackendVolume source = test.volumes.create(thick("vol-1", 320 * MIB, "ext4"));
      Path files = test.open("vol-1", mounting("ext4"));
      byte[] data = new byte[(int) (8 * MIB)];
      new Random(5).nextBytes(data);
      Files.write(files.resolve("data"), data);
      if (!inUse) {
        test.shut("vol-1");
      }

      BackendVolume clone = test.cloneOf(source, "vol-2", 320, "ext4");

      assertThat(clone.context())
          .containsExactly(Map.entry("csi-clone.io/consistency", inUse ? "frozen" : "unused"));
      assertThat(allocated(test, "vol-2")).isGreaterThanOrEqualTo(320 * MIB);
      assertThat(test.open("vol-2", mounting("ext4")).resolve("data")).hasBinaryContent(data);
      fillPool(test);
      fill(test.target("vol-2").resolve("more"));
      if (inUse) {
        fill(files.resolve("more")); // nothing of the source is shared either
        test.shut("vol-1");
      }
      test.shut("vol-2");
      assertThat(test.pool.folder().resolve("volumes")).isDirectoryNotContaining("glob:**.new");
    }
  }

  @Test
  void aThickVolumeGrowsOnlyWhereThereIsRoom() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.volumes.create(thick("vol-1", 64 * MIB));
      test.volumes.expand("vol-1", 128 * MIB);
      assertThat(allocated(test, "vol-1")).isGreaterThanOrEqualTo(128 * MIB);

      assertThatThrownBy(() -> test.volumes.expand("vol-1", 8192 * MIB))
          .isInstanceOfSatisfying(
              BackendException.class, e -> assertThat(e.reason()).isEqualTo(Reason.OUT_OF_SPACE));
      assertThat(test.volumes.find("vol-1").orElseThrow().capacityBytes()).isEqualTo(128 * MIB);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"xfs", "btrfs", "ext4"})
  void aVolumeIsFullAtItsSizeAndNeverTakesMoreOfThePool(String poolType) throws Exception {
    try (TestPool test = TestPool.on(poolType)) {
      test.volumes.create(new VolumeSpec("vol-1", 64 * MIB, AccessType.BLOCK, "", Map.of()));
      Path device = test.open("vol-1", block(false));
      for (int round = 0; round < 2; round++) {
        assertThat(fill(device)).isEqualTo(64 * MIB);
      }
      test.shut("vol-1");
      assertThat(allocated(test, "vol-1")).isBetween(64 * MIB, 65 * MIB);
      assertThat(test.volumes.find("vol-1").orElseThrow().capacityBytes()).isEqualTo(64 * MIB);
    }
  }

  @Test
  void aPoolOnBtrfsSaysThatItCannot() throws Exception {
    try (TestPool test = TestPool.on("btrfs")) {
      assertThatThrownBy(() -> test.volumes.create(thick("vol-1", 64 * MIB)))
          .isInstanceOfSatisfying(
              BackendException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID))
          .hasMessageContaining("csi-clone.io/allocation is 'thick', but pool")
          .hasMessageEndingWith("; use 'thin', or a pool on XFS or ext4");
      assertThat(test.volumes.find("vol-1")).isEmpty();
    }
  }

  private static VolumeSpec thick(String id, long bytes) {
    return new VolumeSpec(
        id, bytes, AccessType.BLOCK, "", Map.of("csi-clone.io/allocation", "thick"));
  }

  private static VolumeSpec thick(String id, long bytes, String fsType) {
    return new VolumeSpec(
        id, bytes, AccessType.MOUNT, fsType, Map.of("csi-clone.io/allocation", "thick"));
  }

  private static long allocated(TestPool test, String id) {
    Path image = test.volumes.endpoint(id);
    return 512
        * Long.parseLong(Command.run(Command.SHORT, "stat", "-c", "%b", image.toString()).strip());
  }

  /** Leaves no room in the pool. */
  private static void fillPool(TestPool test) throws IOException {
    Path others = Files.createTempDirectory(test.pool.folder(), "others");
    int files = 0;
    for (long bytes = 1024 * MIB; bytes >= 64 << 10; bytes /= 2) {
      boolean room = true;
      while (room) {
        String file = others.resolve("file" + files++).toString();
        room = Command.attempt(Command.SHORT, "fallocate", "-l", "" + bytes, file).ok();
      }
    }
  }

  /** Writes until there is no room; answers how much was written and is on the medium. */
  private static long fill(Path file) throws IOException {
    byte[] bytes = new byte[(int) MIB];
    new Random(9).nextBytes(bytes);
    long written = 0;
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      try {
        while (true) {
          out.write(bytes);
          written += bytes.length;
        }
      } catch (IOException e) {
        assertThat(e).hasMessageContaining("No space left");
      }
      out.getFD().sync();
    }
    return written;
  }
}
