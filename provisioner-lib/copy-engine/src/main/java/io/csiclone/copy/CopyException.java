package io.csiclone.copy;

/** A copy was refused or failed. The message names the path, and offset, call and errno if any. */
public class CopyException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public CopyException(String message) {
    super(message);
  }

  public CopyException(String message, Throwable cause) {
    super(message, cause);
  }
}
