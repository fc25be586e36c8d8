package io.csiclone.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.ControllerServiceCapability;
import io.csiclone.csiproto.NodeGetInfoRequest;
import io.csiclone.csiproto.NodeServiceCapability.RPC;
import io.csiclone.csiproto.TopologyRequirement;
import io.csiclone.csiproto.Volume;
import io.csiclone.csiproto.VolumeCapability;
import io.csiclone.csiproto.VolumeCapability.AccessMode.Mode;
import io.csiclone.csiproto.VolumeUsage;
import io.grpc.Status.Code;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.util.List;

/** Volumes on a node, where the suite may stage and publish them. */
final class NodeChecks {

  private static final int TIMES = 10;

  private NodeChecks() {}

  static List<Check> all() {
    return List.of(
        new Check(
            "a volume is made where the node is, staged, published and measured",
            trial -> lifecycle(trial, 1)),
        new Check(
            "staging and publishing ten times is doing it once", trial -> lifecycle(trial, TIMES)),
        new Check("unpublishing removes the target path", NodeChecks::removesTarget),
        new Check(
            "what was never on the node is taken back without an error", NodeChecks::neverThere),
        new Check(
            "a volume of a single writer is published at one path only", NodeChecks::singleWriter),
        new Check("statistics are told where the volume is only", NodeChecks::statsElsewhere),
        new Check(
            "a volume expanded before it is published has its new size on the node",
            NodeChecks::expanded));
  }

  private static void lifecycle(Trial trial, int times) throws Exception {
    NodePaths node = trial.node();
    var info = trial.client.node().nodeGetInfo(NodeGetInfoRequest.getDefaultInstance());
    assertThat(info.getNodeId()).as("node_id").isNotEmpty();
    var request = trial.empty(Trial.newName());
    if (info.hasAccessibleTopology()) {
      request.setAccessibilityRequirements(
          TopologyRequirement.newBuilder().addRequisite(info.getAccessibleTopology()));
    }
    Volume volume = trial.make(request);
    for (int i = 0; i < times; i++) {
      node.stage(volume, trial.capability);
    }
    for (int i = 0; i < times; i++) {
      node.publish(volume, trial.capability, node.target());
    }
    assertThat(node.target()).exists();
    if (trial.nodeCapabilities().contains(RPC.Type.GET_VOLUME_STATS)) {
      assertThat(node.stats(volume.getVolumeId(), node.target().toString()).getUsageList())
          .as("usage")
          .isNotEmpty();
    }
    node.unpublish(volume.getVolumeId());
    assertThat(node.target()).as("after one NodeUnpublishVolume").doesNotExist();
  }

  private static void removesTarget(Trial trial) throws Exception {
    NodePaths node = trial.node();
    Volume volume = trial.makeEmpty();
    node.stage(volume, trial.capability);
    node.publish(volume, trial.capability, node.target());
    assertThat(node.target()).exists();

    for (int i = 0; i < TIMES; i++) {
      node.unpublish(volume.getVolumeId());
      assertThat(Files.exists(node.target(), LinkOption.NOFOLLOW_LINKS))
          .as(node.target() + " exists")
          .isFalse();
    }
  }

  private static void neverThere(Trial trial) throws Exception {
    NodePaths node = trial.node();
    node.takeBack(trial.makeEmpty().getVolumeId());
    node.takeBack("fake-vol-id-6f2c7b1e-9");
  }

  private static void singleWriter(Trial trial) throws Exception {
    trial.requireNode(RPC.Type.SINGLE_NODE_MULTI_WRITER);
    NodePaths node = trial.node();
    VolumeCapability alone =
        trial.capability.toBuilder()
            .setAccessMode(
                VolumeCapability.AccessMode.newBuilder().setMode(Mode.SINGLE_NODE_SINGLE_WRITER))
            .build();
    Volume volume =
        trial.make(
            trial.empty(Trial.newName()).clearVolumeCapabilities().addVolumeCapabilities(alone));
    node.stage(volume, alone);
    node.publish(volume, alone, node.target());

    trial.assertRefused(
        () -> node.publish(volume, alone, node.otherTarget()), Code.FAILED_PRECONDITION);
    assertThat(node.otherTarget()).as("a target that was refused").doesNotExist();
  }

  private static void statsElsewhere(Trial trial) throws Exception {
    trial.requireNode(RPC.Type.GET_VOLUME_STATS);
    NodePaths node = trial.node();
    Volume volume = trial.makeEmpty();
    node.stage(volume, trial.capability);
    node.publish(volume, trial.capability, node.target());

    assertThat(node.stats(volume.getVolumeId(), node.target().toString()).getUsageList())
        .as("usage")
        .isNotEmpty();
    for (String path : List.of("some/path", node.otherTarget().toString())) {
      trial.assertRefused(() -> node.stats(volume.getVolumeId(), path), Code.NOT_FOUND);
    }
  }

  private static void expanded(Trial trial) throws Exception {
    trial.requireNode(RPC.Type.EXPAND_VOLUME);
    trial.requireController(ControllerServiceCapability.RPC.Type.EXPAND_VOLUME);
    NodePaths node = trial.node();
    Volume volume = trial.makeEmpty();
    assertThat(ExpansionChecks.expand(trial, volume.getVolumeId(), trial.largerSize()))
        .isEqualTo(trial.largerSize());
    node.stage(volume, trial.capability);
    node.publish(volume, trial.capability, node.target());
    node.expand(volume.getVolumeId(), trial.largerSize());
    if (trial.nodeCapabilities().contains(RPC.Type.GET_VOLUME_STATS)) {
      assertThat(
              node.stats(volume.getVolumeId(), node.target().toString()).getUsageList().stream()
                  .filter(usage -> usage.getUnit() == VolumeUsage.Unit.BYTES)
                  .mapToLong(VolumeUsage::getTotal)
                  .sum())
          .as("the size that a pod sees")
          .isGreaterThan((trial.size() + trial.largerSize()) / 2);
    }
  }
}
