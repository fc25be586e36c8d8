package io.csiclone.csi;

import io.csiclone.csiproto.NodeGetCapabilitiesRequest;
import io.csiclone.csiproto.NodeGetCapabilitiesResponse;
import io.csiclone.csiproto.NodeGetInfoRequest;
import io.csiclone.csiproto.NodeGetInfoResponse;
import io.csiclone.csiproto.NodeGrpc;
import io.csiclone.csiproto.NodePublishVolumeRequest;
import io.csiclone.csiproto.NodePublishVolumeResponse;
import io.csiclone.csiproto.NodeServiceCapability;
import io.csiclone.csiproto.NodeStageVolumeRequest;
import io.csiclone.csiproto.NodeStageVolumeResponse;
import io.csiclone.csiproto.NodeUnpublishVolumeRequest;
import io.csiclone.csiproto.NodeUnpublishVolumeResponse;
import io.csiclone.csiproto.NodeUnstageVolumeRequest;
import io.csiclone.csiproto.NodeUnstageVolumeResponse;
import io.csiclone.csiproto.VolumeCapability;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.time.Duration;

/**
 * CSI's Node service: checks requests and lets the {@link NodeBackend} work, one call at a time for
 * one volume. Calls without an override here answer UNIMPLEMENTED.
 */
final class NodeService extends NodeGrpc.NodeImplBase {

  private final DriverIdentity identity;
  private final NodeBackend node;
  private final CloneCoordinator volumes;
  private final VolumeLocks locks;
  private final Placement placement;
  private final Duration longestWait;

  NodeService(
      DriverIdentity identity,
      NodeBackend node,
      CloneCoordinator volumes,
      VolumeLocks locks,
      Placement placement,
      Duration longestWait) {
    this.identity = identity;
    this.node = node;
    this.volumes = volumes;
    this.locks = locks;
    this.placement = placement;
    this.longestWait = longestWait;
  }

  @Override
  public void nodeStageVolume(
      NodeStageVolumeRequest request, StreamObserver<NodeStageVolumeResponse> answer) {
    String volumeId = Fields.required("volume_id", request.getVolumeId());
    Path staging = Fields.absolutePath("staging_target_path", request.getStagingTargetPath());
    if (!request.hasVolumeCapability()) {
      throw Refusal.invalid("volume_capability", "is missing");
    }
    NodeBackend.Mounting mounting = mounting(request.getVolumeCapability(), false);
    withVolume(volumeId, mounting, () -> node.stage(volumeId, staging, mounting));
    answer.onNext(NodeStageVolumeResponse.getDefaultInstance());
    answer.onCompleted();
  }

  @Override
  public void nodeUnstageVolume(
      NodeUnstageVolumeRequest request, StreamObserver<NodeUnstageVolumeResponse> answer) {
    String volumeId = Fields.required("volume_id", request.getVolumeId());
    Path staging = Fields.absolutePath("staging_target_path", request.getStagingTargetPath());
    withId(volumeId, () -> node.unstage(volumeId, staging));
    answer.onNext(NodeUnstageVolumeResponse.getDefaultInstance());
    answer.onCompleted();
  }

  @Override
  public void nodePublishVolume(
      NodePublishVolumeRequest request, StreamObserver<NodePublishVolumeResponse> answer) {
    String volumeId = Fields.required("volume_id", request.getVolumeId());
    Path target = Fields.absolutePath("target_path", request.getTargetPath());
    if (!request.hasVolumeCapability()) {
      throw Refusal.invalid("volume_capability", "is missing");
    }
    if (request.getStagingTargetPath().isEmpty()) {
      // The one missing field for which the specification has a code of its own.
      throw new Refusal(
          Refusal.Reason.PRECONDITION,
          "staging_target_path is missing: stage the volume first (STAGE_UNSTAGE_VOLUME)");
    }
    Path staging = Fields.absolutePath("staging_target_path", request.getStagingTargetPath());
    NodeBackend.Mounting mounting = mounting(request.getVolumeCapability(), request.getReadonly());
    withVolume(volumeId, mounting, () -> node.publish(volumeId, staging, target, mounting));
    answer.onNext(NodePublishVolumeResponse.getDefaultInstance());
    answer.onCompleted();
  }

  @Override
  public void nodeUnpublishVolume(
      NodeUnpublishVolumeRequest request, StreamObserver<NodeUnpublishVolumeResponse> answer) {
    String volumeId = Fields.required("volume_id", request.getVolumeId());
    Path target = Fields.absolutePath("target_path", request.getTargetPath());
    withId(volumeId, () -> node.unpublish(volumeId, target));
    answer.onNext(NodeUnpublishVolumeResponse.getDefaultInstance());
    answer.onCompleted();
  }

  @Override
  public void nodeGetCapabilities(
      NodeGetCapabilitiesRequest request, StreamObserver<NodeGetCapabilitiesResponse> answer) {
    answer.onNext(
        NodeGetCapabilitiesResponse.newBuilder()
            .addCapabilities(
                NodeServiceCapability.newBuilder()
                    .setRpc(
                        NodeServiceCapability.RPC
                            .newBuilder()
                            .setType(NodeServiceCapability.RPC.Type.STAGE_UNSTAGE_VOLUME)))
            .build());
    answer.onCompleted();
  }

  @Override
  public void nodeGetInfo(NodeGetInfoRequest request, StreamObserver<NodeGetInfoResponse> answer) {
    var response = NodeGetInfoResponse.newBuilder().setNodeId(identity.nodeId());
    placement.topologies().forEach(response::setAccessibleTopology);
    answer.onNext(response.build());
    answer.onCompleted();
  }

  private static NodeBackend.Mounting mounting(VolumeCapability capability, boolean readOnly) {
    CapabilitySet checked = CapabilitySet.of("volume_capability", capability);
    return new NodeBackend.Mounting(
        checked.accessType(),
        checked.fsType(),
        capability.getMount().getMountFlagsList(),
        readOnly || checked.readOnly());
  }

  private void withVolume(String volumeId, NodeBackend.Mounting mounting, Runnable work) {
    if (!VolumeIds.wellFormed(volumeId)) {
      throw Refusal.unknownVolume(volumeId);
    }
    try (var _ = locks.acquire(Patience.ofCall(longestWait), volumeId)) {
      AccessType made = volumes.require(volumeId).accessType();
      if (made != null && made != mounting.accessType()) {
        throw new Refusal(
            Refusal.Reason.PRECONDITION,
            "volume_capability asks for %s, but volume %s is %s"
                .formatted(mounting.accessType(), volumeId, made));
      }
      work.run();
    }
  }

  /** Undoing must work for a volume that is gone too, or its mounts would stay for ever. */
  private void withId(String volumeId, Runnable work) {
    if (!VolumeIds.wellFormed(volumeId)) {
      throw Refusal.unknownVolume(volumeId);
    }
    try (var _ = locks.acquire(Patience.ofCall(longestWait), volumeId)) {
      work.run();
    }
  }
}
