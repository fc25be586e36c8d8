package io.csiclone.driver;

import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The folder that holds the volumes, for one process at a time.
 *
 * <pre>
 * POOL/volumes/ID.img          a volume
 * POOL/volumes/.ID.img.new     one being made; never found as a volume, removed at start
 * POOL/volumes/ID.formatting   mkfs was started on ID and has not ended
 * POOL/volumes/ID.frozen       the filesystem in ID was frozen and not yet thawed
 * POOL/volumes/ID.growing      the filesystem in ID was unmounted to be grown; holds its mount point
 * POOL/records/                the csi library's durable records
 * </pre>
 */
final class Pool implements AutoCloseable {

  private static final Pattern ID = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");
  private static final String IMAGE = ".img";
  private static final String NEW = ".new";
  private static final String FORMATTING = ".formatting";
  private static final String FROZEN = ".frozen";
  private static final String GROWING = ".growing";

  /** An image or mark, or a new image. */
  private static final Pattern OWN_FILE =
      Pattern.compile(
          "(%1$s)\\.(?:img|formatting|frozen|growing)|\\.(%1$s)\\.img\\.new".formatted(ID));

  private static final int READ_BLOCK = 1 << 20;

  private final Path folder;
  private final Path volumes;
  private final Path records;
  private final FileChannel lockFile;

  private Pool(Path folder, Path volumes, Path records, FileChannel lockFile) {
    this.folder = folder;
    this.volumes = volumes;
    this.records = records;
    this.lockFile = lockFile;
  }

