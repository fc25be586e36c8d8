package io.csiclone.csi;

import static io.csiclone.csi.Answers.refused;
import static io.csiclone.csi.TestDriver.MIB;
import static io.csiclone.csi.TestDriver.block;
import static io.csiclone.csi.TestDriver.mount;
import static io.csiclone.csi.TestDriver.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.csiclone.csiproto.NodeExpandVolumeRequest;
import io.csiclone.csiproto.NodeGetCapabilitiesRequest;
import io.csiclone.csiproto.NodeGetInfoRequest;
import io.csiclone.csiproto.NodeGetVolumeStatsRequest;
import io.csiclone.csiproto.NodeGrpc;
import io.csiclone.csiproto.NodePublishVolumeRequest;
import io.csiclone.csiproto.NodeServiceCapability.RPC;
import io.csiclone.csiproto.NodeStageVolumeRequest;
import io.csiclone.csiproto.NodeUnpublishVolumeRequest;
import io.csiclone.csiproto.NodeUnstageVolumeRequest;
import io.csiclone.csiproto.VolumeCapability.AccessMode.Mode;
import io.csiclone.csiproto.VolumeUsage;
import io.grpc.Status.Code;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Node calls reach the node backend checked and typed. */
class NodeServiceTest {

  private TestDriver driver;
  private String volumeId;

  @BeforeEach
  void start(@TempDir Path folder) throws IOException {
    driver = TestDriver.started(folder);
    volumeId = driver.create(request("pvc-1", MIB)).getVolumeId();
  }

  @AfterEach
  void stop() {
    driver.close();
  }

  @Test
  void aVolumeIsStagedPublishedAndTakenBack() {
    var capability = mount(Mode.SINGLE_NODE_WRITER).toBuilder();
    capability.getMountBuilder().addMountFlags("noatime");
    var _ =
        driver
            .node()
            .nodeStageVolume(
                NodeStageVolumeRequest.newBuilder()
                    .setVolumeId(volumeId)
                    .setStagingTargetPath("/staging")
                    .setVolumeCapability(capability)
                    .build());
    var _ =
        driver
            .node()
            .nodePublishVolume(
                NodePublishVolumeRequest.newBuilder()
                    .setVolumeId(volumeId)
                    .setStagingTargetPath("/staging")
                    .setTargetPath("/target")
                    .setVolumeCapability(capability)
                    .setReadonly(true)
                    .build());
    takeBack();
    String mounting = "Mounting[accessType=MOUNT, fsType=ext4, mountFlags=[noatime], readOnly=";
    assertThat(driver.node.calls)
        .containsExactly(
            "stage " + volumeId + " /staging " + mounting + "false]",
            "publish " + volumeId + " /staging /target " + mounting + "true]",
            "unpublish " + volumeId + " /target",
            "unstage " + volumeId + " /staging");
  }

  @Test
  void aVolumeThatIsGoneCanStillBeTakenBack() {
    driver.delete(volumeId);
    takeBack();
    assertThat(driver.node.calls).hasSize(2);
  }

  private void takeBack() {
    var _ =
        driver
            .node()
            .nodeUnpublishVolume(
                NodeUnpublishVolumeRequest.newBuilder()
                    .setVolumeId(volumeId)
                    .setTargetPath("/target")
                    .build());
    var _ =
        driver
            .node()
            .nodeUnstageVolume(
                NodeUnstageVolumeRequest.newBuilder()
                    .setVolumeId(volumeId)
                    .setStagingTargetPath("/staging")
                    .build());
  }

  @Test
  void aFilesystemVolumeCannotBeStagedAsABlockDevice() {
    refused(
        Code.FAILED_PRECONDITION,
        "asks for BLOCK",
        () ->
            driver
                .node()
                .nodeStageVolume(
                    NodeStageVolumeRequest.newBuilder()
                        .setVolumeId(volumeId)
                        .setStagingTargetPath("/staging")
                        .setVolumeCapability(block(Mode.SINGLE_NODE_WRITER))
                        .build()));
  }

  @Test
  void callsOnAVolumeThatIsBusyAreAbortedAndOtherVolumesAreNotHeldUp() throws Exception {
    String other = driver.create(request("pvc-2", MIB)).getVolumeId();
    driver.stop();
    driver.answeringWithin(Duration.ofMillis(100)).start();
    driver.node.gate = new CountDownLatch(1);
    var staging = NodeGrpc.newFutureStub(driver.channel()).nodeStageVolume(stage(volumeId));
    await().until(() -> driver.node.calls.size() == 1);
    refused(
        Code.ABORTED,
        "Another operation on volume " + volumeId,
        () -> driver.node().nodeStageVolume(stage(volumeId)));
    refused(Code.ABORTED, "Another operation", () -> driver.delete(volumeId));
    driver.delete(other);
    driver.node.gate.countDown();
    assertThat(staging.get(10, TimeUnit.SECONDS)).isNotNull();
    assertThat(driver.node.calls).hasSize(1);
    driver.delete(volumeId);
  }

