package io.csiclone.bench;

import io.csiclone.copy.CopyEngine;
import io.csiclone.copy.CopyListener;
import io.csiclone.copy.CopyMethod;
import io.csiclone.copy.CopyOptions;
import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import io.csiclone.csi.BackendVolume;
import io.csiclone.csi.VolumeBackend;
import io.csiclone.csi.VolumeSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/** Volumes that are files of a folder, cloned by sharing extents and brought to the medium. */
final class ReflinkVolumes implements VolumeBackend {

  /** What an empty volume really holds, so that there is something to share. */
  private static final int BYTES = 64 << 20;

  private final Path folder;
  private final CopyEngine engine;

  ReflinkVolumes(Path folder, CopyEngine engine) {
    this.folder = folder;
    this.engine = engine;
  }

  @Override
  public Optional<BackendVolume> find(String volumeId) {
    Path file = endpoint(volumeId);
    try {
      return Files.exists(file)
          ? Optional.of(new BackendVolume(volumeId, Files.size(file)))
          : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public BackendVolume create(VolumeSpec spec) {
    byte[] bytes = new byte[BYTES];
    ThreadLocalRandom.current().nextBytes(bytes);
    Path file = endpoint(spec.volumeId());
    try {
      Files.write(file, bytes);
      Volumes.setLength(file, spec.capacityBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new BackendVolume(spec.volumeId(), spec.capacityBytes());
  }

  @Override
  public Optional<BackendVolume> cloneNatively(BackendVolume source, VolumeSpec target) {
    Path file = endpoint(target.volumeId());
    try {
      Volumes.setLength(file, target.capacityBytes());
      var report =
          engine.copy(
              endpoint(source.volumeId()),
              file,
              new CopyOptions(CopyMethod.REFLINK),
              CopyListener.none());
      if (report.method() != CopyMethod.REFLINK) {
        throw new BackendException(
            Reason.INVALID, folder + " does not share extents; give a folder on XFS or btrfs");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BackendException(Reason.INVALID, "interrupted", e);
    }
    return Optional.of(new BackendVolume(target.volumeId(), target.capacityBytes()));
  }

  @Override
  public Path endpoint(String volumeId) {
    return folder.resolve(volumeId + ".img");
  }

  @Override
  public void delete(String volumeId) {
    try {
      Files.deleteIfExists(endpoint(volumeId));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
