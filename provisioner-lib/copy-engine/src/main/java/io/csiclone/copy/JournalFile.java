package io.csiclone.copy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * A journal on its medium. A write replaces it as a whole: whatever the instant of a crash, the old
 * text is there or the new one.
 */
final class JournalFile {

  /** No journal is longer: there are no more granules done out of turn than workers. */
  private static final int LONGEST = 1 << 20;

  private final Path path;
  private final Path next;
  private final Path folder;

  /**
   * @throws CopyException when there cannot be a journal at this path
   */
  JournalFile(Path path, Path source, Path target) {
    this.path = path;
    this.folder = path.toAbsolutePath().resolveSibling("");
    this.next = path.resolveSibling(path.getFileName() + ".new");
    if (!Files.isDirectory(folder)) {
      throw Failures.journal(path, "has no folder to be in");
    }
    for (Path file : new Path[] {path, next}) {
      if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        requireOwn(file, source, target);
      }
    }
  }

  private void requireOwn(Path file, Path source, Path target) {
    try {
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
          || Files.isSameFile(file, source)
          || Files.isSameFile(file, target)) {
        throw Failures.journal(path, "would replace " + file + ", which is something else");
      }
    } catch (IOException e) {
      throw Failures.journal(path, "cannot be looked at", e);
    }
  }

  /** Its text; empty when there is none. */
  Optional<String> read() {
    try {
      if (Files.size(path) > LONGEST) {
        return Optional.of("too long");
      }
      // Not readString: bytes that are no text are for the checksum to find.
      return Optional.of(new String(Files.readAllBytes(path), StandardCharsets.UTF_8));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw Failures.journal(path, "cannot be read", e);
    }
  }

  /** Returns when the text is on the medium. */
  void write(String text) {
    try {
      try (FileChannel file =
          FileChannel.open(
              next,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE,
              LinkOption.NOFOLLOW_LINKS)) {
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
        while (bytes.hasRemaining()) {
          file.write(bytes);
        }
        file.force(true);
      }
      Files.move(next, path, StandardCopyOption.ATOMIC_MOVE);
      syncFolder();
    } catch (IOException e) {
      throw Failures.journal(path, "cannot be written", e);
    }
  }

  /** Returns when it is gone for good. */
  void delete() {
    try {
      Files.deleteIfExists(next);
      Files.deleteIfExists(path);
      syncFolder();
    } catch (IOException e) {
      throw Failures.journal(path, "cannot be removed", e);
    }
  }

  private void syncFolder() throws IOException {
    try (FileChannel opened = FileChannel.open(folder, StandardOpenOption.READ)) {
      opened.force(true);
    }
  }
}
