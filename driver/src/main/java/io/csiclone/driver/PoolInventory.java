package io.csiclone.driver;

import io.csiclone.csi.StorageInventory.Kind;
import io.csiclone.csi.StorageInventory.Trace;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** All that is in a pool's folder of volumes, attached from it, or mounted from there. */
final class PoolInventory {

  private final Pool pool;
  private final LoopDevices loops;

  PoolInventory(Pool pool, LoopDevices loops) {
    this.pool = pool;
    this.loops = loops;
  }

  List<Trace> traces() {
    List<Trace> traces = new ArrayList<>();
    for (Path file : pool.files()) {
      traces.add(new Trace(Kind.FILE, Pool.owner(file), file.toString()));
    }
    Map<LoopDevice, Path> attached = loops.attachedBelow(pool.volumes());
    MountTable table = MountTable.read();
    attached.forEach((device, image) -> {
      String volumeId = Pool.owner(image);
      traces.add(new Trace(Kind.DEVICE, volumeId, device + " for " + image));
      Stream.concat(table.of(device).stream(), table.nodesOf(device).stream())
          .distinct()
          .forEach(mount ->
              traces.add(new Trace(Kind.MOUNT, volumeId, mount.point() + " from " + image)));
    });
    return traces;
  }
}
