package io.csiclone.driver;

import static io.csiclone.driver.TestPool.MIB;
import static io.csiclone.driver.TestPool.block;
import static io.csiclone.driver.TestPool.mounting;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.csiclone.copy.CopyOptions;
import io.csiclone.csi.AccessType;
import io.csiclone.csi.BackendVolume;
import io.csiclone.csi.NodeBackend.Mounting;
import io.csiclone.csi.SourceHold;
import io.csiclone.csi.VolumeSpec;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Volumes on a node: real pools, real loop devices, real filesystems. */
@Tag("native")
class NodeLifecycleTest {

  @ParameterizedTest
  @CsvSource({
    "xfs, ext4",
    "xfs, xfs",
    "btrfs, ext4",
    "btrfs, xfs",
    "ext4, ext4",
    "ext4, xfs",
    "xfs, btrfs",
    "btrfs, btrfs",
    "ext4, btrfs",
  })
  void aCloneIsMountedBesideItsSourceAndIsIndependentOfIt(String poolType, String fsType)
      throws Exception {
    try (TestPool test = TestPool.on(poolType)) {
      BackendVolume source = test.create("vol-1", 320, fsType);
      Path sourceFiles = test.open("vol-1", mounting(fsType));
      Files.write(sourceFiles.resolve("data"), bytes(3));
      if (!test.reflinks) {
        test.shut("vol-1"); // a pool that copies refuses volumes in use
      }

      test.cloneOf(source, "vol-2", 320, fsType);

      sourceFiles = test.open("vol-1", mounting(fsType));
      Path cloneFiles = test.open("vol-2", mounting(fsType));
      assertThat(cloneFiles.resolve("data")).hasBinaryContent(bytes(3));
      Files.write(cloneFiles.resolve("data"), bytes(4));
      Files.writeString(sourceFiles.resolve("later"), "only here");
      assertThat(sourceFiles.resolve("data")).hasBinaryContent(bytes(3));
      assertThat(cloneFiles.resolve("later")).doesNotExist();

      test.shut("vol-1");
      test.volumes.delete("vol-1");
      assertThat(cloneFiles.resolve("data")).as("with its source gone").hasBinaryContent(bytes(4));
      BackendVolume clone = test.volumes.find("vol-2").orElseThrow();
      test.shut("vol-2");
      test.cloneOf(clone, "vol-3", 320, fsType);
      Path third = test.open("vol-3", mounting(fsType));
      assertThat(third.resolve("data")).as("in the clone's clone").hasBinaryContent(bytes(4));
      test.shut("vol-3");
    }
  }

  @ParameterizedTest
  @CsvSource({"xfs, ext4", "xfs, xfs", "ext4, ext4", "ext4, xfs", "xfs, btrfs"})
  void theFilesystemOfALargerCloneIsLargerToo(String poolType, String fsType) throws Exception {
    try (TestPool test = TestPool.on(poolType)) {
      BackendVolume source = test.create("vol-1", 300, fsType);
      Path files = test.open("vol-1", mounting(fsType));
      Files.write(files.resolve("data"), bytes(1));
      long before = Files.getFileStore(files).getTotalSpace();
      test.shut("vol-1");

      test.cloneOf(source, "vol-2", 900, fsType);
      Path cloneFiles = test.open("vol-2", mounting(fsType));

      assertThat(Files.getFileStore(cloneFiles).getTotalSpace()).isGreaterThan(before * 2);
      assertThat(cloneFiles.resolve("data")).hasBinaryContent(bytes(1));
      test.shut("vol-2");
    }
  }

  @Test
  void aCloneOfAVolumeThatIsWrittenToHoldsWhatWasWrittenBefore() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      BackendVolume source = test.create("vol-1", 320, "xfs");
      Path files = test.open("vol-1", mounting("xfs"));
      for (int i = 0; i < 5; i++) {
        Files.write(files.resolve("file" + i), bytes(i)); // never synced
        test.cloneOf(source, "vol-c" + i, 320, "xfs");
      }

      for (int i = 0; i < 5; i++) {
        Path clone = test.open("vol-c" + i, mounting("xfs"));
        for (int j = 0; j <= i; j++) {
          assertThat(clone.resolve("file" + j)).hasBinaryContent(bytes(j));
        }
        test.shut("vol-c" + i);
      }
      assertThat(test.pool.marks().with(VolumeMark.FROZEN)).isEmpty();
      Files.writeString(files.resolve("thawed"), "still writable");
      test.shut("vol-1");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ext4", "xfs", "btrfs"})
  void everyCallMayBeMadeTwice(String fsType) throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.create("vol-1", 320, fsType);
      Path files = test.open("vol-1", mounting(fsType));
      Files.writeString(files.resolve("a"), "kept");
      test.open("vol-1", mounting(fsType));
      assertThat(files.resolve("a")).hasContent("kept");
      assertThat(test.leftovers()).as("one device, two mounts").hasSize(3);

