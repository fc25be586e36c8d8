package io.csiclone.csi;

import io.csiclone.copy.CopyMethod;
import io.grpc.Status;
import java.time.Duration;
import java.util.Optional;

/**
 * What becomes of a volume or snapshot that is made of another one. Each begins with {@link Begun}
 * and ends with one of {@link Made}, {@link Failed} and {@link Stopped}.
 */
public sealed interface CloneEvent {

  /** The volume handle, or the id of the snapshot, that is being made. */
  String volumeId();

  /** The volume or snapshot it is made of. */
  String sourceId();

  /**
   * It is being made, by this process.
   *
   * @param resumed whether an earlier process began
   */
  record Begun(String volumeId, String sourceId, boolean resumed) implements CloneEvent {}

  /** It waits for its turn to be copied, see {@link CopyLimits}. */
  record Waiting(String volumeId, String sourceId) implements CloneEvent {}

  /**
   * Its bytes are being copied; told at most four times a second.
   *
   * @param done bytes of the source dealt with, holes included
   * @param total bytes of the source
   * @param bytesPerSecond how fast {@code done} has been growing lately
   * @param left how long the rest takes at that rate; empty while nothing can be said
   * @param method by which most of it was copied so far; empty while nothing was
   */
  record Copying(
      String volumeId,
      String sourceId,
      long done,
      long total,
      long bytesPerSecond,
      Optional<Duration> left,
      Optional<CopyMethod> method)
      implements CloneEvent {

    /** Of a copy that tells no method. */
    public Copying(
        String volumeId,
        String sourceId,
        long done,
        long total,
        long bytesPerSecond,
        Optional<Duration> left) {
      this(volumeId, sourceId, done, total, bytesPerSecond, left, Optional.empty());
    }
  }

  /**
   * It is complete.
   *
   * @param method by which most of its bytes were copied; empty when the storage cloned by itself
   * @param copied bytes that this process moved; 0 when the storage cloned by itself
   * @param took since this process began, waiting included
   */
  record Made(
      String volumeId, String sourceId, Optional<CopyMethod> method, long copied, Duration took)
      implements CloneEvent {}

  /**
   * It could not be made and nothing of it is left.
   *
   * @param code the status that the caller is answered with
   * @param reason a sentence
   * @param took since this process began
   */
  record Failed(String volumeId, String sourceId, Status.Code code, String reason, Duration took)
      implements CloneEvent {}

  /** It was deleted while it was made, or the driver stops and the next start goes on. */
  record Stopped(String volumeId, String sourceId) implements CloneEvent {}
}
