package io.csiclone.driver;

import io.csiclone.csi.BackendException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the filesystem of a mounted volume still while its image is cloned, so that the clone needs
 * no journal replay. A clone made without it is what a power cut would have left: consistent too,
 * because a reflink is one instant for the whole file. So a freeze that does not come about never
 * fails a clone.
 *
 * <p>A thaw always follows: by the process that holds the freeze, see {@link FrozenMount}, and
 * should that one be killed too, at the next start, by the pool's marks.
 */
final class SourceFreeze implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SourceFreeze.class);
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private final Pool pool;
  private final String volumeId;
  private final long begun = System.nanoTime();
  private @Nullable FrozenMount frozen;

  private SourceFreeze(Pool pool, String volumeId, @Nullable FrozenMount frozen) {
    this.pool = pool;
    this.volumeId = volumeId;
    this.frozen = frozen;
  }

  /** Freezes the volume's filesystem where it is mounted on this node. */
  static SourceFreeze of(Pool pool, LoopDevices loops, String volumeId) {
    Optional<Path> mounted = mountedAt(pool, loops, volumeId);
    if (mounted.isEmpty()) {
      return none(pool, volumeId);
    }
    uninterrupted(() -> pool.marks().set(VolumeMark.FROZEN, volumeId));
    try {
      return new SourceFreeze(pool, volumeId, FrozenMount.at(mounted.get()));
    } catch (BackendException e) {
      // Also "busy": somebody else has frozen it, and it is theirs to thaw.
      log.warn("volume {} is cloned without freezing it: {}", volumeId, e.getMessage());
      uninterrupted(() -> pool.marks().clear(VolumeMark.FROZEN, volumeId));
      return none(pool, volumeId);
    }
  }

  /** Freezes nothing. */
  static SourceFreeze none(Pool pool, String volumeId) {
    return new SourceFreeze(pool, volumeId, null);
  }

  /** Whether the filesystem has been frozen from the beginning until now. */
  boolean held() {
    return frozen != null && frozen.held();
  }

  /** Thaws it; doing so twice does nothing. */
  @Override
  public void close() {
    FrozenMount mount = frozen;
    if (mount == null) {
      return;
    }
    frozen = null;
    try {
      mount.close();
    } catch (BackendException e) {
      log.error("the filesystem of volume {} may still be frozen: {}", volumeId, e.getMessage());
      throw e;
    }
    log.info(
        "the filesystem of volume {} was frozen for {} ms",
        volumeId,
        (System.nanoTime() - begun) / 1_000_000);
    uninterrupted(() -> pool.marks().clear(VolumeMark.FROZEN, volumeId));
  }

  /** An interrupt closes files in the middle of what is done to them, and a mark must be right. */
  private static void uninterrupted(Runnable work) {
    boolean _ =
        Command.shielded(() -> {
          work.run();
          return true;
        });
  }

  /** Thaws what a killed process of this pool left frozen. */
  static void thawLeftovers(Pool pool, LoopDevices loops) {
    for (String volumeId : pool.marks().with(VolumeMark.FROZEN)) {
      if (pool.holds(volumeId)) {
        mountedAt(pool, loops, volumeId).ifPresent(at -> thaw(volumeId, at));
      }
      pool.marks().clear(VolumeMark.FROZEN, volumeId);
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
    Command.Result result = Command.attempt(LIMIT, "fsfreeze", "-u", at.toString());
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
