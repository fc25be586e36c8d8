package io.csiclone.driver;

import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The folder that holds the volumes, for one process at a time.
 *
 * <pre>
 * POOL/volumes/ID.img          a volume
 * POOL/volumes/ID.MARK         see {@link VolumeMark}
 * POOL/volumes/.ID.img.new     one being made; never found as a volume, removed at start
 * POOL/volumes/.ID.source.new  what ID is copied from while its source is in use
 * POOL/records/                the csi library's durable records
 * POOL/.lock                   whose pool it is
 * </pre>
 */
final class Pool implements AutoCloseable {

  private static final Pattern ID = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");
  static final String IMAGE = ".img";

  /** An image or mark, or a new image. */
  private static final Pattern OWN_FILE =
      Pattern.compile(
          "(%1$s)\\.(?:img|%2$s)|\\.(%1$s)\\.(?:img|source)\\.new"
              .formatted(ID, VolumeMark.words()));

  private static final int READ_BLOCK = 1 << 20;
  private static final long MIB = 1L << 20;

  /** The unit of stat(1)'s blocks. */
  private static final long BLOCK = 512;

  /** The pool's filesystem needs at least so many bytes of the free ones, and one in so many. */
  private static final long OWN_ROOM = 4 * MIB;

  private static final long OWN_SHARE = 256;

  private final Path folder;
  private final Path volumes;
  private final Path records;
  private final PoolLock lock;
  private final VolumeMarks marks;
  private final NewImages fresh;

  private Pool(Path folder, Path volumes, Path records, PoolLock lock) {
    this.folder = folder;
    this.volumes = volumes;
    this.records = records;
    this.lock = lock;
    this.marks = new VolumeMarks(volumes);
    this.fresh = new NewImages(volumes, marks);
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
    PoolLock lock = PoolLock.take(real);
    try {
      Pool pool = new Pool(real, volumes, records, lock);
      pool.fresh.removeHalfMade();
      return pool;
    } catch (IOException e) {
      lock.close();
      throw e;
    }
  }

  private static Path ownFolder(Path path) throws IOException {
    if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectory(
          path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    return path;
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

  /**
   * What volumes can still take, in whole mebibytes. The filesystem keeps its own records in the
   * same room, so that not every free byte can become a volume's.
   */
  long availableBytes() {
    try {
      long free = Files.getFileStore(volumes).getUsableSpace();
      return Math.max(0, free - Math.max(OWN_ROOM, free / OWN_SHARE)) / MIB * MIB;
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

  /** What volumes carry beside their images. */
  VolumeMarks marks() {
    return marks;
  }

  /** Makes a thin volume, see {@link NewImages#make}. */
  void make(String volumeId, long bytes, NewImages.Filling filling) {
    fresh.make(checked(volumeId), bytes, Allocation.THIN, filling);
  }

  /** What volumes are made with. */
  NewImages fresh() {
    return fresh;
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
      marks.clearAll(volumeId);
      Files.deleteIfExists(image(volumeId));
      sync(volumes);
    } catch (IOException e) {
      throw failure("cannot delete volume " + volumeId, e);
    }
  }

  /**
   * A UUID that follows from the image file, so that it can be told at any time: no other volume
   * has it, and none of the same id that was there before.
   */
  String uuid(String volumeId) {
    try {
      Map<String, Object> file =
          Files.readAttributes(
              existing(volumeId), "unix:ino,creationTime", LinkOption.NOFOLLOW_LINKS);
      String name = "%s %s".formatted(file.get("ino"), file.get("creationTime"));
      return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)).toString();
    } catch (IOException e) {
      throw failure("cannot read the attributes of volume " + volumeId, e);
    }
  }

  void syncImage(String volumeId) {
    try (FileChannel channel = FileChannel.open(existing(volumeId), StandardOpenOption.WRITE)) {
      channel.force(true);
    } catch (IOException e) {
      throw failure("cannot sync volume " + volumeId, e);
    }
  }

  /** What the volume takes of the pool now, in bytes. */
  long allocatedBytes(String volumeId) {
    String image = existing(volumeId).toString();
    return BLOCK * Long.parseLong(Command.run(Command.SHORT, "stat", "-c", "%b", image));
  }

  /** Whether every byte of the volume is zero. */
  boolean isBlank(String volumeId) {
    Path image = existing(volumeId);
    if (allocatedBytes(volumeId) == 0) {
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

  /**
   * Makes a volume blank again whose formatting was interrupted; it was never mounted. It must not
   * be attached.
   */
  void undoInterruptedFormat(String volumeId) {
    // Through a new image: truncated in place, a kill before "long again" would lose the size.
    boolean thick = marks.has(VolumeMark.THICK, volumeId);
    fresh.make(volumeId, size(volumeId), thick ? Allocation.THICK : Allocation.THIN, image -> {});
  }

  /** Brings what was added to a folder or removed from it to the medium. */
  static void sync(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** The id, if it can be one. */
  static String checked(String volumeId) {
    if (!ID.matcher(volumeId).matches()) {
      throw new BackendException(Reason.NOT_FOUND, "no volume has the id '" + volumeId + "'");
    }
    return volumeId;
  }

  /** As the caller of the driver sees it. */
  static BackendException failure(String what, IOException cause) {
    String why = String.valueOf(cause.getMessage());
    boolean full = Set.of("No space left", "quota exceeded").stream().anyMatch(why::contains);
    boolean tooLarge = why.contains("File too large");
    Reason reason = full ? Reason.OUT_OF_SPACE : tooLarge ? Reason.INVALID : Reason.FAILED;
    return new BackendException(reason, what + ": " + why, cause);
  }

  @Override
  public void close() {
    lock.close();
  }
}
