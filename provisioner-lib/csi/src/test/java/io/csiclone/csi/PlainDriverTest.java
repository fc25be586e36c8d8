package io.csiclone.csi;

import static io.csiclone.csi.Answers.refused;
import static io.csiclone.csi.TestDriver.MIB;
import static io.csiclone.csi.TestDriver.cloneRequest;
import static io.csiclone.csi.TestDriver.content;
import static io.csiclone.csi.TestDriver.mount;
import static io.csiclone.csi.TestDriver.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.ControllerExpandVolumeRequest;
import io.csiclone.csiproto.ControllerGetCapabilitiesRequest;
import io.csiclone.csiproto.ControllerServiceCapability;
import io.csiclone.csiproto.GetCapacityRequest;
import io.csiclone.csiproto.GetPluginCapabilitiesRequest;
import io.csiclone.csiproto.NodeExpandVolumeRequest;
import io.csiclone.csiproto.NodeGetCapabilitiesRequest;
import io.csiclone.csiproto.NodeGetVolumeStatsRequest;
import io.csiclone.csiproto.NodeServiceCapability;
import io.csiclone.csiproto.PluginCapability.TypeCase;
import io.csiclone.csiproto.VolumeCapability.AccessMode.Mode;
import io.grpc.Status.Code;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A driver whose author wrote only what must be written announces no more, and clones. */
class PlainDriverTest {

  private TestDriver driver;

  @BeforeEach
  void start(@TempDir Path folder) throws IOException {
    driver = new TestDriver(folder).plain().start();
  }

  @AfterEach
  void stop() {
    driver.close();
  }

  @Test
  void itClones() throws IOException {
    String source = driver.filled("source", MIB, 1).getVolumeId();
    String clone = driver.create(cloneRequest("clone", MIB, source)).getVolumeId();
    assertThat(driver.bytesOf(clone)).isEqualTo(content(MIB, 1));
  }

  @Test
  void itAnnouncesWhatTheLibraryDoesForEveryDriver() {
    assertThat(
            driver
                .controller()
                .controllerGetCapabilities(ControllerGetCapabilitiesRequest.getDefaultInstance())
                .getCapabilitiesList())
        .extracting(capability -> capability.getRpc().getType())
        .containsExactly(
            ControllerServiceCapability.RPC.Type.CREATE_DELETE_VOLUME,
            ControllerServiceCapability.RPC.Type.CLONE_VOLUME,
            ControllerServiceCapability.RPC.Type.LIST_VOLUMES,
            ControllerServiceCapability.RPC.Type.GET_VOLUME,
            ControllerServiceCapability.RPC.Type.VOLUME_CONDITION,
            ControllerServiceCapability.RPC.Type.CREATE_DELETE_SNAPSHOT,
            ControllerServiceCapability.RPC.Type.LIST_SNAPSHOTS);
    assertThat(
            driver
                .node()
                .nodeGetCapabilities(NodeGetCapabilitiesRequest.getDefaultInstance())
                .getCapabilitiesList())
        .extracting(capability -> capability.getRpc().getType())
        .containsExactly(NodeServiceCapability.RPC.Type.STAGE_UNSTAGE_VOLUME);
    assertThat(
            driver
                .identity()
                .getPluginCapabilities(GetPluginCapabilitiesRequest.getDefaultInstance())
                .getCapabilitiesList())
        .noneMatch(capability -> capability.getTypeCase() == TypeCase.VOLUME_EXPANSION);
  }

  @Test
  void callsThatItLacksAreUnimplemented() {
    refused(
        Code.UNIMPLEMENTED,
        "ControllerExpandVolume",
        () ->
            driver
                .controller()
                .controllerExpandVolume(ControllerExpandVolumeRequest.getDefaultInstance()));
    refused(
        Code.UNIMPLEMENTED,
        "GetCapacity",
        () -> driver.controller().getCapacity(GetCapacityRequest.getDefaultInstance()));
    refused(
        Code.UNIMPLEMENTED,
        "NodeExpandVolume",
        () -> driver.node().nodeExpandVolume(NodeExpandVolumeRequest.getDefaultInstance()));
    refused(
        Code.UNIMPLEMENTED,
        "NodeGetVolumeStats",
        () -> driver.node().nodeGetVolumeStats(NodeGetVolumeStatsRequest.getDefaultInstance()));
  }

  @Test
  void aModeThatNothingWouldEnforceIsRefused() {
    refused(
        Code.INVALID_ARGUMENT,
        "volume_capabilities.access_mode.mode SINGLE_NODE_SINGLE_WRITER needs",
        () ->
            driver.create(
                request("pvc-1", MIB)
                    .setVolumeCapabilities(0, mount(Mode.SINGLE_NODE_SINGLE_WRITER))));
  }
}