  private static NodeStageVolumeRequest stage(String volumeId) {
    return NodeStageVolumeRequest.newBuilder()
        .setVolumeId(volumeId)
        .setStagingTargetPath("/staging")
        .setVolumeCapability(mount(Mode.SINGLE_NODE_WRITER))
        .build();
  }

  @Test
  void theNodeTellsItsIdItsTopologyAndWhatItCan() {
    var info = driver.node().nodeGetInfo(NodeGetInfoRequest.getDefaultInstance());
    assertThat(info.getNodeId()).isEqualTo("node-1");
    assertThat(info.getAccessibleTopology().getSegmentsMap()).isEqualTo(RecordingNode.HERE);
    assertThat(
            driver
                .node()
                .nodeGetCapabilities(NodeGetCapabilitiesRequest.getDefaultInstance())
                .getCapabilitiesList())
        .extracting(capability -> capability.getRpc().getType())
        .containsExactly(
            RPC.Type.STAGE_UNSTAGE_VOLUME,
            RPC.Type.EXPAND_VOLUME,
            RPC.Type.GET_VOLUME_STATS,
            RPC.Type.VOLUME_CONDITION,
            RPC.Type.SINGLE_NODE_MULTI_WRITER);
  }

  @Test
  void aSingleWriterHasOneTargetPathAtATime() {
    publish(Mode.SINGLE_NODE_SINGLE_WRITER, "/target");
    publish(Mode.SINGLE_NODE_SINGLE_WRITER, "/target");
    refused(
        Code.FAILED_PRECONDITION,
        "is published at /target already",
        () -> publish(Mode.SINGLE_NODE_SINGLE_WRITER, "/other"));
    publish(Mode.SINGLE_NODE_MULTI_WRITER, "/third");
    takeBack();
    refused(
        Code.FAILED_PRECONDITION,
        "is published at /third already",
        () -> publish(Mode.SINGLE_NODE_SINGLE_WRITER, "/other"));
  }

  private void publish(Mode mode, String target) {
    var _ =
        driver
            .node()
            .nodePublishVolume(
                NodePublishVolumeRequest.newBuilder()
                    .setVolumeId(volumeId)
                    .setStagingTargetPath("/staging")
                    .setTargetPath(target)
                    .setVolumeCapability(mount(mode))
                    .build());
  }

  @Test
  void statsTellBytesInodesAndWhatIsWrong() {
    var request =
        NodeGetVolumeStatsRequest.newBuilder().setVolumeId(volumeId).setVolumePath("/target");
    var stats = driver.node().nodeGetVolumeStats(request.build());
    assertThat(stats.getUsageList())
        .containsExactly(
            usage(VolumeUsage.Unit.BYTES, 1, 3, 2), usage(VolumeUsage.Unit.INODES, 10, 30, 20));
    assertThat(stats.getVolumeCondition().getAbnormal()).isFalse();
    driver.node.abnormal = Optional.of("it smells of smoke");
    var condition = driver.node().nodeGetVolumeStats(request.build()).getVolumeCondition();
    assertThat(condition.getAbnormal()).isTrue();
    assertThat(condition.getMessage()).isEqualTo("it smells of smoke");
    refused(
        Code.NOT_FOUND,
        "does not exist",
        () -> driver.node().nodeGetVolumeStats(request.setVolumeId("vol-unknown").build()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"some/path", ".", "/target/../target", "/nul\0"})
  void aVolumeIsFoundAtNoPathThatCannotBeOne(String path) {
    driver.node.calls.clear();
    refused(
        Code.NOT_FOUND,
        "cannot be there",
        () ->
            driver
                .node()
                .nodeGetVolumeStats(
                    NodeGetVolumeStatsRequest.newBuilder()
                        .setVolumeId(volumeId)
                        .setVolumePath(path)
                        .build()));
    refused(
        Code.NOT_FOUND,
        "cannot be there",
        () ->
            driver
                .node()
                .nodeExpandVolume(
                    NodeExpandVolumeRequest.newBuilder()
                        .setVolumeId(volumeId)
                        .setVolumePath(path)
                        .build()));
    assertThat(driver.node.calls).isEmpty();
  }

  private static VolumeUsage usage(VolumeUsage.Unit unit, long available, long total, long used) {
    return VolumeUsage.newBuilder()
        .setUnit(unit)
        .setAvailable(available)
        .setTotal(total)
        .setUsed(used)
        .build();
  }
}
