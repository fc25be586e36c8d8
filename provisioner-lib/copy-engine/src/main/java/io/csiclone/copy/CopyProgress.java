package io.csiclone.copy;

import java.time.Duration;
import java.util.Optional;

/**
 * How far a copy is.
 *
 * @param done bytes of the source dealt with; equals {@code total} only when all are on the medium
 * @param total bytes of the source
 * @param bytesPerSecond how fast {@code done} has been growing lately, holes included
 * @param left how long the rest will take at that rate; empty while nothing can be said
 * @param method the one that has moved most so far; empty while nothing was moved
 */
public record CopyProgress(
    long done,
    long total,
    long bytesPerSecond,
    Optional<Duration> left,
    Optional<CopyMethod> method) {

  /** Progress of a copy that tells no method. */
  public CopyProgress(long done, long total, long bytesPerSecond, Optional<Duration> left) {
    this(done, total, bytesPerSecond, left, Optional.empty());
  }
}