      test.shut("vol-1");
      test.shut("vol-1");
      assertThat(test.leftovers()).isEmpty();
      assertThat(test.target("vol-1")).doesNotExist();
    }
  }

  @Test
  void aBlankVolumeIsFormattedOnceAndWithTheDefaultWhenTheClassNamesNone() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.create("vol-1", 4, "");
      Path files = test.open("vol-1", mounting(""));
      assertThat(Files.getFileStore(files).type()).isEqualTo("ext4");
      Files.writeString(files.resolve("a"), "kept");
      test.shut("vol-1");

      files = test.open("vol-1", mounting(""));
      assertThat(files.resolve("a")).hasContent("kept");
      test.shut("vol-1");
    }
  }

  @Test
  void anotherFilesystemThanTheClassAsksForIsRefusedAndKept() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.create("vol-1", 320, "ext4");
      Files.writeString(test.open("vol-1", mounting("ext4")).resolve("a"), "kept");
      test.shut("vol-1");

      assertThatThrownBy(() -> test.node.stage("vol-1", test.staging("vol-1"), mounting("xfs")))
          .hasMessageContaining("volume vol-1 holds ext4, but its storage class asks for xfs");
      assertThat(test.leftovers()).isEmpty();
      assertThat(test.open("vol-1", mounting("ext4")).resolve("a")).hasContent("kept");
      test.shut("vol-1");
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 63})
  void aVolumeWithDataAndNoFilesystemIsNeverFormatted(long atMib) throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.create("vol-1", 64, "ext4");
      Path image = test.volumes.endpoint("vol-1");
      write(image, atMib * MIB, bytes(9));
      byte[] before = Files.readAllBytes(image);

      assertThatThrownBy(() -> test.node.stage("vol-1", test.staging("vol-1"), mounting("ext4")))
          .hasMessageContaining("it holds data and no filesystem");
      assertThat(Files.readAllBytes(image)).isEqualTo(before);
      assertThat(test.leftovers()).isEmpty();
    }
  }

  @Test
  void aVolumeWithAPartitionTableIsNeverFormatted() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.create("vol-1", 64, "ext4");
      byte[] table = new byte[512];
      table[446 + 4] = (byte) 0x83;
      table[446 + 8] = 8;
      table[446 + 13] = 1;
      table[510] = 0x55;
      table[511] = (byte) 0xaa;
      write(test.volumes.endpoint("vol-1"), 0, table);

      assertThatThrownBy(() -> test.node.stage("vol-1", test.staging("vol-1"), mounting("ext4")))
          .hasMessageContaining("volume vol-1 holds no filesystem but:")
          .hasMessageContaining("dos");
    }
  }

  @Test
  void aFormatThatWasKilledIsBegunAgain() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.create("vol-1", 64, "ext4");
      test.pool.marks().set(VolumeMark.FORMATTING, "vol-1");
      write(test.volumes.endpoint("vol-1"), 8 * MIB, bytes(2)); // half of what mkfs writes
      test.loops.attach(test.volumes.endpoint("vol-1")); // nobody detached it

      Files.writeString(test.open("vol-1", mounting("ext4")).resolve("a"), "works");
      test.shut("vol-1");
    }
  }

  @Test
  void aStageThatFailsLeavesNothingAndTheNextOneWorks() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.create("vol-1", 64, "ext4");
      Mounting bad = new Mounting(AccessType.MOUNT, "ext4", List.of("no-such-option=1"), false);

      assertThatThrownBy(() -> test.node.stage("vol-1", test.staging("vol-1"), bad))
          .hasMessageContaining("mount -t ext4 -o no-such-option=1");
      assertThat(test.leftovers()).isEmpty();

      test.open("vol-1", mounting("ext4"));
      test.shut("vol-1");
    }
  }

  @ParameterizedTest
  @CsvSource({"xfs, nouuid", "ext4, noatime", "btrfs, noatime"})
  void aStageInterruptedBeforeItGrewTheFilesystemIsFinishedByTheNextOne(String fsType, String flag)
      throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      BackendVolume source = test.create("vol-1", 300, fsType);
      test.open("vol-1", mounting(fsType));
      test.shut("vol-1");
      test.cloneOf(source, "vol-2", 600, fsType);
      LoopDevice device = test.loops.attach(test.volumes.endpoint("vol-2"));
      Path staging = Files.createDirectories(test.staging("vol-2"));
      Command.run(Command.SHORT, "mount", "-o", flag, device.path().toString(), staging.toString());
      long before = Files.getFileStore(staging).getTotalSpace();

      for (int i = 0; i < 2; i++) {
        test.node.stage("vol-2", staging, mounting(fsType));
        assertThat(Files.getFileStore(staging).getTotalSpace()).isGreaterThan(before + 200 * MIB);
      }
      test.node.unstage("vol-2", staging);
    }
  }

  @Test
  void aCloneOfABtrfsKeepsTheUuidItGotAndNoOtherHasIt() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      BackendVolume source = test.create("vol-1", 300, "btrfs");
      test.open("vol-1", mounting("btrfs"));
      test.cloneOf(source, "vol-2", 300, "btrfs");
      test.open("vol-2", mounting("btrfs"));
      String uuid = uuid(test, "vol-2");
      assertThat(uuid).isNotEqualTo(uuid(test, "vol-1"));

      test.shut("vol-2");
      test.cloneOf(test.volumes.find("vol-2").orElseThrow(), "vol-3", 300, "btrfs");
      test.open("vol-2", mounting("btrfs"));
      test.open("vol-3", mounting("btrfs"));

      assertThat(uuid(test, "vol-2")).isEqualTo(uuid);
      assertThat(uuid(test, "vol-3")).isNotIn(uuid, uuid(test, "vol-1"));
      for (String id : List.of("vol-1", "vol-2", "vol-3")) {
        test.shut(id);
      }
    }
  }

  private static String uuid(TestPool test, String id) {
    LoopDevice device = test.loops.find(test.volumes.endpoint(id)).orElseThrow();
    return Command.run(
        Command.SHORT, "blkid", "-p", "-o", "value", "-s", "UUID", device.path().toString());
  }

  @Test
  void aStagingPathThatHoldsAnotherVolumeIsRefused() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.create("vol-1", 64, "ext4");
      test.create("vol-2", 64, "ext4");
      test.open("vol-1", mounting("ext4"));

      assertThatThrownBy(() -> test.node.stage("vol-2", test.staging("vol-1"), mounting("ext4")))
          .hasMessageContaining("is to hold volume vol-2, but /dev/loop");
      assertThat(test.loops.find(test.volumes.endpoint("vol-2"))).isEmpty();
      test.shut("vol-1");
    }
  }

  @Test
  void classMountFlagsAreApplied() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.create("vol-1", 320, "xfs");
      test.open("vol-1", new Mounting(AccessType.MOUNT, "xfs", List.of("noatime"), false));

      assertThat(MountTable.read().at(test.staging("vol-1")).orElseThrow().options())
          .contains("noatime");
      test.shut("vol-1");
    }
  }

  @Test
  void aLargerCloneOfAReadOnlyClassIsGrownAndThenReadOnly() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      BackendVolume source = test.create("vol-1", 64, "ext4");
      long small = Files.getFileStore(test.open("vol-1", mounting("ext4"))).getTotalSpace();
      test.shut("vol-1");
      test.cloneOf(source, "vol-2", 256, "ext4");

      Mounting readOnly = new Mounting(AccessType.MOUNT, "ext4", List.of("ro"), false);
      Path files = test.open("vol-2", readOnly);
      test.open("vol-2", readOnly);

      assertThat(Files.getFileStore(files).getTotalSpace()).isGreaterThan(small * 3);
      assertThatThrownBy(() -> Files.createFile(files.resolve("x")))
          .hasMessageContaining("Read-only file system");
      test.shut("vol-2");
    }
  }

  @Test
  void aReadOnlyPublishCannotBeWrittenThroughWhileAnotherCan() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.create("vol-1", 64, "ext4");
      Path writable = test.open("vol-1", mounting("ext4"));
      Path second = test.target("second");
      Mounting readOnly = new Mounting(AccessType.MOUNT, "ext4", List.of(), true);
      test.node.publish("vol-1", test.staging("vol-1"), second, readOnly);
      test.node.publish("vol-1", test.staging("vol-1"), second, readOnly);

      assertThatThrownBy(() -> Files.createFile(second.resolve("x")))
          .hasMessageContaining("Read-only file system");
      Files.createFile(writable.resolve("x"));

      test.node.unpublish("vol-1", second);
      test.shut("vol-1");
    }
  }

  @Test
  void whatIsNotStagedIsNotPublished() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.create("vol-1", 64, "ext4");

      for (Mounting mounting : List.of(mounting("ext4"), block(false))) {
        assertThatThrownBy(() ->
                test.node.publish("vol-1", test.staging("vol-1"), test.target("vol-1"), mounting))
            .hasMessageContaining("volume vol-1 is not staged at");
      }
      assertThat(test.target("vol-1")).doesNotExist();
    }
  }

  @Test
  void aVolumeIsNotUnstagedOrDeletedWhileItIsPublished() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.create("vol-1", 64, "ext4");
      Path files = test.open("vol-1", mounting("ext4"));
      Files.writeString(files.resolve("a"), "kept");

      assertThatThrownBy(() -> test.volumes.delete("vol-1"))
          .hasMessageContaining("cannot be deleted while it is attached on this node as /dev/loop");
      assertThatThrownBy(() -> test.node.unstage("vol-1", test.staging("vol-1")))
          .hasMessageContaining("volume vol-1 is still in use at " + files);
      assertThat(files.resolve("a")).hasContent("kept");
      test.shut("vol-1");
      test.volumes.delete("vol-1");
    }
  }

  @Test
  void unpublishNeverRemovesFilesOfSomebodyElse() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      Files.createDirectories(test.target("vol-1"));
      Path precious = Files.writeString(test.target("vol-1").resolve("precious"), "data");

      assertThatThrownBy(() -> test.node.unpublish("vol-1", test.target("vol-1")))
          .hasMessageContaining("is not mounted, yet not empty");
      assertThatThrownBy(() -> test.node.unpublish("vol-1", precious))
          .hasMessageContaining("is not a folder or file that a volume was bound to");
      assertThat(precious).hasContent("data");
    }
  }

  @Test
  void aVolumeWhoseImageIsGoneCanStillBeTakenOffTheNode() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.create("vol-1", 64, "ext4");
      test.open("vol-1", mounting("ext4"));
      LoopDevice device = test.loops.find(test.volumes.endpoint("vol-1")).orElseThrow();
      Files.delete(test.volumes.endpoint("vol-1"));

      test.shut("vol-1");

      assertThat(device.sysfs().resolve("loop")).doesNotExist();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"xfs", "btrfs", "ext4"})
  void aBlockVolumeAndItsLargerCloneAreDevicesOfTheirOwn(String poolType) throws Exception {
    try (TestPool test = TestPool.on(poolType)) {
      BackendVolume source = test.volumes.create(blockSpec("vol-1", 16));
      Path device = test.open("vol-1", block(false));
      write(device, 5 * MIB, bytes(6)); // into the device's cache, never synced
      if (!test.reflinks) {
        test.shut("vol-1");
      }

      var cloned = test.volumes.cloneNatively(source, blockSpec("vol-2", 32));
      if (cloned.isEmpty()) {
        test.cloneOf(source, "vol-2", 32, "");
      }
      Path clone = test.open("vol-2", block(false));

      assertThat(read(clone, 5 * MIB)).isEqualTo(bytes(6));
      try (RandomAccessFile file = new RandomAccessFile(clone.toFile(), "r")) {
        assertThat(file.length()).isEqualTo(32 * MIB);
      }
      write(clone, 5 * MIB, bytes(7));
      device = test.open("vol-1", block(false));
      assertThat(read(device, 5 * MIB)).isEqualTo(bytes(6));
      test.open("vol-2", block(false));

      test.shut("vol-1");
      test.shut("vol-2");
      test.shut("vol-2");
      assertThat(test.target("vol-2")).doesNotExist();
      test.open("vol-2", block(false));
      assertThat(read(clone, 5 * MIB)).as("after it was attached anew").isEqualTo(bytes(7));
      test.shut("vol-2");
    }
  }

  @Test
  void aReadOnlyBlockVolumeCannotBeWrittenTo() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.volumes.create(blockSpec("vol-1", 16));
      Path device = test.open("vol-1", block(true));

      assertThatThrownBy(
              () -> {
                try (RandomAccessFile file = new RandomAccessFile(device.toFile(), "rw")) {
                  file.write(bytes(1));
                  file.getFD().sync();
                }
              })
          .isInstanceOf(IOException.class);
      Path second = test.target("second");
      assertThatThrownBy(
              () -> test.node.publish("vol-1", test.staging("vol-1"), second, block(false)))
          .hasMessageContaining("it is published read-only at " + device);
      assertThat(second).doesNotExist();
      test.shut("vol-1");

      write(test.open("vol-1", block(false)), 0, bytes(1));
      test.shut("vol-1");
    }
  }

  @Test
  void aPoolThatCopiesRefusesAVolumeInUse() throws Exception {
    try (TestPool test = TestPool.on("ext4")) {
      BackendVolume source = test.create("vol-1", 64, "ext4");
      test.open("vol-1", mounting("ext4"));

      assertThatThrownBy(() -> test.cloneOf(source, "vol-2", 64, "ext4"))
          .hasMessageContaining("volume vol-1 is in use on this node at " + test.staging("vol-1"))
          .hasMessageContaining("use a pool on XFS or btrfs");
      test.shut("vol-1");
      test.cloneOf(source, "vol-2", 64, "ext4");
    }
  }

  @Test
  void aVolumeThatIsBeingCopiedIsNotStaged() throws Exception {
    try (TestPool test = TestPool.on("ext4")) {
      test.create("vol-1", 64, "ext4");
      test.create("vol-2", 64, "ext4");
      write(test.volumes.endpoint("vol-1"), 0, bytes(1));
      List<Throwable> seen = new ArrayList<>();

      try (SourceHold hold = test.volumes.hold("vol-1", TestPool.spec("vol-2", 64, "ext4"))) {
        assertThat(hold.context()).containsEntry("csi-clone.io/consistency", "unused");
        var _ =
            test.engine.copy(
                test.volumes.endpoint("vol-1"),
                test.volumes.endpoint("vol-2"),
                CopyOptions.defaults(),
                (done, total) -> {
                  if (seen.isEmpty()) {
                    try {
                      test.node.stage("vol-1", test.staging("vol-1"), block(false));
                    } catch (RuntimeException e) {
                      seen.add(e);
                    }
                  }
                });
      }

      assertThat(seen)
          .singleElement()
          .extracting(Throwable::getMessage)
          .asString()
          .contains("volume vol-1 is being copied into a clone");
      test.open("vol-1", block(false));
      test.shut("vol-1");
    }
  }

  @Test
  void aFilesystemThatAKilledProcessLeftFrozenIsThawed() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      test.create("vol-1", 64, "ext4");
      Path files = test.open("vol-1", mounting("ext4"));
      test.pool.marks().set(VolumeMark.FROZEN, "vol-1");
      Command.run(Command.SHORT, "fsfreeze", "-f", files.toString());

      SourceFreeze.thawLeftovers(test.pool, test.loops);

      Files.writeString(files.resolve("a"), "writable");
      assertThat(test.pool.marks().with(VolumeMark.FROZEN)).isEmpty();
      test.shut("vol-1");
    }
  }

  @Test
  void manyVolumesAttachedAtOnceGetADeviceEach() throws Exception {
    try (TestPool test = TestPool.on("xfs");
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      int count = 14; // more than the device nodes a container starts with
      List<Callable<LoopDevice>> attaching = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        String id = "vol-" + i;
        test.volumes.create(blockSpec(id, 8));
        for (int twice = 0; twice < 2; twice++) {
          attaching.add(() -> {
            test.node.stage(id, test.staging(id), block(false));
            return test.loops.find(test.volumes.endpoint(id)).orElseThrow();
          });
        }
      }
      Set<LoopDevice> devices = new HashSet<>();
      for (Future<LoopDevice> device : threads.invokeAll(attaching)) {
        devices.add(device.get());
      }

      assertThat(devices).hasSize(count);
      List<Callable<Boolean>> detaching = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        String id = "vol-" + i;
        detaching.add(() -> {
          test.node.unstage(id, test.staging(id));
          return true;
        });
      }
      for (Future<Boolean> done : threads.invokeAll(detaching)) {
        assertThat(done.get()).isTrue();
      }
      assertThat(test.leftovers()).isEmpty();
    }
  }

  private static VolumeSpec blockSpec(String id, long mib) {
    return new VolumeSpec(id, mib * MIB, AccessType.BLOCK, "", Map.of());
  }

  private static byte[] bytes(long seed) {
    byte[] bytes = new byte[(int) MIB];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static void write(Path file, long offset, byte[] bytes) throws IOException {
    try (RandomAccessFile random = new RandomAccessFile(file.toFile(), "rw")) {
      random.seek(offset);
      random.write(bytes);
    }
  }

  private static byte[] read(Path file, long offset) throws IOException {
    try (RandomAccessFile random = new RandomAccessFile(file.toFile(), "r")) {
      byte[] bytes = new byte[(int) MIB];
      random.seek(offset);
      random.readFully(bytes);
      return bytes;
    }
  }
}
