package io.csiclone.driver;

import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import io.csiclone.csi.NodeStats.Stats;
import io.csiclone.csi.NodeStats.Usage;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;

/** How full an attached volume is. */
final class VolumeUsage {

  /** stat(1): block size, blocks, free ones, free ones for users; inodes, free ones. */
  private static final String FORMAT = "%S %b %f %a %c %d";

  private static final int SECTOR = 512;

  private VolumeUsage() {}

  static Stats ofFilesystem(String volumeId, Mount mount) {
    String answer =
        Command.run(Command.SHORT, "stat", "-f", "-c", FORMAT, mount.point().toString());
    String[] fields = answer.strip().split(" ");
    long block = Long.parseLong(fields[0]);
    long blocks = Long.parseLong(fields[1]);
    long free = Long.parseLong(fields[2]);
    long available = Long.parseLong(fields[3]);
    long inodes = Long.parseLong(fields[4]);
    long freeInodes = Long.parseLong(fields[5]);
    return new Stats(
        new Usage(available * block, blocks * block, (blocks - free) * block),
        // btrfs makes inodes as they are needed and counts none.
        inodes == 0
            ? Optional.empty()
            : Optional.of(new Usage(freeInodes, inodes, inodes - freeInodes)),
        mount.wentReadOnly()
            ? Optional.of(
                "The filesystem of volume %s has gone read-only after an error; the node's kernel log has the cause"
                    .formatted(volumeId))
            : Optional.empty());
  }

  static Stats ofDevice(LoopDevice device) {
    try {
      long sectors = Long.parseLong(Files.readString(device.sysfs().resolve("size")).strip());
      return new Stats(Usage.ofTotal(sectors * SECTOR), Optional.empty(), Optional.empty());
    } catch (IOException e) {
      throw new BackendException(Reason.FAILED, "cannot read the size of " + device, e);
    }
  }
}
