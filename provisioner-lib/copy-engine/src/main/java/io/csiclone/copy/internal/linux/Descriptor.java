package io.csiclone.copy.internal.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;

/**
 * An open file or block device and the calls the engine makes on it. Every method blocks its thread
 * in the kernel, so none may run on a virtual thread that others wait for.
 */
public final class Descriptor implements AutoCloseable {

  private static final int O_RDONLY = 0;
  private static final int O_RDWR = 2;
  private static final int O_EXCL = 0x80;
  private static final int O_NONBLOCK = 0x800;
  private static final int O_CLOEXEC = 0x80000;
  // The two flags of ours whose values differ: asm-generic/fcntl.h against arm64's own.
  private static final boolean ARM64 = "aarch64".equals(System.getProperty("os.arch"));
  private static final int O_NOFOLLOW = ARM64 ? 0x8000 : 0x20000;
  private static final int O_DIRECT = ARM64 ? 0x10000 : 0x4000;

  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;

  private static final int KEEP_SIZE = 0x01;
  private static final int PUNCH_HOLE = 0x02;
  private static final int ZERO_RANGE = 0x10;

  private static final int POSIX_FADV_DONTNEED = 4;

  private static final int SYNC_WAIT_BEFORE = 1;
  private static final int SYNC_WRITE = 2;
  private static final int SYNC_WAIT_AFTER = 4;

  // linux/fs.h and linux/loop.h.
  private static final long FICLONE = 0x40049409L;
  private static final long FICLONERANGE = 0x4020940dL;
  private static final long BLKGETSIZE64 = 0x80081272L;
  private static final long BLKROGET = 0x125eL;
  private static final long BLKSSZGET = 0x1268L;
  private static final long BLKZEROOUT = 0x127fL;
  private static final long LOOP_GET_STATUS64 = 0x4c05L;
  private static final int LOOP_INFO64_BYTES = 232;

  private final String path;
  private int fd;

  private Descriptor(String path, int fd) {
    this.path = path;
    this.fd = fd;
  }

  /** Opens for reading. A symbolic link is not followed (ELOOP); a pipe does not block. */
  public static Descriptor forReading(Path path) throws SystemCallException {
    return open(path, path.toString(), O_RDONLY | O_NOFOLLOW);
  }

  /**
   * Opens for reading and writing, as {@link #forReading} otherwise.
   *
   * @param exclusive for block devices: fail with EBUSY when the device is mounted or claimed
   */
  public static Descriptor forWriting(Path path, boolean exclusive) throws SystemCallException {
    return open(path, path.toString(), O_RDWR | O_NOFOLLOW | (exclusive ? O_EXCL : 0));
  }

  /**
   * The same file again, past the page cache. Offset, length and buffer have to be aligned to
   * logical blocks then.
   *
   * @return empty where that cannot be had
   */
  public Optional<Descriptor> reopenDirect(boolean writing) {
    try {
      // Through this descriptor, not the path, which may lead elsewhere by now.
      int flags = (writing ? O_RDWR : O_RDONLY) | O_DIRECT;
      return Optional.of(open(Path.of("/proc/self/fd/" + fd), path, flags));
    } catch (SystemCallException e) {
      return Optional.empty();
    }
  }

