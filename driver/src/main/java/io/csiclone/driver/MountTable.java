package io.csiclone.driver;

import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The mounts this process sees, at one moment. */
record MountTable(List<Mount> mounts) {

  private static final Path MOUNTINFO = Path.of("/proc/self/mountinfo");

  MountTable {
    mounts = List.copyOf(mounts);
  }

  /** Reads the kernel's table. */
  static MountTable read() {
    try {
      return parse(Files.readAllLines(MOUNTINFO));
    } catch (IOException e) {
      throw new BackendException(Reason.FAILED, "cannot read " + MOUNTINFO, e);
    }
  }

  static MountTable parse(List<String> lines) {
    return new MountTable(lines.stream().flatMap(line -> Mount.parse(line).stream()).toList());
  }

  /** What is mounted at that very path; the topmost one when several are stacked. */
  Optional<Mount> at(Path point) {
    Path real = real(point);
    return mounts.stream().filter(mount -> mount.point().equals(real)).reduce((a, b) -> b);
  }

  /** The mount that holds the path. */
  Optional<Mount> holding(Path path) {
    Path real = real(path);
    return mounts.stream()
        .filter(mount -> real.startsWith(mount.point()))
        .reduce((a, b) -> b.point().getNameCount() >= a.point().getNameCount() ? b : a);
  }

  /** Where the filesystem on that device is mounted. */
  List<Mount> of(LoopDevice device) {
    return mounts.stream()
        .filter(mount ->
            mount.device().equals(device.majorMinor())
                || mount.source().equals(device.path().toString()))
        .toList();
  }

  /** Where the device's own node is bound to, as it is for a block volume. */
  List<Mount> nodesOf(LoopDevice device) {
    String name = "/" + device.path().getFileName();
    return mounts.stream()
        .filter(mount -> mount.root().equals(name))
        .filter(mount -> DeviceNumbers.isDevice(mount.point(), device.majorMinor()))
        .toList();
  }

  /** Whether the device is mounted or its node bound anywhere. */
  boolean uses(LoopDevice device) {
    return !of(device).isEmpty() || !nodesOf(device).isEmpty();
  }

  /** The table shows real paths; the kubelet's folder may be reached through a link. */
  static Path real(Path path) {
    Path absolute = path.toAbsolutePath().normalize();
    try {
      Path parent = absolute.getParent();
      Path name = absolute.getFileName();
      return parent == null || name == null ? absolute : parent.toRealPath().resolve(name);
    } catch (IOException e) {
      return absolute; // not there: nothing is mounted at it either
    }
  }
}
