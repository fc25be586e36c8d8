package io.csiclone.example;

import io.csiclone.copy.CopyEngine;
import io.csiclone.csi.BackendVolume;
import io.csiclone.csi.CsiServer;
import io.csiclone.csi.DriverIdentity;
import io.csiclone.csi.VolumeBackend;
import io.csiclone.csi.VolumeSpec;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

// README: begin
/** A driver whose volumes are files in a folder. */
public final class FolderDriver implements VolumeBackend {

  private final Path folder;

  FolderDriver(Path folder) {
    this.folder = folder;
  }

  static CsiServer serve(Path folder, Path socket) {
    return CsiServer.builder()
        .identity(new DriverIdentity("folder.example.com", "1.0", "node-1"))
        .volumes(new FolderDriver(folder))
        .copyEngine(CopyEngine.start())
        .records(folder.resolve("records"))
        .socket(socket)
        .start();
  }

  @Override
  public Optional<BackendVolume> find(String volumeId) {
    Path file = endpoint(volumeId);
    return Files.exists(file)
        ? Optional.of(new BackendVolume(volumeId, file.toFile().length()))
        : Optional.empty();
  }

  @Override
  public BackendVolume create(VolumeSpec spec) {
    try (var file = new RandomAccessFile(endpoint(spec.volumeId()).toFile(), "rws")) {
      file.setLength(0); // a half-made volume of that id is replaced
      file.setLength(spec.capacityBytes());
      return new BackendVolume(spec.volumeId(), spec.capacityBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Path endpoint(String volumeId) {
    return folder.resolve(volumeId);
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
// README: end
