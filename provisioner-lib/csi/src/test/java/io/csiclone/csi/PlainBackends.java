package io.csiclone.csi;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Back ends that can only what every one must. */
final class PlainBackends {

  private PlainBackends() {}

  record Volumes(VolumeBackend full) implements VolumeBackend {
    @Override
    public Optional<BackendVolume> find(String volumeId) {
      return full.find(volumeId);
    }

    @Override
    public BackendVolume create(VolumeSpec spec) {
      return full.create(spec);
    }

    @Override
    public Path endpoint(String volumeId) {
      return full.endpoint(volumeId);
    }

    @Override
    public void delete(String volumeId) {
      full.delete(volumeId);
    }
  }

  record Node(NodeBackend full) implements NodeBackend {
    @Override
    public void stage(String volumeId, Path stagingPath, Mounting mounting) {
      full.stage(volumeId, stagingPath, mounting);
    }

    @Override
    public void unstage(String volumeId, Path stagingPath) {
      full.unstage(volumeId, stagingPath);
    }

    @Override
    public void publish(String volumeId, Path stagingPath, Path targetPath, Mounting mounting) {
      full.publish(volumeId, stagingPath, targetPath, mounting);
    }

    @Override
    public void unpublish(String volumeId, Path targetPath) {
      full.unpublish(volumeId, targetPath);
    }

    @Override
    public Map<String, String> topology() {
      return full.topology();
    }
  }
}
