package io.csiclone.driver;

import io.csiclone.csi.BackendException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;

/** Images that are being made, under names that no volume has. */
final class NewImages {

  private static final String NEW = ".new";

  private final Path volumes;
  private final VolumeMarks marks;

  /**
   * @param volumes the pool's folder of images
   */
  NewImages(Path volumes, VolumeMarks marks) {
    this.volumes = volumes;
    this.marks = marks;
  }

  /** What fills a new image before it is put into its place. */
  interface Filling {
    void fill(Path image) throws IOException;
  }

  /** Removes what a killed process has left. */
  void removeHalfMade() throws IOException {
    try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(volumes, ".*" + NEW)) {
      for (Path leftover : leftovers) {
        Files.delete(leftover);
      }
    }
  }

  /**
   * Makes the image of a volume: complete and on the medium before it can be found under its name,
   * in place of any that was there. Whatever goes wrong leaves nothing behind.
   *
   * @param allocation what the volume is from the moment that it is found
   */
  void make(String volumeId, long bytes, Allocation allocation, Filling filling) {
    String name = Pool.checked(volumeId) + Pool.IMAGE;
    Path fresh = volumes.resolve("." + name + NEW);
    try {
      fill(fresh, bytes, filling);
      marks.clearAll(volumeId);
      if (allocation == Allocation.THICK) {
        marks.set(VolumeMark.THICK, volumeId);
      }
      Files.move(
          fresh,
          volumes.resolve(name),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
      Pool.sync(volumes);
    } catch (IOException e) {
      throw Pool.failure("cannot make volume %s of %d bytes".formatted(volumeId, bytes), e);
    } finally {
      deleteQuietly(fresh);
    }
  }

  private static void fill(Path fresh, long bytes, Filling filling) throws IOException {
    Files.deleteIfExists(fresh);
    Files.createFile(
        fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try (RandomAccessFile file = new RandomAccessFile(fresh.toFile(), "rw")) {
      file.setLength(bytes);
      filling.fill(fresh);
      file.getFD().sync();
    }
  }

  /**
   * Makes what a volume is to be copied from instead of its source. It goes with {@link
   * #removeStandIn} or at the next start.
   */
  Path makeStandIn(String volumeId, long bytes, Filling filling) {
    Path standIn = standIn(volumeId);
    try {
      fill(standIn, bytes, filling);
      return standIn;
    } catch (IOException e) {
      deleteQuietly(standIn);
      throw Pool.failure("cannot make a stand-in for the source of volume " + volumeId, e);
    } catch (BackendException e) {
      deleteQuietly(standIn);
      throw e;
    }
  }

  void removeStandIn(String volumeId) {
    deleteQuietly(standIn(volumeId));
  }

  private Path standIn(String volumeId) {
    return volumes.resolve("." + Pool.checked(volumeId) + ".source" + NEW);
  }

  private static void deleteQuietly(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // Removed at the next start; what went wrong before is what the caller needs to hear.
    }
  }
}
