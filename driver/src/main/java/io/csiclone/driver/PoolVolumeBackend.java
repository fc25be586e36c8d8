package io.csiclone.driver;

import io.csiclone.copy.CopyEngine;
import io.csiclone.copy.Verify;
import io.csiclone.csi.AccessType;
import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import io.csiclone.csi.BackendVolume;
import io.csiclone.csi.SourceHold;
import io.csiclone.csi.StorageInventory;
import io.csiclone.csi.VolumeBackend;
import io.csiclone.csi.VolumeExpansion;
import io.csiclone.csi.VolumeSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;

/** Volumes as sparse image files of a pool. */
final class PoolVolumeBackend implements VolumeBackend, VolumeExpansion, StorageInventory {

  private static final long MIB = 1L << 20;
  private static final long LARGEST = Long.MAX_VALUE / MIB * MIB;

  private final Pool pool;
  private final LoopDevices loops;
  private final VolumeLocks locks;
  private final CopiedSources sources;
  private final boolean reflinks;
  private final ThickVolumes thick;
  private final SourceCapture capture;

  /**
   * @param reflinks whether the pool's filesystem shares extents, see {@link ReflinkProbe}
   */
  PoolVolumeBackend(
      Pool pool,
      LoopDevices loops,
      VolumeLocks locks,
      CopiedSources sources,
      CopyEngine engine,
      boolean reflinks) {
    this.pool = pool;
    this.loops = loops;
    this.locks = locks;
    this.sources = sources;
    this.capture = new SourceCapture(pool, loops, engine);
    this.reflinks = reflinks;
    this.thick = new ThickVolumes(pool);
  }

  @Override
  public long minimumBytes() {
    return Filesystem.byDefault().minimumBytes();
  }

  @Override
  public long roundUp(long bytes) {
    long whole = bytes > LARGEST ? LARGEST : (bytes + MIB - 1) / MIB * MIB;
    return Math.max(minimumBytes(), whole);
  }

  @Override
  public Optional<BackendVolume> find(String volumeId) {
    return pool.holds(volumeId)
        ? Optional.of(new BackendVolume(volumeId, pool.size(volumeId)))
        : Optional.empty();
  }

  @Override
  public BackendVolume create(VolumeSpec spec) {
    Allocation allocation = check(spec).allocation();
    return locks.with(
        spec.volumeId(),
        () -> {
          requireDetached(spec.volumeId(), "replaced");
          pool.fresh()
              .make(
                  spec.volumeId(),
                  spec.capacityBytes(),
                  allocation,
                  fresh -> {
                    if (allocation == Allocation.THICK) {
                      ThickVolumes.setAside(fresh, spec.capacityBytes());
                    }
                  });
          return new BackendVolume(spec.volumeId(), spec.capacityBytes());
        });
  }

  @Override
  public Optional<BackendVolume> cloneNatively(BackendVolume source, VolumeSpec target) {
    Consistency policy = check(target).consistency();
    // A thick volume shares nothing, so it is copied, as what is cloned from one.
    return reflinks && !isThick(source.volumeId(), target)
        ? Optional.of(locks.with(source.volumeId(), () -> reflink(source, target, policy)))
        : Optional.empty();
  }

  private boolean isThick(String sourceId, VolumeSpec target) {
    return ClassParameters.of(target.parameters()).allocation() == Allocation.THICK
        || thick.contain(sourceId);
  }

  private BackendVolume reflink(BackendVolume source, VolumeSpec target, Consistency policy) {
    requireDetached(target.volumeId(), "replaced");
    AtomicReference<Guarantee> guarantee = new AtomicReference<>(Guarantee.NONE);
    pool.make(
        target.volumeId(),
        target.capacityBytes(),
        fresh -> guarantee.set(capture.into(fresh, source.volumeId(), policy)));
    return new BackendVolume(target.volumeId(), target.capacityBytes(), guarantee.get().context());
  }

