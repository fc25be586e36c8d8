package io.csiclone.csi;

import static io.csiclone.csi.Situation.plainly;
import static io.csiclone.csi.Situation.stage;
import static io.csiclone.csi.Situation.started;
import static io.csiclone.csi.Situation.whileCloned;
import static io.csiclone.csi.Situation.whileStaged;
import static io.csiclone.csi.Situation.withVolume;
import static io.csiclone.csi.TestDriver.block;
import static io.csiclone.csi.TestDriver.mount;

import io.csiclone.csiproto.CapacityRange;
import io.csiclone.csiproto.NodeExpandVolumeRequest;
import io.csiclone.csiproto.NodeGetVolumeStatsRequest;
import io.csiclone.csiproto.NodePublishVolumeRequest;
import io.csiclone.csiproto.NodeUnpublishVolumeRequest;
import io.csiclone.csiproto.NodeUnstageVolumeRequest;
import io.csiclone.csiproto.VolumeCapability.AccessMode.Mode;
import java.util.Map;
import java.util.TreeMap;

/** The rows of the calls on a node. */
final class NodeSituations {

  private NodeSituations() {}

  static Map<String, Situation> all() {
    Map<String, Situation> all = new TreeMap<>();
    String stage = "NodeStageVolume: ";
    all.put(
        stage + "a field is missing or malformed",
        withVolume(
            (d, id) -> d.node().nodeStageVolume(stage(id).setStagingTargetPath("a").build())));
    all.put(
        stage + "the volume does not exist",
        started(d -> d.node().nodeStageVolume(stage("nowhere").build())));
    all.put(
        stage + "a block volume is to be mounted, or the other way",
        withVolume((d, id) ->
            d.node()
                .nodeStageVolume(
                    stage(id).setVolumeCapability(block(Mode.SINGLE_NODE_WRITER)).build())));
    all.put(
        stage + "the volume is still being made",
        whileCloned(
            (d, id) -> d.node().nodeStageVolume(stage(VolumeIds.forName("clone")).build())));
    all.put(
        stage + "another call on the volume is running",
        whileStaged((d, id) -> d.node().nodeStageVolume(stage(id).build())));

    String publish = "NodePublishVolume: ";
    all.put(
        publish + "a field is missing or malformed",
        withVolume(
            (d, id) -> d.node().nodePublishVolume(publish(id).clearVolumeCapability().build())));
    all.put(
        publish + "the volume does not exist",
        started(d -> d.node().nodePublishVolume(publish("nowhere").build())));
    all.put(
        publish + "`staging_target_path` is missing",
        withVolume(
            (d, id) -> d.node().nodePublishVolume(publish(id).clearStagingTargetPath().build())));
    all.put(
        publish + "one writer was promised and the volume is published elsewhere",
        withVolume((d, id) -> {
          var alone = mount(Mode.SINGLE_NODE_SINGLE_WRITER);
          var _ = d.node().nodePublishVolume(publish(id).setVolumeCapability(alone).build());
          var _ =
              d.node()
                  .nodePublishVolume(
                      publish(id).setVolumeCapability(alone).setTargetPath("/other").build());
        }));

    all.put(
        "NodeUnpublishVolume: a field is missing or malformed",
        started(
            d -> d.node().nodeUnpublishVolume(NodeUnpublishVolumeRequest.getDefaultInstance())));
    all.put(
        "NodeUnpublishVolume: the volume does not exist any more",
        started(d ->
            d.node()
                .nodeUnpublishVolume(
                    NodeUnpublishVolumeRequest.newBuilder()
                        .setVolumeId("nowhere")
                        .setTargetPath("/target")
                        .build())));
    all.put(
        "NodeUnpublishVolume: the id cannot be that of a volume",
        started(d ->
            d.node()
                .nodeUnpublishVolume(
                    NodeUnpublishVolumeRequest.newBuilder()
                        .setVolumeId("../nowhere")
                        .setTargetPath("/target")
                        .build())));
    all.put(
        "NodeUnstageVolume: a field is missing or malformed",
        started(d -> d.node().nodeUnstageVolume(NodeUnstageVolumeRequest.getDefaultInstance())));
    all.put(
        "NodeUnstageVolume: the volume does not exist any more",
        started(d ->
            d.node()
                .nodeUnstageVolume(
                    NodeUnstageVolumeRequest.newBuilder()
                        .setVolumeId("nowhere")
                        .setStagingTargetPath("/staging")
                        .build())));

    String expand = "NodeExpandVolume: ";
    all.put(expand + "a field is missing", withVolume((d, id) -> grow(d, id, "", 0)));
    all.put(
        expand + "`volume_path` is none that a volume can be at",
        withVolume((d, id) -> grow(d, id, "a", 0)));
    all.put(expand + "the volume does not exist", started(d -> grow(d, "nowhere", "/path", 0)));
    all.put(
        expand + "`limit_bytes` is below the size that it has",
        withVolume((d, id) -> grow(d, id, "/path", 1)));
    all.put(expand + "the driver cannot", plainly((d, id) -> grow(d, id, "/path", 0)));

    String stats = "NodeGetVolumeStats: ";
    all.put(stats + "a field is missing", withVolume((d, id) -> stats(d, id, "")));
    all.put(
        stats + "`volume_path` is none that a volume can be at",
        withVolume((d, id) -> stats(d, id, "a")));
    all.put(stats + "the volume does not exist", started(d -> stats(d, "nowhere", "/path")));
    all.put(stats + "the driver cannot", plainly((d, id) -> stats(d, id, "/path")));
    return all;
  }

  private static NodePublishVolumeRequest.Builder publish(String volumeId) {
    return NodePublishVolumeRequest.newBuilder()
        .setVolumeId(volumeId)
        .setStagingTargetPath("/staging")
        .setTargetPath("/target")
        .setVolumeCapability(mount(Mode.SINGLE_NODE_WRITER));
  }

  private static void grow(TestDriver driver, String volumeId, String path, long limit) {
    var _ =
        driver
            .node()
            .nodeExpandVolume(
                NodeExpandVolumeRequest.newBuilder()
                    .setVolumeId(volumeId)
                    .setVolumePath(path)
                    .setCapacityRange(CapacityRange.newBuilder().setLimitBytes(limit))
                    .build());
  }

  private static void stats(TestDriver driver, String volumeId, String path) {
    var _ =
        driver
            .node()
            .nodeGetVolumeStats(
                NodeGetVolumeStatsRequest.newBuilder()
                    .setVolumeId(volumeId)
                    .setVolumePath(path)
                    .build());
  }
}
