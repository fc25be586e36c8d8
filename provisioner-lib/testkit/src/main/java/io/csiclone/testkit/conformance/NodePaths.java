package io.csiclone.testkit.conformance;

import io.csiclone.csiproto.NodeExpandVolumeRequest;
import io.csiclone.csiproto.NodeGetVolumeStatsResponse;
import io.csiclone.csiproto.Volume;
import io.csiclone.csiproto.VolumeCapability;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where one check stages and publishes: a folder to stage in, and one in which targets appear. Both
 * are made before the check and must be empty again after it. The next check has the same paths.
 *
 * @param stages whether the driver stages
 */
record NodePaths(DriverClient client, Path folder, boolean stages) implements AutoCloseable {

  static NodePaths make(DriverClient client, Path folder, boolean stages) throws IOException {
    NodePaths paths = new NodePaths(client, folder, stages);
    Files.createDirectories(folder);
    Files.createDirectory(paths.mounts());
    Files.createDirectory(paths.staging());
    return paths;
  }

  private Path mounts() {
    return folder.resolve("csi-mount");
  }

  private Path staging() {
    return folder.resolve("csi-staging");
  }

  Path target() {
    return mounts().resolve("target");
  }

  Path otherTarget() {
    return mounts().resolve("other_target");
  }

  void stage(Volume volume, VolumeCapability capability) {
    if (stages) {
      var _ = client.node().nodeStageVolume(NodeRequests.stage(volume, capability, staging()));
    }
  }

  Object publish(Volume volume, VolumeCapability capability, Path target) {
    return client
        .node()
        .nodePublishVolume(
            NodeRequests.publish(volume, capability, target, stages ? staging() : null));
  }

  NodeGetVolumeStatsResponse stats(String volumeId, String path) {
    return client.node().nodeGetVolumeStats(NodeRequests.stats(volumeId, path));
  }

  /** At the target, without a capability. */
  void expand(String volumeId, long bytes) {
    var _ =
        client
            .node()
            .nodeExpandVolume(
                NodeExpandVolumeRequest.newBuilder()
                    .setVolumeId(volumeId)
                    .setVolumePath(target().toString())
                    .setCapacityRange(Requests.atLeast(bytes))
                    .build());
  }

  void unpublish(String volumeId) {
    var _ = client.node().nodeUnpublishVolume(NodeRequests.unpublish(volumeId, target()));
  }

  private void unstage(String volumeId) {
    var _ = client.node().nodeUnstageVolume(NodeRequests.unstage(volumeId, staging()));
  }

  /** For any volume, also one that was never here: a caller that was killed does not know. */
  void takeBack(String volumeId) {
    unlessUnknown(() -> unpublish(volumeId));
    if (stages) {
      unlessUnknown(() -> unstage(volumeId));
    }
  }

  private static void unlessUnknown(Runnable call) {
    try {
      call.run();
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() != Code.NOT_FOUND) {
        throw e;
      }
    }
  }

  /** Never recursive: should anything still be mounted here, it must stay. */
  @Override
  public void close() throws IOException {
    Files.delete(mounts());
    Files.deleteIfExists(staging());
  }
}
