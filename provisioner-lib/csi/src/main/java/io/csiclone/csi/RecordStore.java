package io.csiclone.csi;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The volume records of one driver, a file each in one folder. A record is on the medium when
 * {@link #write} returns, and is never seen half written. The folder belongs to one process.
 */
final class RecordStore implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(RecordStore.class);
  private static final String SUFFIX = ".volume";
  private static final String UNFINISHED = ".tmp";
  private static final String JOURNAL = ".journal";

  private final Path folder;
  private final FileChannel lockFile;

  private RecordStore(Path folder, FileChannel lockFile) {
    this.folder = folder;
    this.lockFile = lockFile;
  }

  /**
   * Opens the folder, making it (mode 0700) when it does not exist.
   *
   * @throws IllegalStateException when another process uses it
   */
  static RecordStore open(Path folder) {
    try {
      if (!Files.isDirectory(folder)) {
        Files.createDirectories(
            folder,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
      FileChannel lockFile =
          FileChannel.open(
              folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (!locked(lockFile)) {
        lockFile.close();
        throw new IllegalStateException(
            "The records folder " + folder + " is in use by another server");
      }
      RecordStore store = new RecordStore(folder, lockFile);
      store.removeUnfinished();
      return store;
    } catch (IOException e) {
      throw new UncheckedIOException("The records folder " + folder + " cannot be used", e);
    }
  }

  private static boolean locked(FileChannel lockFile) throws IOException {
    try {
      @Nullable FileLock lock = lockFile.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  /**
   * @throws UncheckedIOException when the record exists but cannot be read
   */
  Optional<VolumeRecord> read(String volumeId) {
    return read(file(volumeId));
  }

  /** Whether there is a record, readable or not. */
  boolean has(String volumeId) {
    return Files.exists(file(volumeId), LinkOption.NOFOLLOW_LINKS);
  }

  void write(VolumeRecord record) {
    Path file = file(record.volumeId());
    Path unfinished = folder.resolve(record.volumeId() + UNFINISHED);
    try {
      // Not a FileChannel: an interrupt, which cancels a copy, would close it in the middle.
      try (FileOutputStream out = new FileOutputStream(unfinished.toFile())) {
        out.write(RecordText.write(record).getBytes(StandardCharsets.UTF_8));
        out.getFD().sync();
      }
      Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
      syncFolder();
    } catch (IOException e) {
      throw new UncheckedIOException("The volume record " + file + " cannot be written", e);
    }
  }

  /** Where the copy into a volume notes how far it is; goes with the record. */
  Path journal(String volumeId) {
    file(volumeId);
    return folder.resolve(volumeId + JOURNAL);
  }

  /** The copy into the volume will start over. */
  void deleteJournal(String volumeId) {
    Path journal = journal(volumeId);
    try {
      if (Files.deleteIfExists(journal)) {
        syncFolder();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("The copy journal " + journal + " cannot be deleted", e);
    }
  }

  void delete(String volumeId) {
    deleteJournal(volumeId);
    Path file = file(volumeId);
    try {
      if (Files.deleteIfExists(file)) {
        syncFolder();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("The volume record " + file + " cannot be deleted", e);
    }
  }

  /** All readable records; an unreadable one is logged and left for its own calls to complain. */
  List<VolumeRecord> list() {
    List<VolumeRecord> records = new ArrayList<>();
    for (Path file : files(SUFFIX)) {
      try {
        read(file).ifPresent(records::add);
      } catch (UncheckedIOException e) {
        log.error("{}; its volume is left as it is", e.getMessage(), e.getCause());
      }
    }
    return records;
  }

  @Override
  public void close() {
    try {
      lockFile.close();
    } catch (IOException e) {
      log.warn("The lock of the records folder {} was not released cleanly", folder, e);
    }
  }

  private Path file(String volumeId) {
    if (!VolumeIds.wellFormed(volumeId)) {
      throw new IllegalArgumentException("Not a volume id: " + Refusal.shown(volumeId));
    }
    return folder.resolve(volumeId + SUFFIX);
  }

  private static Optional<VolumeRecord> read(Path file) {
    try {
      VolumeRecord record = RecordText.read(Files.readString(file));
      if (!file.getFileName().toString().equals(record.volumeId() + SUFFIX)) {
        throw new IllegalArgumentException("it is the record of " + record.volumeId());
      }
      return Optional.of(record);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException | IllegalArgumentException e) {
      String what = "The volume record " + file + " cannot be read: " + e.getMessage();
      throw new UncheckedIOException(what, e instanceof IOException io ? io : new IOException(e));
    }
  }

  private void removeUnfinished() throws IOException {
    for (String suffix : List.of(UNFINISHED, JOURNAL + ".new")) {
      for (Path file : files(suffix)) {
        Files.deleteIfExists(file);
      }
    }
  }

  private List<Path> files(String suffix) {
    try (var listed = Files.list(folder)) {
      return listed
          .filter(file -> file.getFileName().toString().endsWith(suffix))
          .filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("The records folder " + folder + " cannot be read", e);
    }
  }

  /** A rename or removal is durable only when its folder is on the medium too. */
  private void syncFolder() throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
