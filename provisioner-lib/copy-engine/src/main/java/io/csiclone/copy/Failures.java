package io.csiclone.copy;

import io.csiclone.copy.internal.linux.Errno;
import io.csiclone.copy.internal.linux.SystemCallException;
import java.nio.file.Path;

/** Turns what the kernel says into the engine's reasons; the one place that does. */
final class Failures {

  private Failures() {}

  /** A path that could not be looked at. */
  static CopyException lookingAt(String role, Path path, SystemCallException e) {
    CopyFailure failure =
        e.is(Errno.ENOENT, Errno.ENOTDIR) ? CopyFailure.NOT_FOUND : CopyFailure.IO_ERROR;
    return new CopyException(
        failure, "the " + role + " " + path + " cannot be found: " + e.getMessage(), e);
  }

  static CopyException openingSource(Path path, SystemCallException e) {
    CopyFailure failure =
        switch (e.errno()) {
          case Errno.ENOENT, Errno.ENOTDIR -> CopyFailure.NOT_FOUND;
          case Errno.ELOOP -> CopyFailure.SYMBOLIC_LINK;
          case Errno.EACCES, Errno.EPERM, Errno.ENXIO, Errno.ENODEV ->
              CopyFailure.SOURCE_UNREADABLE;
          default -> CopyFailure.IO_ERROR;
        };
    return new CopyException(
        failure, "the source " + path + " cannot be opened for reading: " + e.getMessage(), e);
  }

  static CopyException openingTarget(Path path, SystemCallException e) {
    return switch (e.errno()) {
      case Errno.EBUSY ->
          new CopyException(
              CopyFailure.TARGET_IN_USE,
              "the target " + path + " is mounted or claimed by another user: " + e.getMessage(),
              e);
      case Errno.ETXTBSY ->
          new CopyException(
              CopyFailure.TARGET_IN_USE,
              "the target " + path + " is being executed or swapped to: " + e.getMessage(),
              e);
      default -> {
        CopyFailure failure =
            switch (e.errno()) {
              case Errno.ENOENT, Errno.ENOTDIR -> CopyFailure.NOT_FOUND;
              case Errno.ELOOP -> CopyFailure.SYMBOLIC_LINK;
              case Errno.EACCES, Errno.EPERM, Errno.EROFS -> CopyFailure.TARGET_READ_ONLY;
              default -> CopyFailure.IO_ERROR;
            };
        yield new CopyException(
            failure, "the target " + path + " cannot be opened for writing: " + e.getMessage(), e);
      }
    };
  }

  /** A call that failed while bytes were under way. */
  static CopyException copying(Path source, Path target, SystemCallException e) {
    boolean full = e.is(Errno.ENOSPC, Errno.EDQUOT, Errno.EFBIG);
    return new CopyException(
        full ? CopyFailure.NO_SPACE : CopyFailure.IO_ERROR,
        "copying " + source + " to " + target + " failed: " + e.getMessage(),
        e);
  }

  static CopyException sourceShrank(Endpoint source, long offset, long expected) {
    return new CopyException(
        CopyFailure.SOURCE_CHANGED,
        "the source "
            + source.path()
            + " became shorter while it was copied: it had "
            + expected
            + " bytes and ends at offset "
            + offset
            + " now");
  }

  static CopyException sourceNotTheSame(Path source, CopyJournal journal, String what) {
    return new CopyException(
        CopyFailure.SOURCE_NOT_THE_SAME,
        "the journal %s tells of a copy that was cut off, and the source %s is not what was copied then: %s; remove the journal to start over"
            .formatted(journal.path(), source, what));
  }

  static CopyException journal(Path journal, String what, Exception e) {
    return new CopyException(
        CopyFailure.JOURNAL_UNUSABLE, "the journal " + journal + " " + what + ": " + e, e);
  }

  static CopyException journal(Path journal, String what) {
    return new CopyException(CopyFailure.JOURNAL_UNUSABLE, "the journal " + journal + " " + what);
  }

  static CopyException differs(Endpoint source, Endpoint target, long offset) {
    return new CopyException(
        CopyFailure.VERIFICATION_FAILED,
        "read back from its medium, the target "
            + target.path()
            + " differs from the source "
            + source.path()
            + ", first at offset "
            + offset
            + "; its medium may be failing, or something wrote to one of them during the copy");
  }

  static CopyException closed(Path source, Path target) {
    return new CopyException(
        CopyFailure.ENGINE_CLOSED,
        "the copy engine was closed; " + target + " is no copy of " + source);
  }
}
