package io.csiclone.driver;

import io.csiclone.copy.CopyEngine;
import io.csiclone.copy.CopyException;
import io.csiclone.copy.CopyFailure;
import io.csiclone.copy.CopyListener;
import io.csiclone.copy.CopyMethod;
import io.csiclone.copy.CopyOptions;
import io.csiclone.copy.CopyReport;
import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings a volume as it is at one instant into another file, by a reflink. */
final class SourceCapture {

  private static final Logger log = LoggerFactory.getLogger(SourceCapture.class);

  private final Pool pool;
  private final LoopDevices loops;
  private final CopyEngine engine;

  SourceCapture(Pool pool, LoopDevices loops, CopyEngine engine) {
    this.pool = pool;
    this.loops = loops;
    this.engine = engine;
  }

  /**
   * Fills {@code fresh} with what the volume holds. To be called with the volume's lock: nobody
   * mounts or unmounts it meanwhile.
   *
   * @return what is certain of the bytes
   * @throws BackendException with {@link Reason#IN_USE} when the policy rules the volume's use out
   */
  Guarantee into(Path fresh, String volumeId, Consistency policy) throws IOException {
    VolumeUses uses = VolumeUses.of(pool, loops, volumeId);
    if (policy == Consistency.REQUIRE_UNUSED) {
      uses.refuse(
          "and its class allows only sources that are not (%s: %s); stop its pods"
              .formatted(Consistency.PARAMETER, policy.word()));
    }
    // Also before a freeze: what is written out now need not be while pods wait.
    flush(volumeId);
    Path image = pool.existing(volumeId);
    try (SourceFreeze freeze =
        policy == Consistency.CRASH_CONSISTENT
            ? SourceFreeze.of(pool, loops, volumeId)
            : SourceFreeze.none(pool, volumeId)) {
      reflink(image, fresh);
      if (freeze.held()) {
        return Guarantee.FROZEN;
      }
      return uses.none() ? Guarantee.UNUSED : Guarantee.CRASH_CONSISTENT;
    }
  }

  private void reflink(Path from, Path fresh) throws IOException {
    try {
      CopyReport report =
          engine.copy(from, fresh, new CopyOptions(CopyMethod.REFLINK), CopyListener.none());
      if (report.method() != CopyMethod.REFLINK) {
        log.warn("{} was cloned by {} although the pool can reflink", from, report.method());
      }
    } catch (CopyException e) {
      Reason reason = e.failure() == CopyFailure.NO_SPACE ? Reason.OUT_OF_SPACE : Reason.FAILED;
      throw new BackendException(reason, String.valueOf(e.getMessage()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** Brings to the image what a mounted filesystem and the loop device's cache still hold. */
  void flush(String volumeId) {
    List<LoopDevice> attached = loops.attachedTo(pool.existing(volumeId));
    if (attached.isEmpty() && pool.marks().has(VolumeMark.FORMATTING, volumeId)) {
      pool.undoInterruptedFormat(volumeId);
    }
    if (attached.isEmpty() || DeviceNumbers.uid() != 0) {
      return;
    }
    MountTable table = MountTable.read();
    for (LoopDevice device : attached) {
      table.of(device).stream()
          .findFirst()
          .ifPresent(mount -> Command.run(Command.LONG, "sync", "-f", mount.point().toString()));
      loops.flush(device);
    }
    pool.syncImage(volumeId);
  }
}
