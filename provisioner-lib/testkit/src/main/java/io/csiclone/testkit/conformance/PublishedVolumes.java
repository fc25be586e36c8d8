package io.csiclone.testkit.conformance;

import io.csiclone.csiproto.NodeServiceCapability;
import io.csiclone.csiproto.Volume;
import io.csiclone.csiproto.VolumeCapability;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Stages and publishes a volume on this node, as the kubelet does. */
final class PublishedVolumes implements VolumeOpener {

  private final Path socket;
  private final Path folder;

  PublishedVolumes(Path socket, Path folder) {
    this.socket = socket;
    this.folder = folder;
  }

  Path folder() {
    return folder;
  }

  @Override
  public OpenVolume open(Volume volume, VolumeCapability capability) throws IOException {
    Files.createDirectories(folder);
    Path base = Files.createTempDirectory(folder, "volume-");
    Published published =
        new Published(socket, base, volume.getVolumeId(), capability.hasBlock(), stages());
    try {
      published.open(volume, capability);
      return published;
    } catch (StatusRuntimeException | IOException e) {
      try {
        published.close();
      } catch (StatusRuntimeException | IOException alsoFailed) {
        e.addSuppressed(alsoFailed);
      }
      throw e;
    }
  }

  private boolean stages() {
    try (DriverClient client = DriverClient.of(socket)) {
      return DriverClient.nodeCapabilities(client.node())
          .contains(NodeServiceCapability.RPC.Type.STAGE_UNSTAGE_VOLUME);
    }
  }

  private record Published(Path socket, Path base, String volumeId, boolean block, boolean stages)
      implements OpenVolume {

    /** Of a filesystem the rest stays free: it needs some of its space for itself. */
    private static final int USABLE_PART = 4;

    private Path staging() {
      return base.resolve("staging");
    }

    private Path target() {
      return base.resolve("target");
    }

    void open(Volume volume, VolumeCapability capability) throws IOException {
      try (DriverClient client = DriverClient.of(socket)) {
        if (stages) {
          Files.createDirectory(staging());
          var _ = client.node().nodeStageVolume(NodeRequests.stage(volume, capability, staging()));
        }
        var _ =
            client
                .node()
                .nodePublishVolume(
                    NodeRequests.publish(volume, capability, target(), stages ? staging() : null));
      }
    }

    @Override
    public Path data() {
      return block ? target() : target().resolve("data");
    }

    @Override
    public long usableBytes() throws IOException {
      return block ? size() : size() / USABLE_PART;
    }

    @Override
    public long size() throws IOException {
      if (!block) {
        return Files.getFileStore(target()).getTotalSpace();
      }
      try (FileChannel device = FileChannel.open(target(), StandardOpenOption.READ)) {
        return device.size();
      }
    }

    @Override
    public void close() throws IOException {
      try (DriverClient client = DriverClient.of(socket)) {
        var _ = client.node().nodeUnpublishVolume(NodeRequests.unpublish(volumeId, target()));
        if (stages) {
          var _ = client.node().nodeUnstageVolume(NodeRequests.unstage(volumeId, staging()));
        }
      }
      // Never recursive: should anything still be mounted here, it must stay.
      Files.deleteIfExists(staging());
      Files.deleteIfExists(base);
    }
  }
}
