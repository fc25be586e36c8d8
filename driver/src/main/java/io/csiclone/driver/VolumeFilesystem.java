package io.csiclone.driver;

import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The filesystem inside one attached volume: recognised, made, mounted and grown. */
final class VolumeFilesystem {

  private static final int BLKID_NOTHING_FOUND = 2;
  private static final int E2FSCK_REPAIRED = 1;

  private final Pool pool;
  private final String volumeId;
  private final LoopDevice device;
  private final Filesystem filesystem;
  private final String uuid;

  private VolumeFilesystem(Pool pool, String volumeId, LoopDevice device, Filesystem filesystem) {
    this.pool = pool;
    this.uuid = pool.uuid(volumeId);
    this.volumeId = volumeId;
    this.device = device;
    this.filesystem = filesystem;
  }

  /**
   * Takes the filesystem that is on the device, or makes one if the volume was never written to. A
   * volume that holds anything is never formatted.
   *
   * @param wanted the filesystem of the storage class, or empty for "the one it has, else the
   *     default"
   */
  static VolumeFilesystem open(
      Pool pool, String volumeId, LoopDevice device, Optional<Filesystem> wanted) {
    Optional<String> found = type(volumeId, device);
    if (found.isEmpty()) {
      Filesystem chosen = wanted.orElse(Filesystem.byDefault());
      if (!pool.isBlank(volumeId)) {
        throw new BackendException(
            Reason.INVALID,
            "volume %s is to be mounted as %s, but it holds data and no filesystem; it is not formatted, use it as a raw block volume"
                .formatted(volumeId, chosen.fsType()));
      }
      make(pool, volumeId, device, chosen);
      return new VolumeFilesystem(pool, volumeId, device, chosen);
    }
    if (wanted.isPresent() && !wanted.get().fsType().equals(found.get())) {
      throw new BackendException(
          Reason.INVALID,
          "volume %s holds %s, but its storage class asks for %s; it is not formatted again"
              .formatted(volumeId, found.get(), wanted.get().fsType()));
    }
    return new VolumeFilesystem(
        pool, volumeId, device, Filesystem.named(found.get()).orElseThrow());
  }

  /** What is on the device by its signatures; empty when there is none. */
  private static Optional<String> type(String volumeId, LoopDevice device) {
    String signatures = probe(device);
    if (signatures.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        value(signatures, "TYPE")
            .orElseThrow(() ->
                new BackendException(
                    Reason.INVALID,
                    "volume %s holds no filesystem but: %s"
                        .formatted(volumeId, signatures.replace('\n', ' ')))));
  }

  /** The signatures on the device as lines {@code NAME=VALUE}; empty when there are none. */
  private static String probe(LoopDevice device) {
    Command.Result result =
        Command.attempt(Command.SHORT, "blkid", "-p", "-o", "export", device.path().toString());
    if (result.exit() == BLKID_NOTHING_FOUND && result.err().isEmpty()) {
      return "";
    }
    if (!result.ok()) {
      throw result.failure();
    }
    return result.out();
  }

  private static Optional<String> value(String lines, String name) {
    return lines
        .lines()
        .filter(line -> line.startsWith(name + "="))
        .map(line -> line.substring(name.length() + 1))
        .findFirst();
  }

  private static void make(Pool pool, String volumeId, LoopDevice device, Filesystem filesystem) {
    // Killed half-way, mkfs leaves a device that is neither blank nor a filesystem. The mark says
    // that nothing of value can be on it.
    pool.marks().set(VolumeMark.FORMATTING, volumeId);
    List<String> command =
        filesystem.makeCommand(
            pool.uuid(volumeId),
            pool.marks().has(VolumeMark.THICK, volumeId),
            device.path().toString());
    Command.run(Command.LONG, command.toArray(String[]::new));
    Command.run(Command.LONG, "blockdev", "--flushbufs", device.path().toString());
    pool.syncImage(volumeId);
    pool.marks().clear(VolumeMark.FORMATTING, volumeId);
  }

  /** Mounts it, with the class's flags and those it always needs. */
  void mount(Path at, List<String> flags) {
    if (filesystem == Filesystem.BTRFS) {
      String found = value(probe(device), "UUID").orElse("");
      new BtrfsIdentity(volumeId, device, found, uuid).ensure(at);
    }
    List<String> options = new ArrayList<>(filesystem.ownMountFlags());
    // Growing needs a writable mount; read-only comes after it.
    flags.stream()
        .filter(flag -> !flag.equals("ro") && !options.contains(flag))
        .forEach(options::add);
    List<String> command = new ArrayList<>(List.of("mount", "-t", filesystem.fsType()));
    if (!options.isEmpty()) {
      command.addAll(List.of("-o", String.join(",", options)));
    }
    command.addAll(List.of(device.path().toString(), at.toString()));
    Command.run(Command.LONG, command.toArray(String[]::new));
  }

  /** Makes it as large as its volume. Nothing happens when it is already. */
  void grow(Path mountedAt, List<String> flags) {
    switch (filesystem) {
      case XFS -> Command.run(Command.LONG, "xfs_growfs", "-d", mountedAt.toString());
      case EXT4 -> growExt4(mountedAt, flags);
      case BTRFS ->
          Command.run(
              Command.LONG, "btrfs", "-q", "filesystem", "resize", "max", mountedAt.toString());
    }
    pool.marks().clear(VolumeMark.GROWING, volumeId);
  }

  private void growExt4(Path mountedAt, List<String> flags) {
    String node = device.path().toString();
    Command.Result online = Command.attempt(Command.LONG, "resize2fs", node);
    if (online.ok()) {
      return;
    }
    // The kernel lets only CAP_SYS_RESOURCE grow a mounted ext4, and not every container has it.
    if (MountTable.read().of(device).size() > 1) {
      throw online.failure();
    }
    // Killed half-way, this leaves nothing mounted. The mark says where it has to be again.
    pool.marks().set(VolumeMark.GROWING, volumeId, MountTable.real(mountedAt).toString());
    Command.run(Command.SHORT, "umount", mountedAt.toString());
    Command.Result check = Command.attempt(Command.LONG, "e2fsck", "-f", "-p", node);
    if (check.exit() > E2FSCK_REPAIRED) {
      throw new BackendException(
          Reason.FAILED,
          "the ext4 filesystem of volume %s is damaged and was not grown: %s"
              .formatted(volumeId, check.out().replace('\n', ' ')));
    }
    Command.run(Command.LONG, "resize2fs", node);
    mount(mountedAt, flags);
  }
}
