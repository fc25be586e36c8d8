package io.csiclone.driver;

import io.csiclone.csi.AccessType;
import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import io.csiclone.csi.NodeBackend;
import io.csiclone.csi.NodeExpansion;
import io.csiclone.csi.NodePublications;
import io.csiclone.csi.NodeStats;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Attaches images as loop devices and mounts what is in them. */
final class LoopNodeBackend implements NodeBackend, NodeExpansion, NodeStats, NodePublications {

  /** The label that ties a volume to the node whose pool holds it. */
  static final String TOPOLOGY_KEY = "topology.reflink.csi-clone.io/node";

  private static final Logger log = LoggerFactory.getLogger(LoopNodeBackend.class);

  private final Pool pool;
  private final LoopDevices loops;
  private final VolumeLocks locks;
  private final CopiedSources sources;
  private final String nodeId;
  private final BindMounts binds = new BindMounts();
  private final ThickVolumes thick;

  LoopNodeBackend(
      Pool pool, LoopDevices loops, VolumeLocks locks, CopiedSources sources, String nodeId) {
    this.pool = pool;
    this.loops = loops;
    this.locks = locks;
    this.sources = sources;
    this.nodeId = nodeId;
    this.thick = new ThickVolumes(pool);
  }

  @Override
  public void stage(String volumeId, Path stagingPath, Mounting mounting) {
    requireRoot();
    locks.run(
        volumeId,
        () -> {
          Path image = pool.existing(volumeId);
          sources.requireNotCopied(volumeId);
          recoverInterruptedFormat(volumeId, image);
          boolean attachedBefore = loops.find(image).isPresent();
          try {
            LoopDevice device = loops.attach(image);
            loops.refreshSize(device, image);
            if (mounting.accessType() == AccessType.MOUNT) {
              stageFilesystem(volumeId, device, stagingPath, mounting);
            }
          } catch (BackendException e) {
            if (!attachedBefore) {
              takeBack(e, () -> loops.attachedTo(image).forEach(loops::detach));
            }
            throw e;
          }
          // What mkfs and the filesystem gave back belongs to a thick volume all the same.
          thick.restore(volumeId).ifPresent(log::warn);
        });
  }

  private void recoverInterruptedFormat(String volumeId, Path image) {
    if (pool.marks().has(VolumeMark.FORMATTING, volumeId)) {
      loops.attachedTo(image).forEach(loops::detach);
      pool.undoInterruptedFormat(volumeId);
    }
  }

  private void stageFilesystem(
      String volumeId, LoopDevice device, Path stagingPath, Mounting mounting) {
    Optional<Filesystem> wanted = Filesystem.named(mounting.fsType());
    boolean mountedBefore = isMountedFrom(device, volumeId, stagingPath);
    try {
      VolumeFilesystem filesystem = VolumeFilesystem.open(pool, volumeId, device, wanted);
      if (!mountedBefore) {
        BindMounts.makeFolder(stagingPath);
        filesystem.mount(stagingPath, mounting.mountFlags());
      }
      if (!isReadOnly(stagingPath)) {
        // On every stage: one that failed half-way must not leave a small filesystem for good.
        filesystem.grow(stagingPath, mounting.mountFlags());
        if (mounting.readOnly() || mounting.mountFlags().contains("ro")) {
          Command.run(Command.LONG, "mount", "-o", "remount,ro", stagingPath.toString());
        }
      }
    } catch (BackendException e) {
      if (!mountedBefore) {
        takeBack(e, () -> unmountFrom(device, stagingPath));
      }
      throw e;
    }
  }

  private void unmountFrom(LoopDevice device, Path stagingPath) {
    MountTable table = MountTable.read();
    if (table.at(stagingPath).filter(table.of(device)::contains).isPresent()) {
      binds.unmountAll(stagingPath);
    }
  }

  /**
   * Takes back what a failed stage has done, so that it leaves nothing on the node: nobody has to
   * unstage a volume whose staging failed. Also when the failure is that the driver stops.
   */
  private static void takeBack(BackendException failure, Runnable undo) {
    try {
      boolean _ =
          Command.shielded(() -> {
            undo.run();
            return true;
          });
    } catch (BackendException e) {
      failure.addSuppressed(e);
    }
  }

  private static boolean isReadOnly(Path path) {
    return MountTable.read().at(path).filter(Mount::readOnly).isPresent();
  }

  /** Whether the volume is mounted there; anything else that is mounted there is refused. */
  private static boolean isMountedFrom(LoopDevice device, String volumeId, Path path) {
    MountTable table = MountTable.read();
    Optional<Mount> present = table.at(path);
    if (present.isPresent() && !table.of(device).contains(present.get())) {
      throw new BackendException(
          Reason.IN_USE,
          "%s is to hold volume %s, but %s is mounted there"
              .formatted(path, volumeId, present.get().source()));
    }
    return present.isPresent();
  }

  @Override
  public void unstage(String volumeId, Path stagingPath) {
    requireRoot();
    locks.run(
        volumeId,
        () -> {
          List<LoopDevice> devices = new ArrayList<>();
          if (pool.holds(volumeId)) {
            devices.addAll(loops.attachedTo(pool.existing(volumeId)));
          }
          // Also when the image was removed by hand: the device still has it open.
          MountTable.read()
              .at(stagingPath)
              .flatMap(mount -> loops.withBackingName(mount.source(), volumeId + ".img"))
              .filter(device -> !devices.contains(device))
              .ifPresent(devices::add);
          binds.unmountAll(stagingPath);
          for (LoopDevice device : devices) {
            requireUnused(volumeId, device);
            loops.detach(device);
          }
          pool.marks().clear(VolumeMark.GROWING, volumeId);
          if (pool.marks().has(VolumeMark.FORMATTING, volumeId) && pool.holds(volumeId)) {
            pool.undoInterruptedFormat(volumeId);
          }
        });
  }