  @Override
  public SourceHold hold(String sourceId, VolumeSpec target) {
    Consistency policy = check(target).consistency();
    if (!isThick(sourceId, target)) {
      return sources.hold(sourceId, policy, () -> capture.flush(sourceId));
    }
    thick.requirePossible();
    thick.add(target.volumeId());
    return reflinks
        ? holdStandIn(sourceId, target.volumeId(), policy)
        : holdItself(sourceId, target.volumeId(), policy);
  }

  /** The source as it is now, so that pods may go on while it is copied. */
  private SourceHold holdStandIn(String sourceId, String targetId, Consistency policy) {
    AtomicReference<Guarantee> guarantee = new AtomicReference<>(Guarantee.NONE);
    Path standIn =
        locks.with(
            sourceId,
            () ->
                pool.fresh()
                    .makeStandIn(
                        targetId,
                        pool.size(sourceId),
                        fresh -> guarantee.set(capture.into(fresh, sourceId, policy))));
    return new ThickHold(
        guarantee.get(),
        Optional.of(standIn),
        () -> {
          pool.fresh().removeStandIn(targetId);
          thick.complete(targetId);
        });
  }

  private SourceHold holdItself(String sourceId, String targetId, Consistency policy) {
    CopiedSources.Hold hold = sources.hold(sourceId, policy, () -> capture.flush(sourceId));
    return new ThickHold(
        hold.guarantee(),
        Optional.empty(),
        () -> {
          hold.close();
          // A copy may leave holes where the source has zeros.
          thick.complete(targetId);
        });
  }

  @Override
  public Path endpoint(String volumeId) {
    return pool.existing(volumeId);
  }

  @Override
  public void delete(String volumeId) {
    if (!pool.holds(volumeId)) {
      return;
    }
    locks.run(
        volumeId,
        () -> {
          requireDetached(volumeId, "deleted");
          pool.delete(volumeId);
        });
  }

  /** The image only; the node lets device and filesystem follow. */
  @Override
  public BackendVolume expand(String volumeId, long capacityBytes) {
    locks.run(
        volumeId,
        () -> {
          if (thick.contain(volumeId)) {
            ThickVolumes.setAside(pool.existing(volumeId), capacityBytes);
          }
          pool.grow(volumeId, capacityBytes);
        });
    return new BackendVolume(volumeId, pool.size(volumeId));
  }

  @Override
  public List<Trace> traces() {
    return new PoolInventory(pool, loops).traces();
  }

  @Override
  public OptionalLong availableBytes() {
    return OptionalLong.of(pool.availableBytes());
  }

  private void requireDetached(String volumeId, String what) {
    if (!pool.holds(volumeId)) {
      return;
    }
    List<LoopDevice> attached = loops.attachedTo(pool.image(volumeId));
    if (!attached.isEmpty()) {
      throw new BackendException(
          Reason.IN_USE,
          "volume %s cannot be %s while it is attached on this node as %s"
              .formatted(volumeId, what, attached.getFirst()));
    }
  }

  @Override
  public Verify verification(VolumeSpec target) {
    return ClassParameters.of(target.parameters()).verify();
  }

  private ClassParameters check(VolumeSpec spec) {
    ClassParameters parameters = ClassParameters.of(spec.parameters());
    if (parameters.allocation() == Allocation.THICK) {
      thick.requirePossible();
    }
    if (spec.accessType() == AccessType.MOUNT) {
      Filesystem filesystem = Filesystem.named(spec.fsType()).orElse(Filesystem.byDefault());
      if (spec.capacityBytes() < filesystem.minimumBytes()) {
        throw new BackendException(
            Reason.INVALID,
            "a volume with %s needs at least %d MiB, but %d bytes were asked for"
                .formatted(
                    filesystem.fsType(), filesystem.minimumBytes() / MIB, spec.capacityBytes()));
      }
    }
    return parameters;
  }
}
