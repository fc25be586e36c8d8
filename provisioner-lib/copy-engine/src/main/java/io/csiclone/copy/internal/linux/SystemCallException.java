package io.csiclone.copy.internal.linux;

import java.io.IOException;

/** A system call failed; the message names call, path, offset where there is one, and errno. */
public final class SystemCallException extends IOException {

  private static final long serialVersionUID = 1L;

  private final String call;
  private final int errno;

  /** A failure without an offset. */
  public SystemCallException(String call, String path, int errno) {
    super(call + " of " + path + ": " + Errno.name(errno));
    this.call = call;
    this.errno = errno;
  }

  /** A failure at an offset. */
  public SystemCallException(String call, String path, long offset, int errno) {
    super(call + " of " + path + " at offset " + offset + ": " + Errno.name(errno));
    this.call = call;
    this.errno = errno;
  }

  /** The call as the manual names it, such as {@code pwrite} or {@code ioctl(FICLONE)}. */
  public String call() {
    return call;
  }

  /** The error number, one of {@link Errno} for those the engine reacts to. */
  public int errno() {
    return errno;
  }

  /** Whether the error number is one of these. */
  public boolean is(int... errnos) {
    for (int candidate : errnos) {
      if (candidate == errno) {
        return true;
      }
    }
    return false;
  }
}
