package io.csiclone.copy;

/**
 * A copy was refused or failed. The message names the path, and offset, call and errno if any. The
 * target does not hold a copy.
 */
public class CopyException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final CopyFailure failure;

  public CopyException(CopyFailure failure, String message) {
    super(message);
    this.failure = failure;
  }

  public CopyException(CopyFailure failure, String message, Throwable cause) {
    super(message, cause);
    this.failure = failure;
  }

  /** A failure of kind {@link CopyFailure#INTERNAL}. */
  public CopyException(String message) {
    this(CopyFailure.INTERNAL, message);
  }

  /** A failure of kind {@link CopyFailure#INTERNAL}. */
  public CopyException(String message, Throwable cause) {
    this(CopyFailure.INTERNAL, message, cause);
  }

  /** The reason, for code that reacts to it. */
  public CopyFailure failure() {
    return failure;
  }
}