  /**
   * Takes the folder for this process and removes what a killed predecessor left half-made.
   *
   * @throws IOException with a sentence for the user when it is missing, not writable or taken
   */
  static Pool open(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new IOException(
          Files.exists(folder)
              ? "pool %s is not a folder".formatted(folder)
              : "pool %s does not exist; create the folder first".formatted(folder));
    }
    if (!Files.isWritable(folder)) {
      throw new IOException("pool %s is not writable for this user".formatted(folder));
    }
    Path real = folder.toRealPath();
    Path volumes = ownFolder(real.resolve("volumes"));
    Path records = ownFolder(real.resolve("records"));
    FileChannel lockFile =
        FileChannel.open(
            real.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (!locked(lockFile)) {
        throw new IOException(
            "pool %s is in use by another driver process; give each its own".formatted(folder));
      }
      Pool pool = new Pool(real, volumes, records, lockFile);
      pool.removeHalfMade();
      return pool;
    } catch (IOException e) {
      lockFile.close();
      throw e;
    }
  }

  private static boolean locked(FileChannel lockFile) throws IOException {
    try {
      FileLock lock = lockFile.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false; // taken in this very process
    }
  }

  private static Path ownFolder(Path path) throws IOException {
    if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectory(
          path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    return path;
  }

  private void removeHalfMade() throws IOException {
    try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(volumes, ".*" + NEW)) {
      for (Path leftover : leftovers) {
        Files.delete(leftover);
      }
    }
  }

  Path folder() {
    return folder;
  }

  Path records() {
    return records;
  }

  /** The filesystem that holds the pool, as the kernel calls it. */
  String storageType() {
    try {
      return Files.getFileStore(volumes).type();
    } catch (IOException e) {
      throw failure("cannot read the filesystem of pool " + folder, e);
    }
  }

  long availableBytes() {
    try {
      return Files.getFileStore(volumes).getUsableSpace();
    } catch (IOException e) {
      throw failure("cannot read the free space of pool " + folder, e);
    }
  }

  /** Where a volume of that id lives, whether it exists or not. Ids cannot leave the folder. */
  Path image(String volumeId) {
    return volumes.resolve(checked(volumeId) + IMAGE);
  }

  /** The volume whose image that is. */
  static String volumeId(Path image) {
    String name = String.valueOf(image.getFileName());
    return name.endsWith(IMAGE) ? name.substring(0, name.length() - IMAGE.length()) : name;
  }

  /** The folder that the images are in. */
  Path volumes() {
    return volumes;
  }

  /** Everything in it, whoever put it there. */
  List<Path> files() {
    try (Stream<Path> files = Files.list(volumes)) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw failure("cannot list pool " + folder, e);
    }
  }

  /** The volume that a file of the folder belongs to by its name; empty when it is none of ours. */
  static String owner(Path file) {
    Matcher name = OWN_FILE.matcher(String.valueOf(file.getFileName()));
    return name.matches() ? Objects.requireNonNullElse(name.group(1), name.group(2)) : "";
  }

  /** Whether the pool holds a volume of that id; it never does for an id it cannot have made. */
  boolean holds(String volumeId) {
    return ID.matcher(volumeId).matches()
        && Files.isRegularFile(image(volumeId), LinkOption.NOFOLLOW_LINKS);
  }

  /** The volume's image, which must exist. */
  Path existing(String volumeId) {
    if (!holds(volumeId)) {
      throw new BackendException(
          Reason.NOT_FOUND, "volume %s is not in pool %s".formatted(volumeId, folder));
    }
    return image(volumeId);
  }

  long size(String volumeId) {
    try {
      return Files.size(existing(volumeId));
    } catch (IOException e) {
      throw failure("cannot read the size of volume " + volumeId, e);
    }
  }

  /** What fills a new image before it is put into its place. */
  interface Filling {
    void fill(Path image) throws IOException;
  }

  /**
   * Makes the image of a volume: complete and on the medium before it can be found under its name,
   * in place of any that was there. Whatever goes wrong leaves nothing behind.
   */
  void make(String volumeId, long bytes, Filling filling) {
    Path image = image(volumeId);
    Path fresh = volumes.resolve("." + volumeId + IMAGE + NEW);
    try {
      Files.deleteIfExists(fresh);
      Files.createFile(
          fresh,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      try (RandomAccessFile file = new RandomAccessFile(fresh.toFile(), "rw")) {
        file.setLength(bytes);
        filling.fill(fresh);
        file.getFD().sync();
      }
      removeMarks(volumeId);
      Files.move(fresh, image, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      syncFolder();
    } catch (IOException e) {
      throw failure("cannot make volume %s of %d bytes".formatted(volumeId, bytes), e);
    } finally {
      deleteQuietly(fresh);
    }
  }

  /** Makes the image longer, the new bytes being zeros; durable when it returns. */
  void grow(String volumeId, long bytes) {
    try (RandomAccessFile file = new RandomAccessFile(existing(volumeId).toFile(), "rw")) {
      if (file.length() < bytes) {
        file.setLength(bytes);
      }
      file.getFD().sync();
    } catch (IOException e) {
      throw failure("cannot grow volume %s to %d bytes".formatted(volumeId, bytes), e);
    }
  }

  /** Removes a volume and its marks; one that is not there is no error. */
  void delete(String volumeId) {
    try {
      removeMarks(volumeId);
      Files.deleteIfExists(image(volumeId));
      syncFolder();
    } catch (IOException e) {
      throw failure("cannot delete volume " + volumeId, e);
    }
  }

  void syncImage(String volumeId) {
    try (FileChannel channel = FileChannel.open(existing(volumeId), StandardOpenOption.WRITE)) {
      channel.force(true);
    } catch (IOException e) {
      throw failure("cannot sync volume " + volumeId, e);
    }
  }

  /** Whether every byte of the volume is zero. */
  boolean isBlank(String volumeId) {
    Path image = existing(volumeId);
    String blocks = Command.run(Command.SHORT, "stat", "-c", "%b", image.toString());
    if (blocks.equals("0")) {
      return true; // nothing was ever written to it
    }
    try (FileChannel channel = FileChannel.open(image, StandardOpenOption.READ)) {
      ByteBuffer buffer = ByteBuffer.allocate(READ_BLOCK);
      ByteBuffer zeros = ByteBuffer.allocate(READ_BLOCK);
      while (channel.read(buffer.clear()) >= 0) {
        buffer.flip();
        if (!buffer.equals(zeros.clear().limit(buffer.limit()))) {
          return false;
        }
      }
      return true;
    } catch (IOException e) {
      throw failure("cannot read volume " + volumeId, e);
    }
  }

  void markFormatting(String volumeId) {
    putMark(volumeId, FORMATTING, "");
  }

  void unmarkFormatting(String volumeId) {
    removeMark(volumeId, FORMATTING);
  }

  boolean isMarkedFormatting(String volumeId) {
    return Files.exists(mark(volumeId, FORMATTING));
  }

  /**
   * Makes a volume blank again whose formatting was interrupted; it was never mounted. It must not
   * be attached.
   */
  void undoInterruptedFormat(String volumeId) {
    // Through a new image: truncated in place, a kill before "long again" would lose the size.
    make(volumeId, size(volumeId), fresh -> {});
  }

  void markFrozen(String volumeId) {
    putMark(volumeId, FROZEN, "");
  }

  void unmarkFrozen(String volumeId) {
    removeMark(volumeId, FROZEN);
  }

  /** Volumes whose filesystem a killed predecessor may have left frozen. */
  List<String> markedFrozen() {
    List<String> ids = new ArrayList<>();
    try (DirectoryStream<Path> marks = Files.newDirectoryStream(volumes, "*" + FROZEN)) {
      for (Path mark : marks) {
        String name = String.valueOf(mark.getFileName());
        ids.add(name.substring(0, name.length() - FROZEN.length()));
      }
    } catch (IOException e) {
      throw failure("cannot list pool " + folder, e);
    }
    return ids;
  }

  void markGrowing(String volumeId, Path mountPoint) {
    putMark(volumeId, GROWING, mountPoint.toString());
  }

  void unmarkGrowing(String volumeId) {
    if (Files.exists(mark(volumeId, GROWING))) {
      removeMark(volumeId, GROWING);
    }
  }

  /** Where the volume was mounted before a growth that has not ended. */
  Optional<Path> growingAt(String volumeId) {
    try {
      String mountPoint = Files.readString(mark(volumeId, GROWING));
      return mountPoint.isEmpty() ? Optional.empty() : Optional.of(Path.of(mountPoint));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw failure("cannot read a mark of volume " + volumeId, e);
    }
  }

  /** Before the image goes or comes: a mark must never speak of another volume of that id. */
  private void removeMarks(String volumeId) throws IOException {
    boolean removed = false;
    for (String kind : List.of(FORMATTING, FROZEN, GROWING)) {
      removed |= Files.deleteIfExists(mark(volumeId, kind));
    }
    if (removed) {
      syncFolder();
    }
  }

  private Path mark(String volumeId, String kind) {
    return volumes.resolve(checked(volumeId) + kind);
  }

  private void putMark(String volumeId, String kind, String content) {
    try {
      Files.writeString(mark(volumeId, kind), content);
      syncFolder();
    } catch (IOException e) {
      throw failure("cannot mark volume " + volumeId, e);
    }
  }

  private void removeMark(String volumeId, String kind) {
    try {
      Files.deleteIfExists(mark(volumeId, kind));
      syncFolder();
    } catch (IOException e) {
      throw failure("cannot unmark volume " + volumeId, e);
    }
  }

  private void syncFolder() throws IOException {
    try (FileChannel channel = FileChannel.open(volumes, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static String checked(String volumeId) {
    if (!ID.matcher(volumeId).matches()) {
      throw new BackendException(Reason.NOT_FOUND, "no volume has the id '" + volumeId + "'");
    }
    return volumeId;
  }

  private static void deleteQuietly(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // Removed at the next start; what went wrong before is what the caller needs to hear.
    }
  }

  private static BackendException failure(String what, IOException cause) {
    String why = String.valueOf(cause.getMessage());
    boolean full = Set.of("No space left", "quota exceeded").stream().anyMatch(why::contains);
    boolean tooLarge = why.contains("File too large");
    Reason reason = full ? Reason.OUT_OF_SPACE : tooLarge ? Reason.INVALID : Reason.FAILED;
    return new BackendException(reason, what + ": " + why, cause);
  }

  @Override
  public void close() {
    try {
      lockFile.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
