package io.csiclone.driver;

import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Makes a staged volume appear where a pod looks for it, and disappear again. */
final class BindMounts {

  private static final int STACK_LIMIT = 64;

  /** Binds a mounted volume to a folder, which is made if it lacks. */
  void bindFolder(Mount staged, Path target, boolean readOnly) {
    Optional<Mount> present = MountTable.read().at(target);
    if (present.isPresent()
        && !(present.get().device().equals(staged.device())
            && present.get().root().equals(staged.root()))) {
      throw occupied(target, present.get());
    }
    makeFolder(target);
    bind(staged.point(), target, readOnly, present);
  }

  /**
   * Binds a device's node to a file, which is made if it lacks.
   *
   * <p>A read-only mount of a device node does not keep anybody from writing to the device. So the
   * device itself is set read-only, and a volume is not published both ways on a node.
   */
  void bindDevice(LoopDevice device, Path target, boolean readOnly) {
    MountTable table = MountTable.read();
    Optional<Mount> present = table.at(target);
    if (present.isPresent() && !DeviceNumbers.isDevice(target, device.majorMinor())) {
      throw occupied(target, present.get());
    }
    List<Path> otherWay =
        table.nodesOf(device).stream()
            .filter(mount -> !mount.point().equals(MountTable.real(target)))
            .filter(mount -> mount.readOnly() != readOnly)
            .map(Mount::point)
            .toList();
    if (!otherWay.isEmpty()) {
      throw new BackendException(
          Reason.IN_USE,
          "%s cannot be published %s at %s: it is published %s at %s"
              .formatted(
                  device,
                  readOnly ? "read-only" : "writable",
                  target,
                  readOnly ? "writable" : "read-only",
                  otherWay.getFirst()));
    }
    Command.run(
        Command.SHORT, "blockdev", readOnly ? "--setro" : "--setrw", device.path().toString());
    Path parent = target.getParent();
    if (parent != null) {
      makeFolder(parent);
    }
    try {
      if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
        Files.createFile(target);
      }
    } catch (IOException e) {
      throw new BackendException(Reason.FAILED, "cannot make file " + target + ": " + e, e);
    }
    bind(device.path(), target, readOnly, present);
  }

  static void makeFolder(Path path) {
    try {
      Files.createDirectories(path);
    } catch (IOException e) {
      throw new BackendException(Reason.FAILED, "cannot make folder " + path + ": " + e, e);
    }
  }

  private void bind(Path what, Path target, boolean readOnly, Optional<Mount> present) {
    try {
      if (present.isEmpty()) {
        Command.run(Command.SHORT, "mount", "--bind", what.toString(), target.toString());
      }
      boolean nowReadOnly = MountTable.read().at(target).filter(Mount::readOnly).isPresent();
      if (readOnly && !nowReadOnly) {
        // A bind mount takes the flag only in a second step.
        Command.run(Command.SHORT, "mount", "-o", "remount,bind,ro", target.toString());
      }
    } catch (BackendException e) {
      if (present.isEmpty()) {
        undo(e, target);
      }
      throw e;
    }
  }

  private void undo(BackendException failure, Path target) {
    try {
      unmountAll(target);
      removeTarget(target);
    } catch (BackendException e) {
      failure.addSuppressed(e);
    }
  }

  /** Unmounts all that is stacked at that path; nothing there is no error. */
  void unmountAll(Path path) {
    for (int layer = 0; MountTable.read().at(path).isPresent(); layer++) {
      Command.Result result = Command.attempt(Command.LONG, "umount", path.toString());
      boolean gone = MountTable.read().at(path).isEmpty();
      if (!result.ok() && !gone) {
        throw new BackendException(
            Reason.IN_USE, "cannot unmount %s: %s".formatted(path, result.err()));
      }
      if (layer == STACK_LIMIT) {
        throw new BackendException(
            Reason.FAILED, "more than %d mounts at %s".formatted(STACK_LIMIT, path));
      }
    }
  }

  /** Removes the empty folder or file that a volume was bound to, and never anything else. */
  void removeTarget(Path target) {
    try {
      if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
        return;
      }
      boolean folder = Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS);
      boolean emptyFile =
          Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS) && Files.size(target) == 0;
      if (!folder && !emptyFile) {
        throw new BackendException(
            Reason.FAILED, target + " is not a folder or file that a volume was bound to");
      }
      Files.deleteIfExists(target);
    } catch (DirectoryNotEmptyException e) {
      throw new BackendException(
          Reason.FAILED, target + " is not mounted, yet not empty; it is left as it is", e);
    } catch (IOException e) {
      throw new BackendException(Reason.FAILED, "cannot remove " + target + ": " + e, e);
    }
  }

  private static BackendException occupied(Path target, Mount present) {
    return new BackendException(
        Reason.IN_USE, "%s is taken: %s is mounted there".formatted(target, present.source()));
  }
}
