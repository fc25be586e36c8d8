package io.csiclone.testkit.conformance;

import io.csiclone.csiproto.NodeGetVolumeStatsRequest;
import io.csiclone.csiproto.NodePublishVolumeRequest;
import io.csiclone.csiproto.NodeStageVolumeRequest;
import io.csiclone.csiproto.NodeUnpublishVolumeRequest;
import io.csiclone.csiproto.NodeUnstageVolumeRequest;
import io.csiclone.csiproto.Volume;
import io.csiclone.csiproto.VolumeCapability;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What a node is asked for in the life of a volume on it. */
final class NodeRequests {

  private NodeRequests() {}

  static NodeStageVolumeRequest stage(Volume volume, VolumeCapability capability, Path staging) {
    return NodeStageVolumeRequest.newBuilder()
        .setVolumeId(volume.getVolumeId())
        .setStagingTargetPath(staging.toString())
        .setVolumeCapability(capability)
        .putAllVolumeContext(volume.getVolumeContextMap())
        .build();
  }

  /**
   * @param staging where the volume is staged; null for a driver that does not stage
   */
  static NodePublishVolumeRequest publish(
      Volume volume, VolumeCapability capability, Path target, @Nullable Path staging) {
    NodePublishVolumeRequest.Builder request =
        NodePublishVolumeRequest.newBuilder()
            .setVolumeId(volume.getVolumeId())
            .setTargetPath(target.toString())
            .setVolumeCapability(capability)
            .putAllVolumeContext(volume.getVolumeContextMap());
    if (staging != null) {
      request.setStagingTargetPath(staging.toString());
    }
    return request.build();
  }

  static NodeUnpublishVolumeRequest unpublish(String volumeId, Path target) {
    return NodeUnpublishVolumeRequest.newBuilder()
        .setVolumeId(volumeId)
        .setTargetPath(target.toString())
        .build();
  }

  static NodeUnstageVolumeRequest unstage(String volumeId, Path staging) {
    return NodeUnstageVolumeRequest.newBuilder()
        .setVolumeId(volumeId)
        .setStagingTargetPath(staging.toString())
        .build();
  }

  /**
   * @param path as text, for it may be one that no path can be
   */
  static NodeGetVolumeStatsRequest stats(String volumeId, String path) {
    return NodeGetVolumeStatsRequest.newBuilder().setVolumeId(volumeId).setVolumePath(path).build();
  }
}
