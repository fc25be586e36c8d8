package io.csiclone.driver;

import io.csiclone.copy.CopyEngine;
import io.csiclone.copy.CopyException;
import io.csiclone.copy.CopyFailure;
import io.csiclone.copy.CopyListener;
import io.csiclone.copy.CopyMethod;
import io.csiclone.copy.CopyOptions;
import io.csiclone.copy.CopyReport;
import io.csiclone.copy.Verify;
import io.csiclone.csi.AccessType;
import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import io.csiclone.csi.BackendVolume;
import io.csiclone.csi.StorageInventory;
import io.csiclone.csi.VolumeBackend;
import io.csiclone.csi.VolumeExpansion;
import io.csiclone.csi.VolumeSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Volumes as sparse image files of a pool. */
final class PoolVolumeBackend implements VolumeBackend, VolumeExpansion, StorageInventory {

  private static final Logger log = LoggerFactory.getLogger(PoolVolumeBackend.class);
  private static final long MIB = 1L << 20;
  private static final long LARGEST = Long.MAX_VALUE / MIB * MIB;

  /** What the orchestrator adds by itself; it configures nothing here. */
  private static final String RESERVED_PARAMETERS = "csi.storage.k8s.io/";

  /** How far a copy is proved where extents cannot be shared: off, digest or read-back. */
  private static final String VERIFY_PARAMETER = "csi-clone.io/verify";

  private final Pool pool;
  private final LoopDevices loops;
  private final VolumeLocks locks;
  private final CopyEngine engine;
  private final boolean reflinks;

  /**
   * @param reflinks whether the pool's filesystem shares extents, see {@link ReflinkProbe}
   */
  PoolVolumeBackend(
      Pool pool, LoopDevices loops, VolumeLocks locks, CopyEngine engine, boolean reflinks) {
    this.pool = pool;
    this.loops = loops;
    this.locks = locks;
    this.engine = engine;
    this.reflinks = reflinks;
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
    check(spec);
    return locks.with(
        spec.volumeId(),
        () -> {
          requireDetached(spec.volumeId(), "replaced");
          pool.make(spec.volumeId(), spec.capacityBytes(), fresh -> {});
          return new BackendVolume(spec.volumeId(), spec.capacityBytes());
        });
  }

  @Override
  public Optional<BackendVolume> cloneNatively(BackendVolume source, VolumeSpec target) {
    check(target);
    if (!reflinks) {
      return Optional.empty();
    }
    return locks.with(
        source.volumeId(),
        () -> {
          Path from = pool.existing(source.volumeId());
          flush(source.volumeId());
          requireDetached(target.volumeId(), "replaced");
          pool.make(
              target.volumeId(),
              target.capacityBytes(),
              fresh -> {
                try (SourceFreeze freeze = SourceFreeze.of(pool, loops, source.volumeId())) {
                  reflink(from, fresh);
                }
              });
          return Optional.of(new BackendVolume(target.volumeId(), target.capacityBytes()));
        });
  }

  private void reflink(Path from, Path fresh) throws IOException {
    try {
      CopyReport report =
          engine.copy(from, fresh, new CopyOptions(CopyMethod.REFLINK), CopyListener.none());
      if (report.method() != CopyMethod.REFLINK) {
        log.warn("{} was cloned by {} although the pool can reflink", from, report.method());
      }
    } catch (CopyException e) {
      Reason reason = e.failure() == CopyFailure.NO_SPACE ? Reason.OUT_OF_SPACE : Reason.FAILED;
      throw new BackendException(reason, String.valueOf(e.getMessage()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  @Override
  public void quiesce(String volumeId) {
    locks.run(volumeId, () -> flush(volumeId));
  }

  /** Brings to the image what a mounted filesystem and the loop device's cache still hold. */
  private void flush(String volumeId) {
    List<LoopDevice> attached = loops.attachedTo(pool.existing(volumeId));
    if (attached.isEmpty() && pool.isMarkedFormatting(volumeId)) {
      pool.undoInterruptedFormat(volumeId);
    }
    if (attached.isEmpty() || DeviceNumbers.uid() != 0) {
      return;
    }
    MountTable table = MountTable.read();
    for (LoopDevice device : attached) {
      table.of(device).stream()
          .findFirst()
          .ifPresent(mount -> Command.run(Command.LONG, "sync", "-f", mount.point().toString()));
      loops.flush(device);
    }
    pool.syncImage(volumeId);
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
    locks.run(volumeId, () -> pool.grow(volumeId, capacityBytes));
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
    return verify(target);
  }

  private static Verify verify(VolumeSpec spec) {
    String value = spec.parameters().getOrDefault(VERIFY_PARAMETER, "read-back");
    return switch (value) {
      case "off" -> Verify.OFF;
      case "digest" -> Verify.DIGEST;
      case "read-back" -> Verify.READ_BACK;
      default ->
          throw new BackendException(
              Reason.INVALID,
              "storage class parameter %s is '%s'; it takes off, digest or read-back"
                  .formatted(VERIFY_PARAMETER, value));
    };
  }

  private static void check(VolumeSpec spec) {
    for (String name : spec.parameters().keySet()) {
      if (!name.startsWith(RESERVED_PARAMETERS) && !name.equals(VERIFY_PARAMETER)) {
        throw new BackendException(
            Reason.INVALID,
            "unknown storage class parameter '%s': this driver takes %s and csi.storage.k8s.io/fstype"
                .formatted(name, VERIFY_PARAMETER));
      }
    }
    verify(spec);
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
  }
}
