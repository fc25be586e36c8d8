package io.csiclone.driver;

import static io.csiclone.driver.TestPool.MIB;
import static io.csiclone.driver.TestPool.block;
import static io.csiclone.driver.TestPool.mounting;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.csiclone.csi.AccessType;
import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import io.csiclone.csi.BackendVolume;
import io.csiclone.csi.SourceHold;
import io.csiclone.csi.VolumeSpec;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a class gets that says how a source in use is to be cloned, and what is told of the clone.
 */
@Tag("native")
class ConsistencyTest {

  private static final String TOLD = "csi-clone.io/consistency";

  @ParameterizedTest
  @CsvSource({
    "xfs, crash-consistent, ext4, frozen",
    "xfs, crash-consistent, xfs, frozen",
    "btrfs, crash-consistent, ext4, frozen",
    "xfs, best-effort, ext4, crash-consistent",
    "ext4, best-effort, ext4, none",
  })
  void aMountedSourceIsClonedAndTheCloneTellsWhatItIs(
      String poolType, String policy, String fsType, String told) throws Exception {
    try (TestPool test = TestPool.on(poolType)) {
      BackendVolume source = test.create("vol-1", 320, fsType);
      Path files = test.open("vol-1", mounting(fsType));
      Files.writeString(files.resolve("a"), "kept");

      BackendVolume clone = test.cloneOf(source, asking(policy, "vol-2", fsType));

      assertThat(clone.context()).containsExactly(Map.entry(TOLD, told));
      Files.writeString(files.resolve("b"), "writable");
      assertThat(test.open("vol-2", mounting(fsType)).resolve("a")).hasContent("kept");
      test.shut("vol-2");
      test.shut("vol-1");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "xfs, crash-consistent, unused",
    "xfs, require-unused, unused",
    "xfs, best-effort, unused",
    "ext4, crash-consistent, unused",
    "ext4, require-unused, unused",
    "ext4, best-effort, none",
  })
  void anUnusedSourceSuitsEveryPolicy(String poolType, String policy, String told)
      throws Exception {
    try (TestPool test = TestPool.on(poolType)) {
      BackendVolume source = test.create("vol-1", 64, "ext4");
      test.open("vol-1", mounting("ext4"));
      test.shut("vol-1");

      BackendVolume clone = test.cloneOf(source, asking(policy, "vol-2", "ext4"));

      assertThat(clone.context()).containsExactly(Map.entry(TOLD, told));
    }
  }

  @ParameterizedTest
  @CsvSource({"xfs, require-unused", "ext4, require-unused", "ext4, crash-consistent"})
  void aSourceInUseIsRefusedWithThePathThatUsesIt(String poolType, String policy) throws Exception {
    try (TestPool test = TestPool.on(poolType)) {
      BackendVolume mounted = test.create("vol-1", 64, "ext4");
      test.open("vol-1", mounting("ext4"));
      BackendVolume raw =
          test.volumes.create(new VolumeSpec("vol-2", 8 * MIB, AccessType.BLOCK, "", Map.of()));
      Path device = test.open("vol-2", block(false));

      assertRefused(test, mounted, policy, test.staging("vol-1") + " and 1 more places");
      assertRefused(test, raw, policy, device.toString());

      test.shut("vol-1");
      test.shut("vol-2");
      test.cloneOf(mounted, asking(policy, "vol-3", "ext4"));
    }
  }

  private static void assertRefused(
      TestPool test, BackendVolume source, String policy, String where) {
    assertThatThrownBy(() -> test.cloneOf(source, asking(policy, "vol-3", "ext4")))
        .isInstanceOfSatisfying(
            BackendException.class, e -> assertThat(e.reason()).isEqualTo(Reason.IN_USE))
        .hasMessageContaining(
            "volume %s is in use on this node at %s".formatted(source.volumeId(), where));
  }

