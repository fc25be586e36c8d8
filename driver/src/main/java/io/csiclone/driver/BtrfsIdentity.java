package io.csiclone.driver;

import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import java.nio.file.Path;

/**
 * Gives a clone's btrfs a UUID of its own. btrfs keeps one list of devices for each UUID, so a
 * clone cannot be mounted beside its source, and a device of the one may be taken for the other's.
 *
 * <p>Only the superblock is written: the old UUID stays in it as that of the metadata, and no tree
 * is touched. Done before each mount, it ends what a killed stage has begun.
 *
 * @param found the UUID that is on the device
 * @param own the one that is to be there
 */
record BtrfsIdentity(String volumeId, LoopDevice device, String found, String own) {

  /**
   * @param at where the filesystem will be mounted and nothing is mounted yet
   */
  void ensure(Path at) {
    if (found.equals(own)) {
      return;
    }
    if (hasLog()) {
      replayLog(at);
    }
    Command.run(Command.LONG, "btrfstune", "-f", "-M", own, device.path().toString());
  }

  /** What was fsynced and not yet committed is in the log; a new superblock would lose it. */
  private boolean hasLog() {
    return Command.run(
            Command.SHORT, "btrfs", "inspect-internal", "dump-super", device.path().toString())
        .lines()
        .map(line -> line.split("\\s+"))
        .filter(words -> words.length == 2 && words[0].equals("log_root"))
        .noneMatch(words -> words[1].equals("0"));
  }

  /** A mount does it, for which kernels since 6.7 lend a clone a UUID. A frozen source has none. */
  private void replayLog(Path at) {
    Command.Result mounted =
        Command.attempt(
            Command.LONG, "mount", "-t", "btrfs", device.path().toString(), at.toString());
    if (!mounted.ok()) {
      throw new BackendException(
          Reason.IN_USE,
          "the btrfs of volume %s was cloned while in use and without being frozen; its log cannot be replayed beside its source: %s"
              .formatted(volumeId, mounted.err()));
    }
    Command.run(Command.LONG, "umount", at.toString());
  }
}
