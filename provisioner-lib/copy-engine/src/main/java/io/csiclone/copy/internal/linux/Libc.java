package io.csiclone.copy.internal.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The C library's functions, bound once. Each method returns what the function returned; after a
 * negative result {@link #errno()} tells why, on the same thread.
 */
@SuppressWarnings("restricted")
final class Libc {

  /** The number of a call newer than most C libraries (Linux 6.5), on every architecture. */
  private static final long CACHESTAT = 451;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout CAPTURED = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      CAPTURED.varHandle(java.lang.foreign.MemoryLayout.PathElement.groupElement("errno"));

  /** Freed when its thread is gone; engine threads make every call, so there are few. */
  private static final ThreadLocal<MemorySegment> STATE =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CAPTURED));

  private static final MethodHandle OPEN =
      bind("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT), 2);
  private static final MethodHandle CLOSE =
      bind("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle IOCTL =
      bind("ioctl", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS), 2);
  private static final MethodHandle STATX =
      bind(
          "statx", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS));
  private static final MethodHandle PREAD =
      bind("pread", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle PWRITE =
      bind("pwrite", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle LSEEK =
      bind("lseek", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));
  private static final MethodHandle COPY_FILE_RANGE =
      bind(
          "copy_file_range",
          FunctionDescriptor.of(
              JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
  private static final MethodHandle FALLOCATE =
      bind("fallocate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle FSYNC =
      bind("fsync", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

  private static final MethodHandle FDATASYNC =
      bind("fdatasync", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle SYNC_FILE_RANGE =
      bind(
          "sync_file_range",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));

  private static final MethodHandle MMAP =
      bind(
          "mmap",
          FunctionDescriptor.of(
              ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
  private static final MethodHandle MUNMAP =
      bind("munmap", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle MADVISE =
      bind("madvise", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

  /** For calls the C library has no function for. */
  private static final MethodHandle SYSCALL =
      bind(
          "syscall",
          FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT),
          1);

  /** Returns its error instead of setting errno. */
  private static final MethodHandle POSIX_FADVISE =
      bind(
          "posix_fadvise",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));

  private Libc() {}

  private static MethodHandle bind(String name, FunctionDescriptor type) {
    return LINKER.downcallHandle(symbol(name), type, Linker.Option.captureCallState("errno"));
  }

  private static MethodHandle bind(String name, FunctionDescriptor type, int firstVariadic) {
    return LINKER.downcallHandle(
        symbol(name),
        type,
        Linker.Option.captureCallState("errno"),
        Linker.Option.firstVariadicArg(firstVariadic));
  }

  private static MemorySegment symbol(String name) {
    return LINKER
        .defaultLookup()
        .find(name)
        .orElseThrow(() -> new UnsupportedOperationException("the C library has no " + name));
  }

  /** Why the last call of this thread failed. */
  static int errno() {
    return (int) ERRNO.get(STATE.get(), 0L);
  }

  static int open(MemorySegment path, int flags) {
    try {
      return (int) OPEN.invokeExact(STATE.get(), path, flags, 0);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int close(int fd) {
    try {
      return (int) CLOSE.invokeExact(STATE.get(), fd);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int ioctl(int fd, long request, MemorySegment argument) {
    try {
      return (int) IOCTL.invokeExact(STATE.get(), fd, request, argument);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int statx(int directory, MemorySegment path, int flags, int mask, MemorySegment result) {
    try {
      return (int) STATX.invokeExact(STATE.get(), directory, path, flags, mask, result);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static long pread(int fd, MemorySegment buffer, long length, long offset) {
    try {
      return (long) PREAD.invokeExact(STATE.get(), fd, buffer, length, offset);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static long pwrite(int fd, MemorySegment buffer, long length, long offset) {
    try {
      return (long) PWRITE.invokeExact(STATE.get(), fd, buffer, length, offset);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static long lseek(int fd, long offset, int whence) {
    try {
      return (long) LSEEK.invokeExact(STATE.get(), fd, offset, whence);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static long copyFileRange(
      int in, MemorySegment inOffset, int out, MemorySegment outOffset, long length) {
    try {
      return (long)
          COPY_FILE_RANGE.invokeExact(STATE.get(), in, inOffset, out, outOffset, length, 0);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int fallocate(int fd, int mode, long offset, long length) {
    try {
      return (int) FALLOCATE.invokeExact(STATE.get(), fd, mode, offset, length);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int fsync(int fd) {
    try {
      return (int) FSYNC.invokeExact(STATE.get(), fd);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int fdatasync(int fd) {
    try {
      return (int) FDATASYNC.invokeExact(STATE.get(), fd);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int syncFileRange(int fd, long offset, long length, int flags) {
    try {
      return (int) SYNC_FILE_RANGE.invokeExact(STATE.get(), fd, offset, length, flags);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Memory that is no file's; the address is -1 when there is none to be had. */
  static MemorySegment mmap(long length, int protection, int flags) {
    try {
      return (MemorySegment)
          MMAP.invokeExact(STATE.get(), MemorySegment.NULL, length, protection, flags, -1, 0L);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int munmap(MemorySegment start, long length) {
    try {
      return (int) MUNMAP.invokeExact(STATE.get(), start, length);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int madvise(MemorySegment start, long length, int advice) {
    try {
      return (int) MADVISE.invokeExact(STATE.get(), start, length, advice);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static long cachestat(int fd, MemorySegment range, MemorySegment result) {
    try {
      return (long) SYSCALL.invokeExact(STATE.get(), CACHESTAT, fd, range, result, 0);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int fadvise(int fd, long offset, long length, int advice) {
    try {
      return (int) POSIX_FADVISE.invokeExact(STATE.get(), fd, offset, length, advice);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** A downcall itself throws only when it is called with the wrong types or out of memory. */
  private static RuntimeException unexpected(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return e instanceof RuntimeException runtime ? runtime : new IllegalStateException(e);
  }
}