  private static void requireUnused(String volumeId, LoopDevice device) {
    MountTable table = MountTable.read();
    List<Mount> mounts = new ArrayList<>(table.of(device));
    mounts.addAll(table.nodesOf(device));
    if (!mounts.isEmpty()) {
      throw new BackendException(
          Reason.IN_USE,
          "volume %s is still in use at %s"
              .formatted(
                  volumeId,
                  mounts.stream()
                      .map(mount -> mount.point().toString())
                      .distinct()
                      .collect(Collectors.joining(", "))));
    }
  }

  @Override
  public void publish(String volumeId, Path stagingPath, Path targetPath, Mounting mounting) {
    requireRoot();
    locks.run(
        volumeId,
        () -> {
          LoopDevice device =
              loops
                  .find(pool.existing(volumeId))
                  .orElseThrow(() -> notStaged(volumeId, stagingPath));
          if (mounting.accessType() == AccessType.BLOCK) {
            loops.refreshSize(device, pool.existing(volumeId)); // expanded since it was staged
            binds.bindDevice(device, targetPath, mounting.readOnly());
          } else {
            Mount staged =
                MountTable.read()
                    .at(stagingPath)
                    .filter(mount -> MountTable.read().of(device).contains(mount))
                    .orElseThrow(() -> notStaged(volumeId, stagingPath));
            binds.bindFolder(staged, targetPath, mounting.readOnly());
          }
        });
  }

  private static BackendException notStaged(String volumeId, Path stagingPath) {
    return new BackendException(
        Reason.IN_USE,
        "volume %s is not staged at %s; stage it before it is published"
            .formatted(volumeId, stagingPath));
  }

  @Override
  public void unpublish(String volumeId, Path targetPath) {
    requireRoot();
    locks.run(
        volumeId,
        () -> {
          binds.unmountAll(targetPath);
          binds.removeTarget(targetPath);
        });
  }

  @Override
  public void expand(String volumeId, Path volumePath, List<String> mountFlags) {
    requireRoot();
    locks.run(
        volumeId,
        () -> {
          recoverInterruptedGrowth(volumeId, volumePath, mountFlags);
          LoopDevice device = presentAt(volumeId, volumePath);
          loops.refreshSize(device, pool.existing(volumeId));
          List<Mount> writable =
              MountTable.read().of(device).stream().filter(mount -> !mount.readOnly()).toList();
          if (!writable.isEmpty()) {
            // Through whichever mount may write: the one asked about may be a read-only one.
            VolumeFilesystem.open(pool, volumeId, device, Optional.empty())
                .grow(writable.getFirst().point(), mountFlags);
          }
        });
  }

  private void recoverInterruptedGrowth(String volumeId, Path volumePath, List<String> flags) {
    if (!pool.marks()
            .content(VolumeMark.GROWING, volumeId)
            .equals(Optional.of(MountTable.real(volumePath).toString()))
        || MountTable.read().at(volumePath).isPresent()) {
      return;
    }
    loops
        .find(pool.existing(volumeId))
        .ifPresent(device ->
            VolumeFilesystem.open(pool, volumeId, device, Optional.empty())
                .mount(volumePath, flags));
  }

  @Override
  public Stats stats(String volumeId, Path volumePath) {
    LoopDevice device = presentAt(volumeId, volumePath);
    Optional<Mount> mount =
        MountTable.read().at(volumePath).filter(MountTable.read().of(device)::contains);
    Stats stats =
        mount.isPresent()
            ? VolumeUsage.ofFilesystem(volumeId, mount.get())
            : VolumeUsage.ofDevice(device);
    // The kubelet asks every minute or so: what was discarded meanwhile is set aside again.
    return thick
        .restore(volumeId)
        .filter(lack -> stats.abnormal().isEmpty())
        .map(lack -> new Stats(stats.bytes(), stats.inodes(), Optional.of(lack)))
        .orElse(stats);
  }

  /** The volume's device, which that path must be a mount or a node of. */
  private LoopDevice presentAt(String volumeId, Path path) {
    MountTable table = MountTable.read();
    Path real = MountTable.real(path);
    return loops
        .find(pool.existing(volumeId))
        .filter(device ->
            Stream.concat(table.of(device).stream(), table.nodesOf(device).stream())
                .anyMatch(mount -> mount.point().equals(real)))
        .orElseThrow(() ->
            new BackendException(
                Reason.NOT_FOUND,
                "volume %s is neither staged nor published at %s".formatted(volumeId, path)));
  }

  @Override
  public Set<Path> publishedAt(String volumeId, Path stagingPath) {
    MountTable table = MountTable.read();
    Path staging = MountTable.real(stagingPath);
    return loops.attachedTo(pool.image(volumeId)).stream()
        .flatMap(device -> Stream.concat(table.of(device).stream(), table.nodesOf(device).stream()))
        .map(Mount::point)
        .filter(point -> !point.equals(staging))
        .collect(Collectors.toSet());
  }

  @Override
  public Map<String, String> topology() {
    return Map.of(TOPOLOGY_KEY, nodeId);
  }

  private static void requireRoot() {
    int uid = DeviceNumbers.uid();
    if (uid != 0) {
      throw new BackendException(
          Reason.FAILED,
          "attaching and mounting volumes needs root, but the driver runs as user %d"
              .formatted(uid));
    }
  }
}
