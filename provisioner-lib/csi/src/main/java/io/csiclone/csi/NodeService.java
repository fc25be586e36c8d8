package io.csiclone.csi;

import io.csiclone.csiproto.NodeExpandVolumeRequest;
import io.csiclone.csiproto.NodeExpandVolumeResponse;
import io.csiclone.csiproto.NodeGetCapabilitiesRequest;
import io.csiclone.csiproto.NodeGetCapabilitiesResponse;
import io.csiclone.csiproto.NodeGetInfoRequest;
import io.csiclone.csiproto.NodeGetInfoResponse;
import io.csiclone.csiproto.NodeGetVolumeStatsRequest;
import io.csiclone.csiproto.NodeGetVolumeStatsResponse;
import io.csiclone.csiproto.NodeGrpc;
import io.csiclone.csiproto.NodePublishVolumeRequest;
import io.csiclone.csiproto.NodePublishVolumeResponse;
import io.csiclone.csiproto.NodeStageVolumeRequest;
import io.csiclone.csiproto.NodeStageVolumeResponse;
import io.csiclone.csiproto.NodeUnpublishVolumeRequest;
import io.csiclone.csiproto.NodeUnpublishVolumeResponse;
import io.csiclone.csiproto.NodeUnstageVolumeRequest;
import io.csiclone.csiproto.NodeUnstageVolumeResponse;
import io.csiclone.csiproto.VolumeCapability;
import io.csiclone.csiproto.VolumeCapability.AccessMode.Mode;
import io.csiclone.csiproto.VolumeCondition;
import io.csiclone.csiproto.VolumeUsage;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;

/**
 * CSI's Node service: checks requests and lets the {@link NodeBackend} work, one call at a time for
 * one volume. Calls without an override here answer UNIMPLEMENTED.
 */
final class NodeService extends NodeGrpc.NodeImplBase {

  private final DriverIdentity identity;
  private final NodeBackend node;
  private final VolumeCatalogue volumes;
  private final Capabilities announced;
  private final VolumeLocks locks;
  private final Placement placement;
  private final Duration longestWait;

