package io.csiclone.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.GetPluginCapabilitiesRequest;
import io.csiclone.csiproto.NodeExpandVolumeRequest;
import io.csiclone.csiproto.NodeGetInfoRequest;
import io.csiclone.csiproto.NodePublishVolumeRequest;
import io.csiclone.csiproto.NodeServiceCapability.RPC;
import io.csiclone.csiproto.NodeStageVolumeRequest;
import io.csiclone.csiproto.NodeUnpublishVolumeRequest;
import io.csiclone.csiproto.NodeUnstageVolumeRequest;
import io.csiclone.csiproto.PluginCapability.Service;
import io.grpc.Status.Code;
import java.util.List;

/** What the Node service says of itself and of requests that name nothing. No root needed. */
final class NodeArgumentChecks {

  private static final String UNKNOWN = "fake-vol-id-6f2c7b1e-9";
  private static final String STAGING = "/tmp/conformance/staging";
  private static final String TARGET = "/tmp/conformance/target";

  /** The first is relative: nothing is there either. */
  private static final List<String> NOWHERE = List.of("some/path", "/no/such/path");

  private NodeArgumentChecks() {}

  static List<Check> all() {
    return List.of(
        new Check("the node has an id, and a place if places matter", NodeArgumentChecks::info),
        new Check(
            "staging without an id, a path or a capability is INVALID_ARGUMENT",
            NodeArgumentChecks::stage),
        new Check(
            "publishing without an id, a path or a capability is INVALID_ARGUMENT",
            NodeArgumentChecks::publish),
        new Check(
            "unpublishing without an id or a path is INVALID_ARGUMENT",
            NodeArgumentChecks::unpublish),
        new Check(
            "unstaging without an id or a path is INVALID_ARGUMENT", NodeArgumentChecks::unstage),
        new Check(
            "statistics without an id or a path are INVALID_ARGUMENT",
            NodeArgumentChecks::statsOfNothing),
        new Check(
            "statistics of a volume that never was are NOT_FOUND, at whatever path",
            NodeArgumentChecks::statsOfUnknown),
        new Check(
            "expanding on a node without an id or a path is INVALID_ARGUMENT",
            NodeArgumentChecks::expandNothing),
        new Check(
            "expanding on a node a volume that never was is NOT_FOUND, at whatever path",
            NodeArgumentChecks::expandUnknown));
  }

  private static void info(Trial trial) {
    var _ = trial.nodeCapabilities();
    var info = trial.client.node().nodeGetInfo(NodeGetInfoRequest.getDefaultInstance());
    assertThat(info.getNodeId()).as("node_id").isNotEmpty();
    assertThat(info.getMaxVolumesPerNode()).as("max_volumes_per_node").isNotNegative();
    boolean placed =
        trial
            .client
            .identity()
            .getPluginCapabilities(GetPluginCapabilitiesRequest.getDefaultInstance())
            .getCapabilitiesList()
            .stream()
            .anyMatch(each ->
                each.getService().getType() == Service.Type.VOLUME_ACCESSIBILITY_CONSTRAINTS);
    if (placed) {
      assertThat(info.hasAccessibleTopology()).as("has an accessible_topology").isTrue();
    }
  }

  private static void stage(Trial trial) throws Exception {
    trial.requireNode(RPC.Type.STAGE_UNSTAGE_VOLUME);
    var whole =
        NodeStageVolumeRequest.newBuilder()
            .setVolumeId(trial.makeEmpty().getVolumeId())
            .setStagingTargetPath(STAGING)
            .setVolumeCapability(trial.capability)
            .putPublishContext("device", "/dev/mock")
            .build();
    for (var lacking :
        List.of(
            whole.toBuilder().clearVolumeId(),
            whole.toBuilder().clearStagingTargetPath(),
            whole.toBuilder().clearVolumeCapability())) {
      trial.assertRefused(
          () -> trial.client.node().nodeStageVolume(lacking.build()), Code.INVALID_ARGUMENT);
    }
  }

  /** Each lacks more than the one before it: what is looked at first does not matter. */
  private static void publish(Trial trial) throws Exception {
    var _ = trial.nodeCapabilities();
    for (var lacking :
        List.of(
            NodePublishVolumeRequest.newBuilder().setVolumeId(UNKNOWN).setTargetPath(TARGET),
            NodePublishVolumeRequest.newBuilder().setVolumeId(UNKNOWN),
            NodePublishVolumeRequest.newBuilder())) {
      trial.assertRefused(
          () -> trial.client.node().nodePublishVolume(lacking.build()), Code.INVALID_ARGUMENT);
    }
  }

  private static void unpublish(Trial trial) throws Exception {
    var _ = trial.nodeCapabilities();
    for (var lacking :
        List.of(
            NodeUnpublishVolumeRequest.newBuilder().setVolumeId(UNKNOWN),
            NodeUnpublishVolumeRequest.newBuilder())) {
      trial.assertRefused(
          () -> trial.client.node().nodeUnpublishVolume(lacking.build()), Code.INVALID_ARGUMENT);
    }
  }

  private static void unstage(Trial trial) throws Exception {
    trial.requireNode(RPC.Type.STAGE_UNSTAGE_VOLUME);
    for (var lacking :
        List.of(
            NodeUnstageVolumeRequest.newBuilder().setVolumeId(UNKNOWN),
            NodeUnstageVolumeRequest.newBuilder().setStagingTargetPath(STAGING))) {
      trial.assertRefused(
          () -> trial.client.node().nodeUnstageVolume(lacking.build()), Code.INVALID_ARGUMENT);
    }
  }

  private static void statsOfNothing(Trial trial) throws Exception {
    trial.requireNode(RPC.Type.GET_VOLUME_STATS);
    trial.assertRefused(() -> stats(trial, "", NOWHERE.getFirst()), Code.INVALID_ARGUMENT);
    trial.assertRefused(() -> stats(trial, UNKNOWN, ""), Code.INVALID_ARGUMENT);
  }

  private static void statsOfUnknown(Trial trial) throws Exception {
    trial.requireNode(RPC.Type.GET_VOLUME_STATS);
    for (String path : NOWHERE) {
      trial.assertRefused(() -> stats(trial, UNKNOWN, path), Code.NOT_FOUND);
    }
  }

  private static Object stats(Trial trial, String volumeId, String path) {
    return trial.client.node().nodeGetVolumeStats(NodeRequests.stats(volumeId, path));
  }

  private static void expandNothing(Trial trial) throws Exception {
    trial.requireNode(RPC.Type.EXPAND_VOLUME);
    String volumeId = trial.makeEmpty().getVolumeId();
    for (var lacking :
        List.of(
            NodeExpandVolumeRequest.newBuilder().setVolumePath(TARGET),
            NodeExpandVolumeRequest.newBuilder().setVolumeId(volumeId))) {
      trial.assertRefused(
          () ->
              trial
                  .client
                  .node()
                  .nodeExpandVolume(lacking.setVolumeCapability(trial.capability).build()),
          Code.INVALID_ARGUMENT);
    }
  }

  private static void expandUnknown(Trial trial) throws Exception {
    trial.requireNode(RPC.Type.EXPAND_VOLUME);
    for (String path : NOWHERE) {
      trial.assertRefused(
          () ->
              trial
                  .client
                  .node()
                  .nodeExpandVolume(
                      NodeExpandVolumeRequest.newBuilder()
                          .setVolumeId(UNKNOWN)
                          .setVolumePath(path)
                          .build()),
          Code.NOT_FOUND);
    }
  }
}