  private static Descriptor open(Path path, String name, int flags) throws SystemCallException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = NativePath.of(arena, path);
      while (true) {
        int fd = Libc.open(text, flags | O_CLOEXEC | O_NONBLOCK);
        if (fd >= 0) {
          return new Descriptor(name, fd);
        }
        if (Libc.errno() != Errno.EINTR) {
          throw new SystemCallException("open", name, Libc.errno());
        }
      }
    }
  }

  public FileStatus status() throws SystemCallException {
    return FileStatus.of(fd, path);
  }

  /**
   * Reads until {@code length} bytes are there.
   *
   * @return bytes read, fewer only at the end
   */
  public int readFully(AlignedBuffer buffer, int from, int length, long offset)
      throws SystemCallException {
    int done = 0;
    while (done < length) {
      int left = length - done;
      long count = Libc.pread(fd, buffer.slice(from + done, left), left, offset + done);
      if (count > 0) {
        done += (int) count;
      } else if (count == 0) {
        break;
      } else {
        retryOrThrow("pread", offset + done);
      }
    }
    return done;
  }

  /** Writes all of it. */
  public void write(AlignedBuffer buffer, int from, int length, long offset)
      throws SystemCallException {
    write(buffer.slice(from, length), length, offset);
  }

  /** Writes zeros. */
  public void writeZeros(long offset, long length) throws SystemCallException {
    long end = offset + length;
    for (long at = offset; at < end; ) {
      int count = (int) Math.min(AlignedBuffer.ZEROS.byteSize(), end - at);
      write(AlignedBuffer.ZEROS, count, at);
      at += count;
    }
  }

  private void write(MemorySegment bytes, int length, long offset) throws SystemCallException {
    int done = 0;
    while (done < length) {
      long count =
          Libc.pwrite(fd, bytes.asSlice(done, length - done), length - done, offset + done);
      if (count > 0) {
        done += (int) count;
      } else if (count == 0) {
        // Not seen on files or block devices; an endless loop would be the worse answer.
        throw new SystemCallException("pwrite", path, offset + done, Errno.EIO);
      } else {
        retryOrThrow("pwrite", offset + done);
      }
    }
  }

  /** The first offset from {@code offset} on that holds data; ENXIO when there is none. */
  public long seekData(long offset) throws SystemCallException {
    return seek("lseek(SEEK_DATA)", offset, SEEK_DATA);
  }

  /** The first offset from {@code offset} on inside a hole; the end of file counts as one. */
  public long seekHole(long offset) throws SystemCallException {
    return seek("lseek(SEEK_HOLE)", offset, SEEK_HOLE);
  }

  private long seek(String call, long offset, int whence) throws SystemCallException {
    long found = Libc.lseek(fd, offset, whence);
    if (found < 0) {
      throw new SystemCallException(call, path, offset, Libc.errno());
    }
    return found;
  }

  /** Shares all extents of {@code source} with this file, which does not become shorter. */
  public void cloneAll(Descriptor source) throws SystemCallException {
    while (Libc.ioctl(fd, FICLONE, MemorySegment.ofAddress(source.fd)) < 0) {
      retryOrThrow("ioctl(FICLONE)", 0);
    }
  }

  /** Shares a range of {@code source}, at the same offset; both aligned to filesystem blocks. */
  public void cloneRange(Descriptor source, long offset, long length) throws SystemCallException {
    if (length <= 0) {
      // The kernel reads 0 as "up to the end".
      throw new IllegalArgumentException("length " + length);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment range = arena.allocate(32, 8);
      range.set(JAVA_LONG, 0, source.fd);
      range.set(JAVA_LONG, 8, offset);
      range.set(JAVA_LONG, 16, length);
      range.set(JAVA_LONG, 24, offset);
      while (Libc.ioctl(fd, FICLONERANGE, range) < 0) {
        retryOrThrow("ioctl(FICLONERANGE)", offset);
      }
    }
  }

  /**
   * Lets the kernel copy a range of {@code source} to the same offset.
   *
   * @return bytes copied, possibly fewer than asked for; 0 at the source's end
   */
  public long copyRange(Descriptor source, long offset, long length) throws SystemCallException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment in = arena.allocateFrom(JAVA_LONG, offset);
      MemorySegment out = arena.allocateFrom(JAVA_LONG, offset);
      while (true) {
        long count = Libc.copyFileRange(source.fd, in, fd, out, length);
        if (count >= 0) {
          return count;
        }
        retryOrThrow("copy_file_range", offset);
      }
    }
  }

  /** Makes the range read as zeros and gives its space back. */
  public void punchHole(long offset, long length) throws SystemCallException {
    fallocate("fallocate(PUNCH_HOLE)", PUNCH_HOLE | KEEP_SIZE, offset, length);
  }

  /** Makes the range read as zeros, with space behind it. */
  public void zeroRange(long offset, long length) throws SystemCallException {
    fallocate("fallocate(ZERO_RANGE)", ZERO_RANGE | KEEP_SIZE, offset, length);
  }

  /** Takes space for a range, which reads as before: what is a hole as zeros. */
  public void reserve(long offset, long length) throws SystemCallException {
    fallocate("fallocate", KEEP_SIZE, offset, length);
  }

  private void fallocate(String call, int mode, long offset, long length)
      throws SystemCallException {
    while (Libc.fallocate(fd, mode, offset, length) < 0) {
      retryOrThrow(call, offset);
    }
  }

  /** Zeroes a range of a block device, aligned to its logical blocks. */
  public void zeroOut(long offset, long length) throws SystemCallException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment range = arena.allocateFrom(JAVA_LONG, offset, length);
      while (Libc.ioctl(fd, BLKZEROOUT, range) < 0) {
        retryOrThrow("ioctl(BLKZEROOUT)", offset);
      }
    }
  }

  /** Bytes of a block device. */
  public long deviceSize() throws SystemCallException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment size = arena.allocate(JAVA_LONG);
      if (Libc.ioctl(fd, BLKGETSIZE64, size) < 0) {
        throw new SystemCallException("ioctl(BLKGETSIZE64)", path, Libc.errno());
      }
      return size.get(JAVA_LONG, 0);
    }
  }

  /** The smallest unit a block device can address, in bytes. */
  public int logicalBlockSize() throws SystemCallException {
    return deviceProperty("ioctl(BLKSSZGET)", BLKSSZGET);
  }

  /** Whether a block device refuses writes; opening it for writing may succeed all the same. */
  public boolean isReadOnlyDevice() throws SystemCallException {
    return deviceProperty("ioctl(BLKROGET)", BLKROGET) != 0;
  }

  private int deviceProperty(String call, long request) throws SystemCallException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(JAVA_INT);
      if (Libc.ioctl(fd, request, value) < 0) {
        throw new SystemCallException(call, path, Libc.errno());
      }
      return value.get(JAVA_INT, 0);
    }
  }

  /** For a loop device that is attached: what it shows. Empty for every other device. */
  public Optional<LoopBacking> loopBacking() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(LOOP_INFO64_BYTES, 8);
      if (Libc.ioctl(fd, LOOP_GET_STATUS64, info) < 0) {
        return Optional.empty();
      }
      return Optional.of(
          new LoopBacking(
              new FileIdentity(DeviceNumber.unpack(info.get(JAVA_LONG, 0)), info.get(JAVA_LONG, 8)),
              info.get(JAVA_LONG, 24)));
    }
  }

  /** Returns when all data and the metadata needed to read it are on the medium. */
  public void sync() throws SystemCallException {
    // A failed fsync is never repeated: the kernel may have dropped the pages and say yes then.
    if (Libc.fsync(fd) < 0) {
      throw new SystemCallException("fsync", path, Libc.errno());
    }
  }

  /** As {@link #sync}, without what only says when it happened. */
  public void dataSync() throws SystemCallException {
    if (Libc.fdatasync(fd) < 0) {
      throw new SystemCallException("fdatasync", path, Libc.errno());
    }
  }

  /** Asks for the range's dirty pages to be written, and returns before they are. */
  public void startWriteBack(long offset, long length) throws SystemCallException {
    syncRange(offset, length, SYNC_WRITE);
  }

  /** Returns when the range's pages are written; the file's metadata may not be. */
  public void awaitWriteBack(long offset, long length) throws SystemCallException {
    syncRange(offset, length, SYNC_WAIT_BEFORE | SYNC_WRITE | SYNC_WAIT_AFTER);
  }

  private void syncRange(long offset, long length, int flags) throws SystemCallException {
    while (Libc.syncFileRange(fd, offset, length, flags) < 0) {
      retryOrThrow("sync_file_range", offset);
    }
  }

  /** Bytes of the range that are in the page cache; ENOSYS before Linux 6.5. */
  public long cachedBytes(long offset, long length) throws SystemCallException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment range = arena.allocateFrom(JAVA_LONG, offset, length);
      MemorySegment result = arena.allocate(5 * Long.BYTES, 8);
      if (Libc.cachestat(fd, range, result) < 0) {
        throw new SystemCallException("cachestat", path, offset, Libc.errno());
      }
      return result.get(JAVA_LONG, 0) * AlignedBuffer.PAGE;
    }
  }

  /** Drops clean pages of the range from the page cache; {@code length} 0 means to the end. */
  public void dropCache(long offset, long length) {
    // Advice: a refusal changes nothing that matters here.
    int ignored = Libc.fadvise(fd, offset, length, POSIX_FADV_DONTNEED);
  }

  private void retryOrThrow(String call, long offset) throws SystemCallException {
    int errno = Libc.errno();
    if (errno != Errno.EINTR) {
      throw new SystemCallException(call, path, offset, errno);
    }
  }

  /** Gives the descriptor back; further calls do nothing. */
  @Override
  public void close() {
    int open = fd;
    fd = -1;
    if (open >= 0) {
      // Data was fsync'd before success was told, so an error here loses nothing.
      int ignored = Libc.close(open);
    }
  }

  @Override
  public String toString() {
    return path;
  }
}
