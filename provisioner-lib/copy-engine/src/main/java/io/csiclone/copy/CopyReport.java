package io.csiclone.copy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a finished copy did. All sizes in bytes; {@code resumed + cloned + written + skipped} is the
 * source's length.
 *
 * @param method the method that moved the data, or most of it; for a source without data the one
 *     that would have been used
 * @param sourceBytes the source's length
 * @param read bytes of the source that passed through the engine; what the kernel moved by itself
 *     and what a read-back reads is not counted
 * @param cloned bytes whose extents are shared with the source
 * @param written bytes written to the target, by the engine or by the kernel for it
 * @param skipped bytes of holes and zeros that were not written
 * @param holes of the skipped bytes, those that were known to be holes and not even read
 * @param zeroed bytes of the target, those behind the source's end included, that were made zeros
 *     by a command instead of being written
 * @param digest of the source's bytes, when asked for and computed
 * @param passedOver the methods faster than those used, with the reason, fastest first
 * @param took from the call to the last fsync and, if asked for, the end of the read-back
 * @param byMethod how many bytes each method moved or shared, without those that moved none
 * @param resumed bytes that an earlier copy had brought to the medium, by its journal
 * @param startedOver why a journal that was found did not help; empty when it did or none was found
 * @param phases what the time went into
 */
public record CopyReport(
    CopyMethod method,
    long sourceBytes,
    long read,
    long cloned,
    long written,
    long skipped,
    long holes,
    long zeroed,
    Optional<VolumeDigest> digest,
    List<PassedOver> passedOver,
    Duration took,
    Map<CopyMethod, Long> byMethod,
    long resumed,
    Optional<String> startedOver,
    Phases phases) {

  /**
   * A method that was not used.
   *
   * @param method the method
   * @param reason one clause, with the call and its errno if one was made
   */
  public record PassedOver(CopyMethod method, String reason) {}

  /**
   * Where the time went.
   *
   * @param copying until the last byte was handed to the kernel, waiting for a turn included
   * @param flushing the last fsync
   * @param comparing the read-back
   */
  public record Phases(Duration copying, Duration flushing, Duration comparing) {}
}
