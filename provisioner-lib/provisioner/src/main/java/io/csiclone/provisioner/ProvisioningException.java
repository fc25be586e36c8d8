package io.csiclone.provisioner;

import java.io.Serial;

/** A claim cannot be served as things are; the message is for its owner, as an event. */
final class ProvisioningException extends RuntimeException {

  @Serial private static final long serialVersionUID = 1L;

  ProvisioningException(String message) {
    super(message);
  }
}
