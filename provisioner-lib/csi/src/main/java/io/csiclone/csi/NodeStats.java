package io.csiclone.csi;

import java.nio.file.Path;
import java.util.Optional;

/**
 * A {@link NodeBackend} that knows how full a volume is implements this too. The library then
 * announces GET_VOLUME_STATS and VOLUME_CONDITION for the node.
 */
public interface NodeStats {

  /**
   * How full the volume is.
   *
   * @param volumePath where the volume is staged or published
   * @throws BackendException with {@link BackendException.Reason#NOT_FOUND} when it is not there
   */
  Stats stats(String volumeId, Path volumePath);

  /**
   * What is known of a volume in use.
   *
   * @param bytes its bytes; for a block volume only the total is known
   * @param inodes its inodes, empty for a block volume and where the filesystem does not count them
   * @param abnormal what is wrong with the volume in one sentence, empty when nothing is
   */
  record Stats(Usage bytes, Optional<Usage> inodes, Optional<String> abnormal) {}

  /**
   * How much there is of something. Free and used need not add up to the total: filesystems keep
   * some back.
   *
   * @param available what an ordinary user can still take, or 0 when only the total is known
   * @param total all
   * @param used what is taken, or 0 when only the total is known
   */
  record Usage(long available, long total, long used) {

    /** Where only the size is known. */
    public static Usage ofTotal(long total) {
      return new Usage(0, total, 0);
    }
  }
}
