package io.csiclone.csi;

/** The storage could not do what was asked. The message goes to the caller as it is. */
public class BackendException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** Why, in terms that map to one gRPC status code each. */
  public enum Reason {
    /** No room: RESOURCE_EXHAUSTED. */
    OUT_OF_SPACE,
    /** A parameter or option the backend does not accept: INVALID_ARGUMENT. */
    INVALID,
    /** The volume is in use: FAILED_PRECONDITION. */
    IN_USE,
    /** The volume does not exist: NOT_FOUND. */
    NOT_FOUND,
    /** Anything else: INTERNAL. */
    FAILED
  }

  private final Reason reason;

  public BackendException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  public BackendException(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  /** Why. */
  public Reason reason() {
    return reason;
  }
}
