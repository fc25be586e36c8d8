package io.csiclone.copy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The refusals that need real devices and mounts. */
@Tag("native")
class RefusedDeviceCopyTest {

  private static final int SIZE = 1 << 20;

  private final CopyEngine engine = CopyEngine.start();

  @TempDir private Path folder = Path.of("");
  private Path source = Path.of("");
  private Path file = Path.of("");

  @BeforeEach
  void makeFiles() throws Exception {
    Root.isNeeded();
    source = VolumeFiles.dirty(folder.resolve("source"), SIZE);
    file = VolumeFiles.blank(folder.resolve("file"), 8 * SIZE);
  }

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  private void assertRefused(Path from, Path to, CopyFailure failure, String text) {
    assertThatExceptionOfType(CopyException.class)
        .isThrownBy(() -> engine.copy(from, to, CopyOptions.defaults(), CopyListener.none()))
        .withMessageContaining(text)
        .satisfies(e -> assertThat(e.failure()).isEqualTo(failure));
  }

  @Test
  void aMountedDeviceIsNoTarget() throws Exception {
    Command.run("mkfs.ext4", "-q", file.toString());
    try (LoopDevice device = LoopDevice.attach(file);
        Mount mount = Mount.device(folder, device.path())) {
      // Read only, so that the filesystem writes nothing of its own meanwhile.
      Command.run("mount", "-o", "remount,ro", mount.root().toString());
      byte[] before = Files.readAllBytes(file);
      assertRefused(source, device.path(), CopyFailure.TARGET_IN_USE, "EBUSY");
      assertThat(Files.readAllBytes(file)).isEqualTo(before);
    }
  }

  @Test
  void aFileAttachedAsLoopDeviceIsNoTarget() throws Exception {
    try (LoopDevice device = LoopDevice.attach(file)) {
      assertRefused(source, file, CopyFailure.TARGET_IN_USE, device.path().toString());
    }
    engine.copy(source, file, CopyOptions.defaults(), CopyListener.none());
  }

  @Test
  void theSourceThroughALoopDeviceIsNoTarget() throws Exception {
    Path node = folder.resolve("node");
    try (LoopDevice one = LoopDevice.attach(file);
        LoopDevice two = LoopDevice.attach(file);
        LoopDevice onTop = LoopDevice.attach(one.path())) {
      Command.run("cp", "--archive", one.path().toString(), node.toString());
      assertRefused(one.path(), one.path(), CopyFailure.SAME_AS_SOURCE, "itself");
      assertRefused(one.path(), node, CopyFailure.SAME_AS_SOURCE, "itself");
      assertRefused(one.path(), two.path(), CopyFailure.SAME_AS_SOURCE, "itself");
      assertRefused(one.path(), file, CopyFailure.SAME_AS_SOURCE, "itself");
      assertRefused(file, one.path(), CopyFailure.SAME_AS_SOURCE, "itself");
      assertRefused(onTop.path(), file, CopyFailure.SAME_AS_SOURCE, "itself");
      assertRefused(onTop.path(), one.path(), CopyFailure.SAME_AS_SOURCE, "itself");
      assertRefused(one.path(), onTop.path(), CopyFailure.SAME_AS_SOURCE, "itself");
    }
  }

  @Test
  void aPartitionAndItsDiskAreOneMedium() throws Exception {
    try (LoopDevice disk = LoopDevice.attach(file, "--partscan")) {
      // By command, since a kernel need not know any format of partition tables.
      Command.run("addpart", disk.path().toString(), "1", "2048", "4096");
      Command.run("addpart", disk.path().toString(), "2", "6144", "4096");
      Path first = Path.of(disk.path() + "p1");
      Path second = Path.of(disk.path() + "p2");
      assertRefused(first, disk.path(), CopyFailure.SAME_AS_SOURCE, "itself");
      assertRefused(disk.path(), first, CopyFailure.SAME_AS_SOURCE, "itself");

      engine.copy(source, first, CopyOptions.defaults(), CopyListener.none());
      engine.copy(first, second, CopyOptions.defaults(), CopyListener.none());
      VolumeFiles.assertHolds(second, Files.readAllBytes(source), 2 << 20);
    }
  }

  @Test
  void aReadOnlyTargetIsRefused() throws Exception {
    try (LoopDevice device = LoopDevice.attach(file, "--read-only")) {
      assertRefused(source, device.path(), CopyFailure.TARGET_READ_ONLY, "read-only device");
    }
    try (Mount tmpfs = Mount.memory(folder, "tmpfs", "size=4m")) {
      Path target = VolumeFiles.blank(tmpfs.root().resolve("target"), SIZE);
      Command.run("mount", "-o", "remount,ro", tmpfs.root().toString());
      assertRefused(source, target, CopyFailure.TARGET_READ_ONLY, "EROFS");
    }
  }

  @Test
  void aDeviceWithoutAMediumIsNoSource() throws Exception {
    Path empty = VolumeFiles.blank(folder.resolve("empty"), 0);
    byte[] before = Files.readAllBytes(source);
    try (LoopDevice device = LoopDevice.attach(empty)) {
      assertRefused(device.path(), source, CopyFailure.SOURCE_UNREADABLE, "without a medium");
    }
    assertThat(Files.readAllBytes(source)).isEqualTo(before);
  }
}
