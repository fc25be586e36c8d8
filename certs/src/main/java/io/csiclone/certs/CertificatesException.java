package io.csiclone.certs;

import org.jspecify.annotations.Nullable;

/** Certificates could not be made, stored or handed over. */
public class CertificatesException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String secret;

  CertificatesException(String secret, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.secret = secret;
  }

  /** The Secret concerned, as {@code namespace/name}. */
  public String secret() {
    return secret;
  }
}
