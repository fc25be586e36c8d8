package io.csiclone.provisioner;

import java.time.Duration;
import java.util.Optional;

/**
 * How far a driver is with the volumes it makes. CSI has no call for it: a status carries words
 * only, so a driver in the same process says it here.
 */
@FunctionalInterface
public interface VolumeProgress {

  /**
   * A copy under way.
   *
   * @param bytesDone of the source dealt with so far
   * @param bytesToDo of the source in all; 0 if not known yet
   * @param left how long it may still take, or empty when that cannot be told
   */
  record Copying(long bytesDone, long bytesToDo, Optional<Duration> left) {

    /** Whole percent, 0 to 100. */
    public int percent() {
      return bytesToDo <= 0 ? 0 : (int) Math.clamp(bytesDone * 100.0 / bytesToDo, 0, 100);
    }
  }

  /**
   * How far the volume of this name is; empty when it is not being copied, or that is not known.
   *
   * @param volumeName as in CreateVolume
   */
  Optional<Copying> of(String volumeName);
}
