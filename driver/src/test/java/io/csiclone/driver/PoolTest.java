package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.csiclone.csi.BackendException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PoolTest {

  private static final long MIB = 1L << 20;

  @TempDir private Path folder;

  @Test
  void aMissingFolderIsNamed() {
    assertThatThrownBy(() -> Pool.open(folder.resolve("gone")))
        .isInstanceOf(IOException.class)
        .hasMessage("pool %s does not exist; create the folder first", folder.resolve("gone"));
  }

  @Test
  void aFileIsNoPool() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));

    assertThatThrownBy(() -> Pool.open(file)).hasMessage("pool %s is not a folder", file);
  }

  @Test
  void aPoolHasOneOwnerAtATime() throws IOException {
    Pool first = Pool.open(folder);
    assertThatThrownBy(() -> Pool.open(folder)).hasMessageContaining("in use by another driver");
    first.close();

    Pool.open(folder).close();
  }

  @Test
  void anImageIsSparseAndOfTheSizeAskedFor() throws IOException {
    try (Pool pool = Pool.open(folder)) {
      pool.make("vol-1", 512 * MIB, fresh -> {});

      assertThat(pool.size("vol-1")).isEqualTo(512 * MIB);
      assertThat(pool.isBlank("vol-1")).isTrue();
      assertThat(Command.run(Command.SHORT, "stat", "-c", "%b %a", "" + pool.image("vol-1")))
          .isEqualTo("0 600");
    }
  }

  @Test
  void anImageThatCannotBeFilledLeavesNothing() throws IOException {
    try (Pool pool = Pool.open(folder)) {
      assertThatThrownBy(() ->
              pool.make(
                  "vol-1",
                  MIB,
                  fresh -> {
                    throw new IOException("No space left on device");
                  }))
          .isInstanceOfSatisfying(
              BackendException.class,
              e -> assertThat(e.reason()).isEqualTo(BackendException.Reason.OUT_OF_SPACE))
          .hasMessageContaining("cannot make volume vol-1");

      assertThat(pool.holds("vol-1")).isFalse();
      assertThat(folder.resolve("volumes")).isEmptyDirectory();
    }
  }

  @Test
  void whatAKilledProcessLeftHalfMadeIsNoVolumeAndIsRemoved() throws IOException {
    Pool.open(folder).close();
    Path leftover = Files.createFile(folder.resolve("volumes/.vol-1.img.new"));

    try (Pool pool = Pool.open(folder)) {
      assertThat(pool.holds("vol-1")).isFalse();
      assertThat(leftover).doesNotExist();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"..", "../x", "a/b", "", ".vol", "VOL", "a.img", "a\0b", "-a", "ä"})
  void noIdLeavesThePool(String id) throws IOException {
    try (Pool pool = Pool.open(folder)) {
      assertThat(pool.holds(id)).isFalse();
      assertThatThrownBy(() -> pool.image(id))
          .isInstanceOfSatisfying(
              BackendException.class,
              e -> assertThat(e.reason()).isEqualTo(BackendException.Reason.NOT_FOUND));
    }
  }

  @Test
  void aSymbolicLinkIsNoVolume() throws IOException {
    try (Pool pool = Pool.open(folder)) {
      Path outside = Files.createFile(folder.resolve("outside"));
      Files.createSymbolicLink(folder.resolve("volumes/vol-1.img"), outside);

      assertThat(pool.holds("vol-1")).isFalse();
      assertThatThrownBy(() -> pool.existing("vol-1")).hasMessageContaining("is not in pool");
    }
  }

  @Test
  void anImageWithOneByteInItIsNotBlank() throws IOException {
    try (Pool pool = Pool.open(folder)) {
      pool.make("vol-1", 8 * MIB, fresh -> writeAt(fresh, 7 * MIB, (byte) 1));
      pool.make("vol-2", 8 * MIB, fresh -> writeAt(fresh, 7 * MIB, (byte) 0));

      assertThat(pool.isBlank("vol-1")).isFalse();
      assertThat(pool.isBlank("vol-2")).as("written, but zero").isTrue();
    }
  }

  @Test
  void anInterruptedFormatIsUndoneToABlankVolumeOfTheSameSize() throws IOException {
    try (Pool pool = Pool.open(folder)) {
      pool.make("vol-1", 8 * MIB, fresh -> writeAt(fresh, 0, (byte) 1));
      pool.marks().set(VolumeMark.FORMATTING, "vol-1");

      pool.undoInterruptedFormat("vol-1");

      assertThat(pool.size("vol-1")).isEqualTo(8 * MIB);
      assertThat(pool.isBlank("vol-1")).isTrue();
      assertThat(pool.marks().has(VolumeMark.FORMATTING, "vol-1")).isFalse();
    }
  }

  @Test
  void aMarkNeverOutlivesItsVolume() throws IOException {
    try (Pool pool = Pool.open(folder)) {
      pool.make("vol-1", MIB, fresh -> {});
      pool.marks().set(VolumeMark.FORMATTING, "vol-1");
      pool.marks().set(VolumeMark.FROZEN, "vol-1");
      pool.make("vol-1", MIB, fresh -> writeAt(fresh, 0, (byte) 1));
      assertThat(pool.marks().has(VolumeMark.FORMATTING, "vol-1"))
          .as("after it was made anew")
          .isFalse();

      pool.marks().set(VolumeMark.FROZEN, "vol-1");
      pool.delete("vol-1");
      assertThat(folder.resolve("volumes")).isEmptyDirectory();
    }
  }

  private static void writeAt(Path file, long offset, byte value) throws IOException {
    try (RandomAccessFile random = new RandomAccessFile(file.toFile(), "rw")) {
      random.seek(offset);
      random.write(value);
    }
  }
}