  NodeService(
      DriverIdentity identity,
      NodeBackend node,
      VolumeCatalogue volumes,
      Capabilities announced,
      VolumeLocks locks,
      Placement placement,
      Duration longestWait) {
    this.identity = identity;
    this.node = node;
    this.volumes = volumes;
    this.announced = announced;
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
    boolean alone =
        request.getVolumeCapability().getAccessMode().getMode() == Mode.SINGLE_NODE_SINGLE_WRITER;
    withVolume(
        volumeId,
        mounting,
        () -> {
          if (alone) {
            requirePublishedNowhereElse(volumeId, staging, target);
          }
          node.publish(volumeId, staging, target, mounting);
        });
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
  public void nodeExpandVolume(
      NodeExpandVolumeRequest request, StreamObserver<NodeExpandVolumeResponse> answer) {
    NodeExpansion expansion = announced.nodeExpansion().orElse(null);
    if (expansion == null) {
      super.nodeExpandVolume(request, answer);
      return;
    }
    String volumeId = Fields.required("volume_id", request.getVolumeId());
    String path = Fields.required("volume_path", request.getVolumePath());
    if (request.hasVolumeCapability()) {
      announced.check("volume_capability", request.getVolumeCapability());
    }
    try (var _ = locks.acquire(Patience.ofCall(longestWait), lockable(volumeId))) {
      BackendVolume volume = volumes.require(volumeId).volume();
      // The node can only follow what the controller has done; it never makes a volume larger.
      long limit = request.getCapacityRange().getLimitBytes();
      if (limit < 0 || (limit != 0 && volume.capacityBytes() > limit)) {
        throw new Refusal(
            Refusal.Reason.OUT_OF_RANGE,
            "capacity_range.limit_bytes (%d) is below the %d bytes that volume %s has"
                .formatted(limit, volume.capacityBytes(), volumeId));
      }
      expansion.expand(
          volumeId,
          lookedFor(volumeId, path),
          request.getVolumeCapability().getMount().getMountFlagsList());
      answer.onNext(
          NodeExpandVolumeResponse.newBuilder().setCapacityBytes(volume.capacityBytes()).build());
      answer.onCompleted();
    }
  }

  @Override
  public void nodeGetVolumeStats(
      NodeGetVolumeStatsRequest request, StreamObserver<NodeGetVolumeStatsResponse> answer) {
    NodeStats known = announced.stats().orElse(null);
    if (known == null) {
      super.nodeGetVolumeStats(request, answer);
      return;
    }
    String volumeId = Fields.required("volume_id", request.getVolumeId());
    String path = Fields.required("volume_path", request.getVolumePath());
    volumes.require(volumeId);
    NodeStats.Stats stats = known.stats(volumeId, lookedFor(volumeId, path));
    var response = NodeGetVolumeStatsResponse.newBuilder();
    response.addUsage(usage(stats.bytes(), VolumeUsage.Unit.BYTES));
    stats.inodes().ifPresent(inodes -> response.addUsage(usage(inodes, VolumeUsage.Unit.INODES)));
    response.setVolumeCondition(
        VolumeCondition.newBuilder()
            .setAbnormal(stats.abnormal().isPresent())
            .setMessage(stats.abnormal().orElse("Volume " + volumeId + " is in order")));
    answer.onNext(response.build());
    answer.onCompleted();
  }

  /**
   * Where the volume is said to be. No volume is at a relative path or one with "..", but asking
   * for it there is no malformed request: csi-sanity does so and wants NOT_FOUND.
   */
  private static Path lookedFor(String volumeId, String path) {
    try {
      return Fields.absolutePath("volume_path", path);
    } catch (Refusal unusable) {
      throw new Refusal(
          Refusal.Reason.NOT_FOUND,
          "Volume %s cannot be there: %s".formatted(volumeId, unusable.getMessage()));
    }
  }

  private static VolumeUsage usage(NodeStats.Usage usage, VolumeUsage.Unit unit) {
    return VolumeUsage.newBuilder()
        .setAvailable(usage.available())
        .setTotal(usage.total())
        .setUsed(usage.used())
        .setUnit(unit)
        .build();
  }

  @Override
  public void nodeGetCapabilities(
      NodeGetCapabilitiesRequest request, StreamObserver<NodeGetCapabilitiesResponse> answer) {
    answer.onNext(
        NodeGetCapabilitiesResponse.newBuilder().addAllCapabilities(announced.ofNode()).build());
    answer.onCompleted();
  }

  @Override
  public void nodeGetInfo(NodeGetInfoRequest request, StreamObserver<NodeGetInfoResponse> answer) {
    var response = NodeGetInfoResponse.newBuilder().setNodeId(identity.nodeId());
    placement.topologies().forEach(response::setAccessibleTopology);
    answer.onNext(response.build());
    answer.onCompleted();
  }

  /** The mode is announced only by a node that knows its publications. */
  private void requirePublishedNowhereElse(String volumeId, Path staging, Path target) {
    Set<Path> published = announced.publications().orElseThrow().publishedAt(volumeId, staging);
    if (!published.isEmpty() && !published.contains(target)) {
      throw new Refusal(
          Refusal.Reason.PRECONDITION,
          "Volume %s is published at %s already; SINGLE_NODE_SINGLE_WRITER allows one target path"
              .formatted(volumeId, published.iterator().next()));
    }
  }

  private NodeBackend.Mounting mounting(VolumeCapability capability, boolean readOnly) {
    CapabilitySet checked = announced.check("volume_capability", capability);
    return new NodeBackend.Mounting(
        checked.accessType(),
        checked.fsType(),
        capability.getMount().getMountFlagsList(),
        readOnly || checked.readOnly());
  }

  private void withVolume(String volumeId, NodeBackend.Mounting mounting, Runnable work) {
    try (var _ = locks.acquire(Patience.ofCall(longestWait), lockable(volumeId))) {
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
    try (var _ = locks.acquire(Patience.ofCall(longestWait), lockable(volumeId))) {
      work.run();
    }
  }

  private static String lockable(String volumeId) {
    if (!VolumeIds.wellFormed(volumeId)) {
      throw Refusal.unknownVolume(volumeId);
    }
    return volumeId;
  }
}
