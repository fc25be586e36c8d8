package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.csiclone.copy.CopyEngine;
import io.csiclone.copy.Verify;
import io.csiclone.csi.AccessType;
import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import io.csiclone.csi.BackendVolume;
import io.csiclone.csi.VolumeSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PoolVolumeBackendTest {

  private static final long MIB = 1L << 20;

  @TempDir private Path folder;
  private CopyEngine engine;
  private Pool pool;
  private PoolVolumeBackend backend;

  @BeforeEach
  void open() throws IOException {
    engine = CopyEngine.start();
    pool = Pool.open(folder);
    LoopDevices loops = new LoopDevices();
    VolumeLocks locks = new VolumeLocks();
    CopiedSources sources = new CopiedSources(pool, loops, locks);
    backend = new PoolVolumeBackend(pool, loops, locks, sources, engine, false);
  }

  @AfterEach
  void close() {
    pool.close();
    engine.close();
  }

  @Test
  void sizesAreWholeMebibytesAndNeverTooSmallForAJournal() {
    assertThat(backend.roundUp(1)).isEqualTo(4 * MIB);
    assertThat(backend.roundUp(64 * MIB)).isEqualTo(64 * MIB);
    assertThat(backend.roundUp(64 * MIB + 1)).isEqualTo(65 * MIB);
    assertThat(backend.roundUp(Long.MAX_VALUE)).isLessThan(Long.MAX_VALUE).isPositive();
  }

  @Test
  void aStorageClassChoosesHowFarItsCopiesAreProved() {
    assertThat(backend.verification(withParameters(Map.of()))).isEqualTo(Verify.READ_BACK);
    Map.of("off", Verify.OFF, "digest", Verify.DIGEST, "read-back", Verify.READ_BACK)
        .forEach((value, expected) ->
            assertThat(backend.verification(withParameters(Map.of("csi-clone.io/verify", value))))
                .isEqualTo(expected));
    assertThatThrownBy(() -> backend.create(withParameters(Map.of("csi-clone.io/verify", "maybe"))))
        .isInstanceOf(BackendException.class)
        .hasMessageContainingAll("csi-clone.io/verify", "'maybe'", "off, digest or read-back");
    assertThat(backend.find("vol-9")).isEmpty();
  }

  private static VolumeSpec withParameters(Map<String, String> parameters) {
    return new VolumeSpec("vol-9", 64 * MIB, AccessType.BLOCK, "", parameters);
  }

  @Test
  void aVolumeIsFoundWithItsSizeUntilItIsDeleted() {
    assertThat(backend.find("vol-1")).isEmpty();

    assertThat(backend.create(spec("vol-1", 64 * MIB, "")))
        .isEqualTo(new BackendVolume("vol-1", 64 * MIB));
    assertThat(backend.find("vol-1")).contains(new BackendVolume("vol-1", 64 * MIB));
    assertThat(backend.endpoint("vol-1")).hasSize(64 * MIB);

    backend.delete("vol-1");
    backend.delete("vol-1");
    backend.delete("../../etc/passwd");
    assertThat(backend.find("vol-1")).isEmpty();
    assertThat(folder.resolve("volumes")).isEmptyDirectory();
  }

  @Test
  void makingAVolumeAgainGivesAnEmptyOne() throws IOException {
    backend.create(spec("vol-1", 8 * MIB, ""));
    Files.write(backend.endpoint("vol-1"), new byte[] {1, 2, 3});

    backend.create(spec("vol-1", 8 * MIB, ""));

    assertThat(pool.isBlank("vol-1")).isTrue();
    assertThat(pool.size("vol-1")).isEqualTo(8 * MIB);
  }

  @Test
  void aVolumeTooSmallForItsFilesystemIsRefusedWithTheLeastSize() {
    assertThatThrownBy(() -> backend.create(spec("vol-1", 64 * MIB, "xfs")))
        .isInstanceOfSatisfying(
            BackendException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID))
        .hasMessage("a volume with xfs needs at least 300 MiB, but 67108864 bytes were asked for");
    backend.create(spec("vol-1", 300 * MIB, "xfs"));
  }

  @Test
  void anUnknownFilesystemIsRefusedWithTheKnownOnes() {
    assertThatThrownBy(() -> backend.create(spec("vol-1", 64 * MIB, "ntfs")))
        .hasMessage("filesystem 'ntfs' is not supported; name one of ext4, xfs, btrfs");
  }

  @Test
  void anUnknownParameterIsRefusedByName() {
    VolumeSpec spec =
        new VolumeSpec("vol-1", 64 * MIB, AccessType.BLOCK, "", Map.of("replicas", "3"));

    assertThatThrownBy(() -> backend.create(spec)).hasMessageContaining("'replicas'");
    assertThat(backend.find("vol-1")).isEmpty();
  }

  @Test
  void aBlockVolumeHasNoFilesystemsLeastSize() {
    backend.create(new VolumeSpec("vol-1", 4 * MIB, AccessType.BLOCK, "xfs", Map.of()));

    assertThat(backend.find("vol-1")).isPresent();
  }

  @Test
  void withoutReflinksTheLibraryIsLeftToCopy() {
    BackendVolume source = backend.create(spec("vol-1", 64 * MIB, ""));

    assertThat(backend.cloneNatively(source, spec("vol-2", 64 * MIB, ""))).isEmpty();
    assertThat(backend.find("vol-2")).isEmpty();
  }

  @Test
  void freeSpaceIsThatOfThePoolsFilesystem() {
    assertThat(backend.availableBytes().orElseThrow()).isPositive();
  }

  private static VolumeSpec spec(String id, long bytes, String fsType) {
    return new VolumeSpec(
        id, bytes, AccessType.MOUNT, fsType, Map.of("csi.storage.k8s.io/pvc/name", "claim"));
  }
}
