package io.csiclone.copy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Copies from and to real block devices. */
@Tag("native")
class LoopDeviceCopyTest {

  private static final int SIZE = 4 << 20;

  private final CopyEngine engine = CopyEngine.start();

  @TempDir private Path folder = Path.of("");

  @BeforeEach
  void needRoot() throws Exception {
    Root.isNeeded();
  }

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  private CopyReport copy(Path source, Path target) throws InterruptedException {
    return engine.copy(source, target, CopyOptions.defaults(), CopyListener.none());
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096})
  void devicesAreCopiedToDevicesOverOldBytes(int sectorSize) throws Exception {
    for (int seed = 0; seed < 6; seed++) {
      SparseLayout volume = SparseLayout.random(seed, SIZE);
      Path sourceFile = volume.writeTo(folder.resolve("source-" + seed));
      Path targetFile = VolumeFiles.dirty(folder.resolve("target-" + seed), SIZE + (3 << 20));
      try (LoopDevice source = attach(sourceFile, sectorSize);
          LoopDevice target = attach(targetFile, sectorSize)) {
        CopyReport report = copy(source.path(), target.path());

        assertThat(report.method()).isEqualTo(CopyMethod.READ_WRITE);
        assertThat(report.sourceBytes()).isEqualTo(SIZE);
        assertThat(report.written() + report.skipped()).isEqualTo(SIZE);
        VolumeFiles.assertHolds(target.path(), volume.content(), SIZE + (3 << 20));
      }
      VolumeFiles.assertHolds(targetFile, volume.content(), SIZE + (3 << 20));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096})
  void filesAreCopiedToDevicesAndBackWhateverTheirLength(int sectorSize) throws Exception {
    for (int seed = 10; seed < 16; seed++) {
      int length = SIZE - new Random(seed).nextInt(1 << 20);
      SparseLayout volume = SparseLayout.random(seed, length);
      Path sourceFile = volume.writeTo(folder.resolve("source-" + seed));
      Path deviceFile = VolumeFiles.dirty(folder.resolve("device-" + seed), SIZE);
      Path back = VolumeFiles.dirty(folder.resolve("back-" + seed), SIZE + 123);
      try (LoopDevice device = attach(deviceFile, sectorSize)) {
        copy(sourceFile, device.path());
        VolumeFiles.assertHolds(device.path(), volume.content(), SIZE);

        copy(device.path(), back);
        VolumeFiles.assertHolds(back, volume.content(), SIZE + 123);
      }
    }
  }

  @Test
  void devicesAreReadBackFromTheirMedium() throws Exception {
    SparseLayout volume = SparseLayout.random(40, SIZE);
    Path sourceFile = volume.writeTo(folder.resolve("source"));
    Path targetFile = VolumeFiles.dirty(folder.resolve("target"), SIZE + 8192);
    try (LoopDevice source = LoopDevice.attach(sourceFile);
        LoopDevice target = LoopDevice.attach(targetFile)) {
      CopyOptions options = CopyOptions.defaults();
      CopyReport digested =
          engine.copy(
              source.path(), target.path(), options.verified(Verify.DIGEST), CopyListener.none());
      CopyReport compared =
          engine.copy(
              source.path(),
              target.path(),
              options.verified(Verify.READ_BACK),
              CopyListener.none());

      assertThat(digested.digest()).contains(VolumeDigest.of(sourceFile));
      assertThat(compared.digest()).isEqualTo(digested.digest());
      assertThat(VolumeDigest.of(target.path(), SIZE)).isEqualTo(VolumeDigest.of(sourceFile));
      assertThat(compared.passedOver())
          .extracting(CopyReport.PassedOver::method)
          .containsExactly(
              CopyMethod.REFLINK, CopyMethod.REFLINK_RANGES, CopyMethod.COPY_FILE_RANGE);
    }
  }

  @Test
  void aDeviceOverASparseFileStaysSparse() throws Exception {
    SparseLayout data = SparseLayout.random(20, SIZE);
    Path sourceFile = VolumeFiles.setSize(data.writeTo(folder.resolve("source")), 64 << 20);
    Path targetFile = VolumeFiles.dirty(folder.resolve("target"), 64 << 20);
    try (LoopDevice source = LoopDevice.attach(sourceFile);
        LoopDevice target = LoopDevice.attach(targetFile)) {
      CopyReport report = copy(source.path(), target.path());

      assertThat(report.written()).isLessThanOrEqualTo(SIZE);
      assertThat(report.holes()).as("holes of the file below").isGreaterThanOrEqualTo(60 << 20);
      assertThat(report.read()).as("bytes read").isLessThanOrEqualTo(SIZE);
    }
    assertThat(VolumeFiles.allocated(targetFile)).isLessThanOrEqualTo(SIZE + (1 << 20));
    assertThat(Files.mismatch(sourceFile, targetFile)).isEqualTo(-1);
  }

  @ParameterizedTest
  @CsvSource({"1048576, 2097152", "512, 3145728", "4096, 0"})
  void aDeviceOverAPartOfAFileIsThatPart(int offset, int limit) throws Exception {
    SparseLayout volume = SparseLayout.random(offset, SIZE);
    Path file = volume.writeTo(folder.resolve("source"));
    int length = limit == 0 ? SIZE - offset : limit;
    Path target = VolumeFiles.dirty(folder.resolve("target"), length);
    try (LoopDevice source =
        LoopDevice.attach(file, "--offset", "" + offset, "--sizelimit", "" + limit)) {
      copy(source.path(), target);
    }
    byte[] part = Arrays.copyOfRange(volume.content(), offset, offset + length);
    VolumeFiles.assertHolds(target, part, length);
  }

  @Test
  void bytesThatOnlyTheDevicesCacheHasAreCopied() throws Exception {
    byte[] content = new byte[SIZE];
    new Random(7).nextBytes(content);
    Path file = VolumeFiles.blank(folder.resolve("source"), SIZE);
    Path target = VolumeFiles.blank(folder.resolve("target"), SIZE);
    try (LoopDevice source = LoopDevice.attach(file);
        FileChannel open = FileChannel.open(source.path(), StandardOpenOption.WRITE)) {
      open.write(ByteBuffer.wrap(content));

      copy(source.path(), target);
    }
    VolumeFiles.assertHolds(target, content, SIZE);
  }

  @Test
  void aDeviceWhoseFileHasNoNameAnyMoreIsReadItself() throws Exception {
    SparseLayout volume = SparseLayout.random(8, SIZE);
    Path file = volume.writeTo(folder.resolve("source"));
    Path target = VolumeFiles.dirty(folder.resolve("target"), SIZE);
    try (LoopDevice source = LoopDevice.attach(file)) {
      Files.delete(file);
      VolumeFiles.dirty(file, SIZE);

      CopyReport report = copy(source.path(), target);

      assertThat(report.holes()).isZero();
    }
    VolumeFiles.assertHolds(target, volume.content(), SIZE);
  }

  @Test
  void aDeviceWhoseFileIsCutOffInAHoleHasShrunk() throws Exception {
    Path file = VolumeFiles.setSize(VolumeFiles.dirty(folder.resolve("source"), SIZE), 64 << 20);
    try (LoopDevice device = LoopDevice.attach(file);
        Endpoint source = EndpointPair.openSource(device.path())) {
      VolumeFiles.setSize(file, SIZE);

      assertThat(source.currentSize()).as("else the rest would pass for zeros").isEqualTo(SIZE);
    }
  }

  @Test
  void aDeviceThatCannotPunchHolesGetsZerosWritten() throws Exception {
    // ramfs has no fallocate, so a loop device on it has no command for zeros.
    try (Mount ramfs = Mount.memory(folder, "ramfs", "size=64m")) {
      SparseLayout volume = SparseLayout.random(30, SIZE);
      Path source = volume.writeTo(folder.resolve("source"));
      Path targetFile = VolumeFiles.dirty(ramfs.root().resolve("target"), SIZE + 8192);
      try (LoopDevice target = LoopDevice.attach(targetFile)) {
        copy(source, target.path());
        VolumeFiles.assertHolds(target.path(), volume.content(), SIZE + 8192);
      }
      Path file = VolumeFiles.dirty(ramfs.root().resolve("file"), SIZE + 5000);
      CopyReport report = copy(source, file);
      assertThat(report.written()).isEqualTo(SIZE);
      assertThat(report.skipped()).isZero();
      VolumeFiles.assertHolds(file, volume.content(), SIZE + 5000);
    }
  }

  @Test
  void aMountedSourceIsReadAsItIsNowNotAsItWasCachedBefore() throws Exception {
    Path file = VolumeFiles.blank(folder.resolve("source"), 64 << 20);
    Command.run("mkfs.ext4", "-q", file.toString());
    Path first = VolumeFiles.blank(folder.resolve("first"), 64 << 20);
    Path second = VolumeFiles.blank(folder.resolve("second"), 64 << 20);
    try (LoopDevice device = LoopDevice.attach(file);
        Mount mount = Mount.device(folder, device.path())) {
      copy(device.path(), first);
      byte[] bytes = new byte[3 << 20];
      new Random(5).nextBytes(bytes);
      Files.write(mount.root().resolve("later"), bytes);
      Command.run("mount", "-o", "remount,ro", mount.root().toString());

      copy(device.path(), second);

      Command.run("sync", "--file-system", file.toString());
      assertThat(Files.mismatch(file, second)).isEqualTo(-1);
      assertThat(Files.mismatch(first, second)).isNotEqualTo(-1);
    }
  }

  @Test
  void aReadErrorNamesCallPathOffsetAndErrno() throws Exception {
    Path file = VolumeFiles.dirty(folder.resolve("source"), SIZE);
    Path target = VolumeFiles.blank(folder.resolve("target"), SIZE);
    try (LoopDevice source = LoopDevice.attach(file)) {
      VolumeFiles.setSize(file, 1 << 20);
      assertThatExceptionOfType(CopyException.class)
          .isThrownBy(() -> copy(source.path(), target))
          .withMessageContainingAll("pread of " + source.path(), "offset 1048576", "EIO")
          .satisfies(e -> assertThat(e.failure()).isEqualTo(CopyFailure.IO_ERROR));
    }
  }

  @Test
  void aWriteErrorOfTheMediumFailsTheCopy() throws Exception {
    // The device's own file does not fit into its filesystem: writing back fails, fsync tells.
    try (Mount tmpfs = Mount.memory(folder, "tmpfs", "size=1m")) {
      Path source = VolumeFiles.dirty(folder.resolve("source"), SIZE);
      Path file = VolumeFiles.blank(tmpfs.root().resolve("target"), SIZE);
      Path journal = folder.resolve("journal");
      CopyOptions options = CopyOptions.defaults().resumable(CopyJournal.at(journal));
      try (LoopDevice target = LoopDevice.attach(file)) {
        assertThatExceptionOfType(CopyException.class)
            .isThrownBy(() -> engine.copy(source, target.path(), options, CopyListener.none()))
            .withMessageContaining(target.path().toString())
            .satisfies(
                e -> assertThat(e.failure()).isIn(CopyFailure.IO_ERROR, CopyFailure.NO_SPACE));
        assertThat(journal).as("the mark of an incomplete target").exists();
      }
    }
  }

  @Test
  void aFullFilesystemIsNamedAsSuch() throws Exception {
    try (Mount tmpfs = Mount.memory(folder, "tmpfs", "size=1m")) {
      Path source = VolumeFiles.dirty(folder.resolve("source"), SIZE);
      for (CopyMethod fastest : CopyMethod.values()) {
        Path target = VolumeFiles.blank(tmpfs.root().resolve("target"), SIZE);
        assertThatExceptionOfType(CopyException.class)
            .isThrownBy(
                () -> engine.copy(source, target, new CopyOptions(fastest), CopyListener.none()))
            .withMessageContainingAll(target.toString(), "at offset", "ENOSPC")
            .satisfies(e -> assertThat(e.failure()).isEqualTo(CopyFailure.NO_SPACE));
        Files.delete(target);
      }
    }
  }

  @Test
  void aCopyThatRanOutOfSpaceGoesOnWhenThereIsMore() throws Exception {
    byte[] content = new byte[12 << 20];
    new Random(12).nextBytes(content);
    Path source = Files.write(folder.resolve("source"), content);
    Path journal = folder.resolve("journal");
    CopyOptions options =
        new CopyOptions(CopyMethod.READ_WRITE)
            .withGranule(1 << 20)
            .resumable(CopyJournal.at(journal));
    try (Mount tmpfs = Mount.memory(folder, "tmpfs", "size=8m")) {
      Path target = VolumeFiles.blank(tmpfs.root().resolve("target"), content.length);
      assertThatExceptionOfType(CopyException.class)
          .isThrownBy(() -> engine.copy(source, target, options, CopyListener.none()))
          .withMessageContainingAll("pwrite of " + target, "at offset", "ENOSPC")
          .satisfies(e -> assertThat(e.failure()).isEqualTo(CopyFailure.NO_SPACE));
      Command.run("mount", "-o", "remount,size=32m", tmpfs.root().toString());

      CopyReport report = engine.copy(source, target, options, CopyListener.none());

      assertThat(report.resumed()).isPositive();
      VolumeFiles.assertHolds(target, content, content.length);
      assertThat(journal).doesNotExist();
    }
  }

  @Test
  void aDeviceIsKnownAgainByTheFileBehindIt() throws Exception {
    Path sourceFile = VolumeFiles.dirty(folder.resolve("source"), SIZE);
    Path targetFile = VolumeFiles.blank(folder.resolve("target"), SIZE);
    CopyOptions options =
        CopyOptions.defaults()
            .withGranule(1 << 20)
            .resumable(CopyJournal.at(folder.resolve("journal")));
    try (LoopDevice source = LoopDevice.attach(sourceFile);
        LoopDevice target = LoopDevice.attach(targetFile);
        CopyEngine failing =
            TestEngines.behindTarget(1, real -> new FailingEndpoint(real, 3 << 20))) {
      assertThatExceptionOfType(CopyException.class)
          .isThrownBy(
              () -> failing.copy(source.path(), target.path(), options, CopyListener.none()));
    }
    try (LoopDevice inBetween = LoopDevice.attach(folder.resolve("source"));
        LoopDevice target = LoopDevice.attach(targetFile);
        LoopDevice source = LoopDevice.attach(sourceFile)) {
      assertThat(inBetween.path()).isNotEqualTo(source.path());
      CopyReport report = engine.copy(source.path(), target.path(), options, CopyListener.none());
      assertThat(report.resumed()).isPositive();
      VolumeFiles.assertHolds(target.path(), Files.readAllBytes(sourceFile), SIZE);
    }
  }

  private static LoopDevice attach(Path file, int sectorSize) throws Exception {
    return LoopDevice.attach(file, "--sector-size", Integer.toString(sectorSize));
  }
}
