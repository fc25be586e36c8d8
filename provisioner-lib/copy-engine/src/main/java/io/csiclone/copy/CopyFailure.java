package io.csiclone.copy;

/** Why a copy was refused or failed. Refusals leave the target untouched. */
public enum CopyFailure {
  /** The system calls cannot be made: another platform, or the JVM denies native access. */
  NATIVE_ACCESS_DENIED,
  /** Refused: source or target does not exist. */
  NOT_FOUND,
  /** Refused: source or target is neither a regular file nor a block device. */
  NOT_FILE_OR_BLOCK_DEVICE,
  /** Refused: source or target is a symbolic link; the caller resolves links. */
  SYMBOLIC_LINK,
  /** Refused: the source cannot be opened for reading, or is a device without a medium. */
  SOURCE_UNREADABLE,
  /** Refused: the target cannot be opened for writing. */
  TARGET_READ_ONLY,
  /** Refused: the target is shorter than the source. */
  TARGET_SMALLER,
  /** Refused: the target is the source, by another name or through a device on top of it. */
  SAME_AS_SOURCE,
  /** Refused: the target is mounted, claimed by another user, or attached as a loop device. */
  TARGET_IN_USE,
  /**
   * Refused: the journal says that the target holds parts of another source, or of another state of
   * this one. Remove the journal to start over.
   */
  SOURCE_NOT_THE_SAME,
  /** Refused: the journal cannot be read, or is no place for one; later: cannot be written. */
  JOURNAL_UNUSABLE,
  /** The source became shorter during the copy. The target is incomplete. */
  SOURCE_CHANGED,
  /** The target's filesystem or quota is full. The target is incomplete. */
  NO_SPACE,
  /** A system call failed. The target is incomplete. */
  IO_ERROR,
  /** Read back from the medium, the target differs from the source. The target is no copy. */
  VERIFICATION_FAILED,
  /** The engine was closed before the copy ended. The target is incomplete. */
  ENGINE_CLOSED,
  /** Anything else; a defect. The target is incomplete. */
  INTERNAL
}
