package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.copy.CopyEngine;
import io.csiclone.copy.CopyListener;
import io.csiclone.copy.CopyOptions;
import io.csiclone.csi.AccessType;
import io.csiclone.csi.BackendVolume;
import io.csiclone.csi.NodeBackend.Mounting;
import io.csiclone.csi.VolumeSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A pool on a real filesystem of its own, with the driver's backends on it and a folder for what
 * the kubelet would name. Closing it asserts that no loop device and no mount was left behind.
 */
final class TestPool implements AutoCloseable {

  static final long MIB = 1L << 20;

  private final TestDisk disk;
  private final Path base;
  final Pool pool;
  final LoopDevices loops = new LoopDevices();
  final VolumeLocks locks = new VolumeLocks();
  final CopyEngine engine = CopyEngine.start();
  final boolean reflinks;
  final UnusedSources sources;
  final PoolVolumeBackend volumes;
  final LoopNodeBackend node;

  private TestPool(TestDisk disk) throws IOException {
    this.disk = disk;
    this.base = disk.base();
    this.pool = Pool.open(disk.folder());
    this.reflinks = ReflinkProbe.reflinks(pool.folder(), engine);
    this.sources = new UnusedSources(engine, pool, loops, locks);
    this.volumes = new PoolVolumeBackend(pool, loops, locks, engine, reflinks);
    this.node = new LoopNodeBackend(pool, loops, locks, sources, "node-1");
  }

  /** A pool on xfs, btrfs or ext4. Skips the test when not root. */
  static TestPool on(String fsType) throws IOException {
    return new TestPool(TestDisk.with(fsType));
  }

  Path staging(String id) {
    return base.resolve("kubelet").resolve(id).resolve("globalmount");
  }

  Path target(String id) {
    return base.resolve("kubelet").resolve(id).resolve("pod/mount");
  }

  BackendVolume create(String id, long mib, String fsType) {
    return volumes.create(spec(id, mib, fsType));
  }

  /** As the csi library does it: natively, or by a copy. */
  BackendVolume cloneOf(BackendVolume source, String id, long mib, String fsType)
      throws InterruptedException {
    VolumeSpec spec = spec(id, mib, fsType);
    var cloned = volumes.cloneNatively(source, spec);
    if (cloned.isPresent()) {
      return cloned.get();
    }
    BackendVolume empty = volumes.create(spec);
    volumes.quiesce(source.volumeId());
    var _ =
        sources.copy(
            volumes.endpoint(source.volumeId()),
            volumes.endpoint(id),
            CopyOptions.defaults(),
            CopyListener.none());
    return empty;
  }

  static VolumeSpec spec(String id, long mib, String fsType) {
    return new VolumeSpec(id, mib * MIB, AccessType.MOUNT, fsType, Map.of());
  }

  static Mounting mounting(String fsType) {
    return new Mounting(AccessType.MOUNT, fsType, List.of(), false);
  }

  static Mounting block(boolean readOnly) {
    return new Mounting(AccessType.BLOCK, "", List.of(), readOnly);
  }

  /** Stages and publishes; answers where the pod finds the volume. */
  Path open(String id, Mounting mounting) {
    node.stage(id, staging(id), mounting);
    node.publish(id, staging(id), target(id), mounting);
    return target(id);
  }

  void shut(String id) {
    node.unpublish(id, target(id));
    node.unstage(id, staging(id));
  }

  /** What is attached or mounted of this pool's volumes. */
  List<String> leftovers() {
    List<String> left =
        MountTable.read().mounts().stream()
            .map(mount -> mount.point().toString())
            .filter(point -> point.startsWith(base.resolve("kubelet").toString()))
            .collect(Collectors.toList());
    for (Path image : images()) {
      loops.attachedTo(image).forEach(found -> left.add(found + " for " + image));
    }
    return left;
  }

  private List<Path> images() {
    try (var files = Files.list(pool.folder().resolve("volumes"))) {
      return files.filter(file -> file.toString().endsWith(".img")).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The test is over: nothing may be left, and if something is, it is removed and told. */
  @Override
  public void close() throws IOException {
    List<String> left = leftovers();
    if (!left.isEmpty()) {
      for (Mount mount : MountTable.read().mounts().reversed()) {
        if (mount.point().startsWith(base.resolve("kubelet"))) {
          Command.attempt(Command.SHORT, "umount", "-l", mount.point().toString());
        }
      }
      for (Path image : images()) {
        loops.attachedTo(image).forEach(loops::detach);
      }
    }
    engine.close();
    pool.close();
    disk.close();
    assertThat(left).as("left behind on the node").isEmpty();
  }
}
