package io.csiclone.csi;

import io.csiclone.csiproto.ControllerServiceCapability;
import io.csiclone.csiproto.NodeServiceCapability;
import io.csiclone.csiproto.PluginCapability;
import io.csiclone.csiproto.VolumeCapability;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What the driver announces, which follows from the interfaces that its back ends implement. */
final class Capabilities {

  private final VolumeBackend volumes;
  private final @Nullable NodeBackend node;
  private final Placement placement;

  Capabilities(VolumeBackend volumes, @Nullable NodeBackend node, Placement placement) {
    this.volumes = volumes;
    this.node = node;
    this.placement = placement;
  }

  Optional<VolumeExpansion> expansion() {
    return volumes instanceof VolumeExpansion expansion ? Optional.of(expansion) : Optional.empty();
  }

  Optional<NodeExpansion> nodeExpansion() {
    return node instanceof NodeExpansion expansion ? Optional.of(expansion) : Optional.empty();
  }

  Optional<NodeStats> stats() {
    return node instanceof NodeStats stats ? Optional.of(stats) : Optional.empty();
  }

  Optional<NodePublications> publications() {
    return node instanceof NodePublications known ? Optional.of(known) : Optional.empty();
  }

  /**
   * The capabilities asked for.
   *
   * @throws Refusal when they contradict themselves or need what is not announced
   */
  CapabilitySet check(String field, List<VolumeCapability> wanted) {
    return announced(field, CapabilitySet.of(field, wanted));
  }

  CapabilitySet check(String field, VolumeCapability wanted) {
    return announced(field, CapabilitySet.of(field, wanted));
  }

  private CapabilitySet announced(String field, CapabilitySet wanted) {
    return publications().isPresent() ? wanted : wanted.withoutSingleWriter(field);
  }

  List<PluginCapability> ofPlugin() {
    List<PluginCapability> all = new ArrayList<>();
    all.add(service(PluginCapability.Service.Type.CONTROLLER_SERVICE));
    if (placement.isConstrained()) {
      all.add(service(PluginCapability.Service.Type.VOLUME_ACCESSIBILITY_CONSTRAINTS));
    }
    if (expansion().isPresent()) {
      // Without a node that can follow, pods see the new size only when they start again.
      all.add(
          expansion(
              nodeExpansion().isPresent()
                  ? PluginCapability.VolumeExpansion.Type.ONLINE
                  : PluginCapability.VolumeExpansion.Type.OFFLINE));
    }
    return all;
  }

  List<ControllerServiceCapability> ofController() {
    List<ControllerServiceCapability> all = new ArrayList<>();
    all.add(rpc(ControllerServiceCapability.RPC.Type.CREATE_DELETE_VOLUME));
    all.add(rpc(ControllerServiceCapability.RPC.Type.CLONE_VOLUME));
    all.add(rpc(ControllerServiceCapability.RPC.Type.LIST_VOLUMES));
    all.add(rpc(ControllerServiceCapability.RPC.Type.GET_VOLUME));
    all.add(rpc(ControllerServiceCapability.RPC.Type.VOLUME_CONDITION));
    all.add(rpc(ControllerServiceCapability.RPC.Type.CREATE_DELETE_SNAPSHOT));
    all.add(rpc(ControllerServiceCapability.RPC.Type.LIST_SNAPSHOTS));
    if (volumes.availableBytes().isPresent()) {
      all.add(rpc(ControllerServiceCapability.RPC.Type.GET_CAPACITY));
    }
    if (expansion().isPresent()) {
      all.add(rpc(ControllerServiceCapability.RPC.Type.EXPAND_VOLUME));
    }
    if (publications().isPresent()) {
      all.add(rpc(ControllerServiceCapability.RPC.Type.SINGLE_NODE_MULTI_WRITER));
    }
    return all;
  }

  List<NodeServiceCapability> ofNode() {
    List<NodeServiceCapability> all = new ArrayList<>();
    all.add(rpc(NodeServiceCapability.RPC.Type.STAGE_UNSTAGE_VOLUME));
    if (nodeExpansion().isPresent()) {
      all.add(rpc(NodeServiceCapability.RPC.Type.EXPAND_VOLUME));
    }
    if (stats().isPresent()) {
      all.add(rpc(NodeServiceCapability.RPC.Type.GET_VOLUME_STATS));
      all.add(rpc(NodeServiceCapability.RPC.Type.VOLUME_CONDITION));
    }
    if (publications().isPresent()) {
      all.add(rpc(NodeServiceCapability.RPC.Type.SINGLE_NODE_MULTI_WRITER));
    }
    return all;
  }

  private static PluginCapability service(PluginCapability.Service.Type type) {
    return PluginCapability.newBuilder()
        .setService(PluginCapability.Service.newBuilder().setType(type))
        .build();
  }

  private static PluginCapability expansion(PluginCapability.VolumeExpansion.Type type) {
    return PluginCapability.newBuilder()
        .setVolumeExpansion(PluginCapability.VolumeExpansion.newBuilder().setType(type))
        .build();
  }

  private static ControllerServiceCapability rpc(ControllerServiceCapability.RPC.Type type) {
    return ControllerServiceCapability.newBuilder()
        .setRpc(ControllerServiceCapability.RPC.newBuilder().setType(type))
        .build();
  }

  private static NodeServiceCapability rpc(NodeServiceCapability.RPC.Type type) {
    return NodeServiceCapability.newBuilder()
        .setRpc(NodeServiceCapability.RPC.newBuilder().setType(type))
        .build();
  }
}
