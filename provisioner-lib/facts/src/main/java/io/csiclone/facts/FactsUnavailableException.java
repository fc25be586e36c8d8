package io.csiclone.facts;

import org.jspecify.annotations.Nullable;

/** The cluster did not answer in time, or refused to answer; the message says what was asked. */
public final class FactsUnavailableException extends RuntimeException {

  FactsUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
