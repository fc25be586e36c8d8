package io.csiclone.bench;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The source of a case and the place of its targets. */
interface Volumes extends AutoCloseable {

  /** A file, a block device, or a folder of files. */
  Path source();

  /**
   * Where the next contestant copies to, the same for each: a path without a file, a device that
   * was attached to a new file, or an empty folder. What the last one made is gone.
   */
  Path freshTarget() throws IOException, InterruptedException;

  @Override
  void close() throws IOException, InterruptedException;

  /** Files in a folder that exists. */
  static Volumes files(Path folder, Content content) throws IOException {
    Path source = folder.resolve("source");
    content.writeTo(source);
    return new Volumes() {
      private final Path target = folder.resolve("target");

      @Override
      public Path source() {
        return source;
      }

      @Override
      public Path freshTarget() throws IOException {
        Files.deleteIfExists(target);
        return target;
      }

      @Override
      public void close() throws IOException {
        Files.deleteIfExists(target);
        Files.deleteIfExists(source);
      }
    };
  }

  /** Folders of {@code count} files each. */
  static Volumes folders(Path folder, int count, Content each) throws IOException {
    Path source = Files.createDirectory(folder.resolve("source"));
    for (int i = 0; i < count; i++) {
      each.writeTo(source.resolve("volume-%04d".formatted(i)));
    }
    return new Volumes() {
      private final Path target = folder.resolve("target");

      @Override
      public Path source() {
        return source;
      }

      @Override
      public Path freshTarget() throws IOException {
        remove(target);
        return Files.createDirectory(target);
      }

      @Override
      public void close() throws IOException {
        remove(target);
        remove(source);
      }
    };
  }

  /** Loop devices over files in a folder that exists. */
  static Volumes loopDevices(Path folder, Content content)
      throws IOException, InterruptedException {
    LoopFile source = LoopFile.attach(folder.resolve("source"), content.size());
    try {
      content.writeTo(source.device());
    } catch (IOException e) {
      source.close();
      throw e;
    }
    return new Volumes() {
      private @Nullable LoopFile target;

      @Override
      public Path source() {
        return source.device();
      }

      @Override
      public Path freshTarget() throws IOException, InterruptedException {
        detachTarget();
        LoopFile fresh = LoopFile.attach(folder.resolve("target"), content.size());
        target = fresh;
        return fresh.device();
      }

      private void detachTarget() throws IOException, InterruptedException {
        LoopFile old = target;
        target = null;
        if (old != null) {
          old.close();
        }
      }

      @Override
      public void close() throws IOException, InterruptedException {
        try (source) {
          detachTarget();
        }
      }
    };
  }

  /** Files on an XFS of their own, which shares extents; its image lies in a folder that exists. */
  static Volumes onXfs(Path folder, Content content) throws IOException, InterruptedException {
    Path image = folder.resolve("xfs.img");
    setLength(image, content.size() + content.size() / 8 + (512L << 20));
    Programs.run("mkfs.xfs", "-q", "-m", "reflink=1", image.toString());
    Path mountPoint = Files.createDirectory(folder.resolve("xfs"));
    Programs.run("mount", "-o", "loop", image.toString(), mountPoint.toString());
    Volumes files;
    try {
      files = files(mountPoint, content);
    } catch (IOException e) {
      unmount(mountPoint, image);
      throw e;
    }
    return new Volumes() {
      @Override
      public Path source() {
        return files.source();
      }

      @Override
      public Path freshTarget() throws IOException, InterruptedException {
        return files.freshTarget();
      }

      @Override
      public void close() throws IOException, InterruptedException {
        unmount(mountPoint, image);
      }
    };
  }

  private static void unmount(Path mountPoint, Path image)
      throws IOException, InterruptedException {
    Programs.cleanUp("umount", mountPoint.toString());
    Files.delete(mountPoint);
    Files.delete(image);
  }

  /** Cuts or lengthens a file, which is made if it is not there; a hole comes at its end. */
  static void setLength(Path file, long length) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.setLength(length);
    }
  }

  private static void remove(Path folder) throws IOException {
    if (Files.exists(folder)) {
      for (Path file : Medium.files(folder)) {
        Files.delete(file);
      }
      Files.delete(folder);
    }
  }
}
