package io.csiclone.driver;

import io.csiclone.csi.BackendException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the filesystem of a mounted volume still while its image is cloned, so that the clone needs
 * no journal replay. A clone made without it is what a power cut would have left: consistent too,
 * because a reflink is one instant for the whole file. So a freeze that does not come about never
 * fails a clone; a thaw always follows, after a kill at the next start.
 */
final class SourceFreeze implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SourceFreeze.class);
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private final Pool pool;
  private final String volumeId;
  private final Optional<Path> frozen;

  private SourceFreeze(Pool pool, String volumeId, Optional<Path> frozen) {
    this.pool = pool;
    this.volumeId = volumeId;
    this.frozen = frozen;
  }

  /** Freezes the volume's filesystem where it is mounted on this node. */
  static SourceFreeze of(Pool pool, LoopDevices loops, String volumeId) {
    Optional<Path> mounted = mountedAt(pool, loops, volumeId);
    if (mounted.isEmpty()) {
      return new SourceFreeze(pool, volumeId, Optional.empty());
    }
    Path at = mounted.get();
    pool.markFrozen(volumeId);
    try {
      Command.Result result = Command.attempt(LIMIT, "fsfreeze", "-f", at.toString());
      if (result.ok()) {
        return new SourceFreeze(pool, volumeId, mounted);
      }
      // Also "busy": somebody else has frozen it, and it is theirs to thaw.
      log.warn("volume {} is cloned without freezing it: {}", volumeId, result.err());
    } catch (BackendException e) {
      thaw(volumeId, at); // it may come about after the time limit
      log.warn("volume {} is cloned without freezing it: {}", volumeId, e.getMessage());
    }
    pool.unmarkFrozen(volumeId);
    return new SourceFreeze(pool, volumeId, Optional.empty());
  }

  @Override
  public void close() {
    frozen.ifPresent(at -> {
      thaw(volumeId, at);
      pool.unmarkFrozen(volumeId);
    });
  }

  /** Thaws what a killed process of this pool left frozen. */
  static void thawLeftovers(Pool pool, LoopDevices loops) {
    for (String volumeId : pool.markedFrozen()) {
      if (pool.holds(volumeId)) {
        mountedAt(pool, loops, volumeId).ifPresent(at -> thaw(volumeId, at));
      }
      pool.unmarkFrozen(volumeId);
    }
  }

  private static Optional<Path> mountedAt(Pool pool, LoopDevices loops, String volumeId) {
    MountTable table = MountTable.read();
    return loops.attachedTo(pool.existing(volumeId)).stream()
        .flatMap(device -> table.of(device).stream())
        .map(Mount::point)
        .findFirst();
  }

  private static void thaw(String volumeId, Path at) {
    Command.Result result = Command.attemptShielded(LIMIT, "fsfreeze", "-u", at.toString());
    // EINVAL: it was not frozen.
    if (!result.ok() && !result.err().contains("Invalid argument")) {
      log.error(
          "the filesystem of volume {} at {} could not be thawed; run: fsfreeze -u {} ({})",
          volumeId,
          at,
          at,
          result.err());
      throw result.failure();
    }
  }
}
