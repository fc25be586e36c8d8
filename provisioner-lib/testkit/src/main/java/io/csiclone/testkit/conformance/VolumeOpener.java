package io.csiclone.testkit.conformance;

import io.csiclone.csiproto.Volume;
import io.csiclone.csiproto.VolumeCapability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;

/** How the checks reach the bytes of a volume. */
@FunctionalInterface
public interface VolumeOpener {

  /** Opens a volume that nobody uses. */
  OpenVolume open(Volume volume, VolumeCapability capability) throws IOException;

  /**
   * For drivers whose volumes are files or block devices on this machine: no root needed.
   *
   * @param pathOf the path of the volume with that volume handle
   */
  static VolumeOpener paths(Function<String, Path> pathOf) {
    return (volume, capability) -> {
      Path path = pathOf.apply(volume.getVolumeId());
      long size = Files.size(path);
      return new OpenVolume() {
        @Override
        public Path data() {
          return path;
        }

        @Override
        public long usableBytes() {
          return size;
        }

        @Override
        public long size() {
          return size;
        }

        @Override
        public void close() {
          // Nothing was opened.
        }
      };
    };
  }

  /**
   * Stages and publishes volumes through the driver's Node service, as the kubelet does. For
   * drivers that run on this machine as root and need no ControllerPublishVolume.
   *
   * @param socket the driver's unix socket
   * @param folder where volumes are mounted, each in a folder of its own that is removed again
   */
  static VolumeOpener published(Path socket, Path folder) {
    return new PublishedVolumes(socket, folder);
  }
}