  @Test
  void whatAPodWroteToARawDeviceIsInTheClone() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      VolumeSpec spec = new VolumeSpec("vol-1", 64 * MIB, AccessType.BLOCK, "", Map.of());
      BackendVolume source = test.volumes.create(spec);
      Path device = test.open("vol-1", block(false));
      byte[] written = new byte[(int) (4 * MIB)];
      new Random(3).nextBytes(written);
      try (var file = new RandomAccessFile(device.toFile(), "rw")) {
        file.write(written); // in the device's cache only

        BackendVolume clone =
            test.cloneOf(source, new VolumeSpec("vol-2", 64 * MIB, AccessType.BLOCK, "", Map.of()));

        assertThat(clone.context()).containsExactly(Map.entry(TOLD, "crash-consistent"));
        try (var copied = Files.newInputStream(test.volumes.endpoint("vol-2"))) {
          assertThat(copied.readNBytes(written.length)).isEqualTo(written);
        }
      }
      test.shut("vol-1");
    }
  }

  @Test
  void aBestEffortCopyDoesNotKeepPodsFromTheirVolume() throws Exception {
    try (TestPool test = TestPool.on("ext4")) {
      test.create("vol-1", 64, "ext4");
      try (SourceHold hold = test.volumes.hold("vol-1", asking("best-effort", "vol-2", "ext4"))) {
        assertThat(hold.context()).containsEntry(TOLD, "none");
        test.open("vol-1", mounting("ext4"));
        test.shut("vol-1");
      }
    }
  }

  @Test
  void aFilesystemFrozenByItsOwnerIsClonedAndStaysFrozen() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      BackendVolume source = test.create("vol-1", 64, "ext4");
      Path files = test.open("vol-1", mounting("ext4"));
      Command.run(Command.SHORT, "fsfreeze", "-f", files.toString());
      try {
        BackendVolume clone = test.cloneOf(source, "vol-2", 64, "ext4");
        assertThat(clone.context()).containsExactly(Map.entry(TOLD, "crash-consistent"));
        assertThat(Command.attempt(Command.SHORT, "fsfreeze", "-f", files.toString()).err())
            .as("freezing it once more")
            .contains("busy");
      } finally {
        Command.run(Command.SHORT, "fsfreeze", "-u", files.toString());
      }
      test.shut("vol-1");
    }
  }

  @Test
  void aFrozenMountIsWritableAgainWhenItIsClosed() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.create("vol-1", 64, "ext4");
      Path files = test.open("vol-1", mounting("ext4"));
      try (FrozenMount frozen = FrozenMount.at(files)) {
        assertThat(frozen.held()).isTrue();
        assertThat(Command.attempt(Command.SHORT, "fsfreeze", "-f", files.toString()).err())
            .contains("busy");
      }
      Files.writeString(files.resolve("a"), "writable");
      test.shut("vol-1");
    }
  }

  @Test
  void nobodyHoldsAFilesystemLongerThanTheLimit() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.create("vol-1", 64, "ext4");
      Path files = test.open("vol-1", mounting("ext4"));
      try (FrozenMount frozen = FrozenMount.at(files, Duration.ofSeconds(1))) {
        Files.writeString(files.resolve("a"), "written when the limit was over");
        await().until(() -> !frozen.held());
      }
      test.shut("vol-1");
    }
  }

  @Test
  void whatCannotBeFrozenIsNotThawedEither() {
    assertThatThrownBy(() -> FrozenMount.at(Path.of("/proc")))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("cannot freeze /proc:");
  }

  @ParameterizedTest
  @ValueSource(strings = {"crash-consistent", "best-effort"})
  void aCloneUnderAnInterruptLeavesNothingFrozen(String policy) throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      BackendVolume source = test.create("vol-1", 64, "ext4");
      Path files = test.open("vol-1", mounting("ext4"));
      for (int i = 0; i < 5; i++) {
        String id = "vol-c" + i;
        Thread cloning =
            Thread.ofVirtual()
                .start(() -> {
                  try {
                    test.cloneOf(source, asking(policy, id, "ext4"));
                  } catch (BackendException | InterruptedException e) {
                    // Cut off; how far it got is not the matter here.
                  }
                });
        Thread.sleep(i * 7L);
        cloning.interrupt();
        cloning.join();
        Files.writeString(files.resolve("a" + i), "writable");
      }
      assertThat(test.pool.marks().with(VolumeMark.FROZEN)).isEmpty();
      test.shut("vol-1");
    }
  }

  @Test
  void aWordThatIsNoPolicyIsRefusedWithThoseThatAre() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      BackendVolume source = test.create("vol-1", 64, "ext4");
      for (String word : List.of("", "frozen", "Best-Effort")) {
        assertThatThrownBy(() -> test.cloneOf(source, asking(word, "vol-2", "ext4")))
            .isInstanceOfSatisfying(
                BackendException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID))
            .hasMessage(
                "class parameter csi-clone.io/consistency is '%s'; it takes crash-consistent, require-unused or best-effort",
                word);
      }
      assertThat(test.volumes.find("vol-2")).isEmpty();
    }
  }

  private static VolumeSpec asking(String policy, String id, String fsType) {
    return new VolumeSpec(id, 320 * MIB, AccessType.MOUNT, fsType, Map.of(TOLD, policy));
  }
}
