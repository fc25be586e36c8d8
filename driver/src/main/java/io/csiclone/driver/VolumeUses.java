package io.csiclone.driver;

import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Where on this node a volume can be written to or read: its mounts and the places where its device
 * appears.
 */
record VolumeUses(String volumeId, List<Path> paths) {

  VolumeUses {
    paths = List.copyOf(paths);
  }

  static VolumeUses of(Pool pool, LoopDevices loops, String volumeId) {
    List<LoopDevice> attached = loops.attachedTo(pool.existing(volumeId));
    if (attached.isEmpty()) {
      return new VolumeUses(volumeId, List.of());
    }
    MountTable table = MountTable.read();
    Set<Path> paths = new LinkedHashSet<>();
    for (LoopDevice device : attached) {
      table.of(device).forEach(mount -> paths.add(mount.point()));
      table.nodesOf(device).forEach(mount -> paths.add(mount.point()));
    }
    return new VolumeUses(volumeId, List.copyOf(paths));
  }

  boolean none() {
    return paths.isEmpty();
  }

  /**
   * @param wayOut why it matters and what can be done
   * @throws BackendException with {@link Reason#IN_USE} that names where the volume is used
   */
  void refuse(String wayOut) {
    if (!none()) {
      throw new BackendException(
          Reason.IN_USE,
          "volume %s is in use on this node at %s%s, %s"
              .formatted(
                  volumeId,
                  paths.getFirst(),
                  paths.size() == 1 ? "" : " and %d more places".formatted(paths.size() - 1),
                  wayOut));
    }
  }
}
