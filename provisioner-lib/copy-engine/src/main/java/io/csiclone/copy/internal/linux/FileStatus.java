package io.csiclone.copy.internal.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Instant;

/**
 * What the kernel tells of a file (statx).
 *
 * @param kind what sort of file it is
 * @param device the device of the filesystem it lives on
 * @param inode its number there
 * @param size its length in bytes; 0 for a block device
 * @param allocated bytes of the medium it occupies
 * @param node for a device node the device it stands for, else 0:0
 * @param born when it was made, where the filesystem keeps that, else the epoch
 * @param modified when its bytes were last written
 * @param changed when its bytes or metadata were last written
 */
public record FileStatus(
    Kind kind,
    DeviceNumber device,
    long inode,
    long size,
    long allocated,
    DeviceNumber node,
    Instant born,
    Instant modified,
    Instant changed) {

  /** The sorts of file the engine tells apart. */
  public enum Kind {
    REGULAR_FILE("a regular file"),
    BLOCK_DEVICE("a block device"),
    SYMBOLIC_LINK("a symbolic link"),
    DIRECTORY("a directory"),
    CHARACTER_DEVICE("a character device"),
    PIPE("a pipe"),
    SOCKET("a socket"),
    OTHER("neither file nor device");

    private final String text;

    Kind(String text) {
      this.text = text;
    }

    /** With its article, for messages. */
    @Override
    public String toString() {
      return text;
    }

    private static Kind ofMode(int mode) {
      return switch (mode & 0xf000) {
        case 0x8000 -> REGULAR_FILE;
        case 0x6000 -> BLOCK_DEVICE;
        case 0xa000 -> SYMBOLIC_LINK;
        case 0x4000 -> DIRECTORY;
        case 0x2000 -> CHARACTER_DEVICE;
        case 0x1000 -> PIPE;
        case 0xc000 -> SOCKET;
        default -> OTHER;
      };
    }
  }

  private static final int AT_FDCWD = -100;
  private static final int AT_SYMLINK_NOFOLLOW = 0x100;
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int BASIC_STATS_AND_BIRTH = 0xfff;
  private static final int STATX_BYTES = 256;

  /** Asks about the file itself, not about what a symbolic link points to. */
  public static FileStatus of(Path path) throws SystemCallException {
    try (Arena arena = Arena.ofConfined()) {
      return query(
          arena, AT_FDCWD, NativePath.of(arena, path), AT_SYMLINK_NOFOLLOW, path.toString());
    }
  }

  static FileStatus of(int fd, String name) throws SystemCallException {
    try (Arena arena = Arena.ofConfined()) {
      return query(arena, fd, arena.allocateFrom(""), AT_EMPTY_PATH, name);
    }
  }

  /** What stays the same under every name of the file. */
  public FileIdentity identity() {
    return new FileIdentity(device, inode);
  }

  // Offsets: struct statx in linux/stat.h, the same on every architecture.
  private static FileStatus query(
      Arena arena, int directory, MemorySegment path, int flags, String name)
      throws SystemCallException {
    MemorySegment result = arena.allocate(STATX_BYTES, 8);
    if (Libc.statx(directory, path, flags, BASIC_STATS_AND_BIRTH, result) < 0) {
      throw new SystemCallException("statx", name, Libc.errno());
    }
    return new FileStatus(
        Kind.ofMode(result.get(JAVA_SHORT, 28) & 0xffff),
        new DeviceNumber(result.get(JAVA_INT, 136), result.get(JAVA_INT, 140)),
        result.get(JAVA_LONG, 32),
        result.get(JAVA_LONG, 40),
        result.get(JAVA_LONG, 48) * 512,
        new DeviceNumber(result.get(JAVA_INT, 128), result.get(JAVA_INT, 132)),
        time(result, 80),
        time(result, 112),
        time(result, 96));
  }

  private static Instant time(MemorySegment result, long offset) {
    return Instant.ofEpochSecond(
        result.get(JAVA_LONG, offset), result.get(JAVA_INT, offset + Long.BYTES));
  }
}
