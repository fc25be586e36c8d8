package io.csiclone.facts;

import org.jspecify.annotations.Nullable;

/** The cluster did not answer in time, or refused to answer; the message says what was asked. */
public final class FactsUnavailableException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** What kept the cluster from telling. */
  public enum Reason {
    /** The API server did not answer in time. */
    API_SERVER_SLOW,
    /** The API server could not be reached, or refused. */
    API_SERVER_FAILED,
    /** The caches have not been filled yet. */
    CACHE_NOT_SYNCED,
    /** This process is ending. */
    SHUTTING_DOWN
  }

  private final Reason reason;

  FactsUnavailableException(Reason reason, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  /** Why, as a kind that can be counted. */
  public Reason reason() {
    return reason;
  }
}
