package io.csiclone.csi;

import static io.csiclone.csi.Answers.refused;
import static io.csiclone.csi.TestDriver.MIB;
import static io.csiclone.csi.TestDriver.cloneRequest;
import static io.csiclone.csi.TestDriver.content;
import static io.csiclone.csi.TestDriver.mount;
import static io.csiclone.csi.TestDriver.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.CapacityRange;
import io.csiclone.csiproto.ControllerExpandVolumeRequest;
import io.csiclone.csiproto.ControllerExpandVolumeResponse;
import io.csiclone.csiproto.ListVolumesRequest;
import io.csiclone.csiproto.NodeExpandVolumeRequest;
import io.csiclone.csiproto.VolumeCapability.AccessMode.Mode;
import io.grpc.Status.Code;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Volumes grow and never shrink. */
class ExpandVolumeTest {

  private TestDriver driver;
  private String volumeId;

  @BeforeEach
  void start(@TempDir Path folder) throws IOException {
    driver = TestDriver.started(folder);
    volumeId = driver.filled("pvc-1", MIB, 1).getVolumeId();
  }

  @AfterEach
  void stop() {
    driver.close();
  }

  private ControllerExpandVolumeResponse expand(long required, long limit) {
    return driver
        .controller()
        .controllerExpandVolume(
            ControllerExpandVolumeRequest.newBuilder()
                .setVolumeId(volumeId)
                .setCapacityRange(
                    CapacityRange.newBuilder().setRequiredBytes(required).setLimitBytes(limit))
                .setVolumeCapability(mount(Mode.SINGLE_NODE_WRITER))
                .build());
  }

  @Test
  void aGrownVolumeKeepsItsBytesAndItsNewSizeAcrossRestarts() throws IOException {
    for (int i = 0; i < 3; i++) {
      var answer = expand(2 * MIB + 1, 0);
      assertThat(answer.getCapacityBytes()).isEqualTo(2 * MIB + FolderBackend.BLOCK);
      assertThat(answer.getNodeExpansionRequired()).isTrue();
      driver.restart();
    }
    assertThat(driver.bytesOf(volumeId))
        .hasSize((int) (2 * MIB + FolderBackend.BLOCK))
        .startsWith(content(MIB, 1));
    assertThat(driver.create(request("pvc-1", MIB)).getCapacityBytes())
        .as("asked for again under its name")
        .isEqualTo(2 * MIB + FolderBackend.BLOCK);
  }

  @Test
  void aSizeThatAKillKeptFromTheRecordIsNotedByTheRetry() {
    driver.stop();
    driver.backend.expand(volumeId, 2 * MIB);
    driver.start();
    assertThat(listedSize()).isEqualTo(MIB);

    expand(2 * MIB, 0);

    assertThat(listedSize()).isEqualTo(2 * MIB);
  }

  private long listedSize() {
    return driver
        .controller()
        .listVolumes(ListVolumesRequest.getDefaultInstance())
        .getEntries(0)
        .getVolume()
        .getCapacityBytes();
  }

  @Test
  void askingForLessThanItHasChangesNothing() throws IOException {
    assertThat(expand(MIB / 2, 0).getCapacityBytes()).isEqualTo(MIB);
    assertThat(driver.bytesOf(volumeId)).isEqualTo(content(MIB, 1));
  }

  @Test
  void aLimitBelowTheSizeIsOutOfRange() {
    refused(
        Code.OUT_OF_RANGE,
        "limit_bytes (524288) is below the 1048576 bytes that volume " + volumeId + " has",
        () -> expand(0, MIB / 2));
    refused(Code.OUT_OF_RANGE, "would have", () -> expand(MIB + 1, MIB + 2));
  }

  @Test
  void whatDoesNotFitIsRefusedAndTheVolumeStaysAsItIs() throws IOException {
    driver.backend.room = MIB;
    refused(Code.RESOURCE_EXHAUSTED, "no room", () -> expand(2 * MIB, 0));
    assertThat(driver.bytesOf(volumeId)).isEqualTo(content(MIB, 1));
  }

  @Test
  void aSourceDoesNotGrowWhileItIsCopied() {
    driver.stop();
    driver.answeringWithin(Duration.ofMillis(150)).start();
    driver.backend.gate = new CountDownLatch(1);
    refused(
        Code.ABORTED,
        "still being cloned",
        () -> driver.create(cloneRequest("clone", MIB, volumeId)));
    refused(Code.ABORTED, "it can be expanded when that is done", () -> expand(2 * MIB, 0));
  }

  @Test
  void requestsWithoutWhatTheyNeedAreRefused() {
    var request = ControllerExpandVolumeRequest.newBuilder();
    refused(
        Code.INVALID_ARGUMENT,
        "volume_id is missing",
        () -> driver.controller().controllerExpandVolume(request.build()));
    refused(
        Code.INVALID_ARGUMENT,
        "capacity_range is missing",
        () -> driver.controller().controllerExpandVolume(request.setVolumeId(volumeId).build()));
    request.setCapacityRange(CapacityRange.newBuilder().setRequiredBytes(MIB));
    refused(
        Code.NOT_FOUND,
        "does not exist",
        () -> driver.controller().controllerExpandVolume(request.setVolumeId("../x").build()));
  }

  @Test
  void theNodeFollowsWithTheFlagsOfTheClass() {
    var capability = mount(Mode.SINGLE_NODE_WRITER).toBuilder();
    capability.getMountBuilder().addMountFlags("noatime");
    var answer =
        driver
            .node()
            .nodeExpandVolume(
                NodeExpandVolumeRequest.newBuilder()
                    .setVolumeId(volumeId)
                    .setVolumePath("/target")
                    .setVolumeCapability(capability)
                    .build());
    assertThat(answer.getCapacityBytes()).isEqualTo(MIB);
    assertThat(driver.node.calls).containsExactly("expand " + volumeId + " /target [noatime]");
  }

  @Test
  void theNodeIsAskedOnlyAboutVolumesAndPlacesThatCanBe() {
    var request = NodeExpandVolumeRequest.newBuilder();
    refused(
        Code.INVALID_ARGUMENT,
        "volume_id is missing",
        () -> driver.node().nodeExpandVolume(request.build()));
    refused(
        Code.INVALID_ARGUMENT,
        "volume_path is missing",
        () -> driver.node().nodeExpandVolume(request.setVolumeId("vol-unknown").build()));
    refused(
        Code.NOT_FOUND,
        "does not exist",
        () -> driver.node().nodeExpandVolume(request.setVolumePath("/target").build()));
    assertThat(driver.node.calls).isEmpty();
  }
}
