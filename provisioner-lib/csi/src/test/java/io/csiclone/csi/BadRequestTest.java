package io.csiclone.csi;

import static io.csiclone.csi.Answers.refused;
import static io.csiclone.csi.TestDriver.MIB;
import static io.csiclone.csi.TestDriver.block;
import static io.csiclone.csi.TestDriver.mount;
import static io.csiclone.csi.TestDriver.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.csiclone.csiproto.CapacityRange;
import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.csiproto.DeleteVolumeRequest;
import io.csiclone.csiproto.NodePublishVolumeRequest;
import io.csiclone.csiproto.NodeStageVolumeRequest;
import io.csiclone.csiproto.NodeUnpublishVolumeRequest;
import io.csiclone.csiproto.NodeUnstageVolumeRequest;
import io.csiclone.csiproto.ValidateVolumeCapabilitiesRequest;
import io.csiclone.csiproto.Volume;
import io.csiclone.csiproto.VolumeCapability;
import io.csiclone.csiproto.VolumeCapability.AccessMode;
import io.csiclone.csiproto.VolumeCapability.AccessMode.Mode;
import io.csiclone.csiproto.VolumeCapability.MountVolume;
import io.csiclone.csiproto.VolumeContentSource;
import io.grpc.Status.Code;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A missing or malformed field is named in an INVALID_ARGUMENT and has no effect. */
class BadRequestTest {

  private TestDriver driver;

  @BeforeEach
  void start(@TempDir Path folder) throws IOException {
    driver = TestDriver.started(folder);
  }

  @AfterEach
  void stop() {
    driver.close();
  }

  static Stream<Arguments> createRequests() {
    VolumeCapability noMode =
        VolumeCapability.newBuilder().setMount(MountVolume.getDefaultInstance()).build();
    VolumeCapability noType =
        VolumeCapability.newBuilder()
            .setAccessMode(AccessMode.newBuilder().setMode(Mode.SINGLE_NODE_WRITER))
            .build();
    VolumeCapability strangeMode =
        noMode.toBuilder().setAccessMode(AccessMode.newBuilder().setModeValue(99)).build();
    VolumeCapability writer = mount(Mode.SINGLE_NODE_WRITER);
    return Stream.of(
        arguments("name is missing", ok().clearName()),
        arguments("name has 129 bytes", ok().setName("n".repeat(129))),
        arguments("name has 130 bytes", ok().setName("é".repeat(65))),
        arguments("name contains a control character", ok().setName("a\u0000b")),
        arguments("name contains a control character", ok().setName("a\u007f")),
        arguments("name contains a control character", ok().setName("a\u0085b")),
        arguments("volume_capabilities is missing", ok().clearVolumeCapabilities()),
        arguments(
            "volume_capabilities[0].access_mode.mode is missing",
            with(VolumeCapability.getDefaultInstance())),
        arguments("volume_capabilities[0].access_mode.mode is missing", with(noMode)),
        arguments("volume_capabilities[0].access_mode.mode is none", with(strangeMode)),
        arguments("volume_capabilities[0].access_mode.mode is missing", with(mount(Mode.UNKNOWN))),
        arguments("volume_capabilities[0].access_type is missing", with(noType)),
        arguments("volume_capabilities[1].access_type is missing", with(writer, noType)),
        arguments(
            "volume_capabilities asks for block and mount",
            with(writer, block(Mode.SINGLE_NODE_WRITER))),
        arguments(
            "volume_capabilities asks for the filesystems", with(writer, fsType(writer, "xfs"))),
        arguments("volume_capabilities[0].mount.fs_type", with(fsType(writer, "-o evil"))),
        arguments("volume_capabilities[0].mount.fs_type", with(fsType(writer, "../ext4"))),
        arguments(
            "volume_capabilities[0].mount.mount_flags",
            with(
                writer.toBuilder()
                    .setMount(MountVolume.newBuilder().addMountFlags("a\nb"))
                    .build())),
        arguments("capacity_range.required_bytes must not be negative", sized(-1, 0)),
        arguments("capacity_range.limit_bytes must not be negative", sized(0, -1)),
        arguments("capacity_range.limit_bytes (9) is less than", sized(10, 9)),
        arguments("mutable_parameters must be empty", ok().putMutableParams("iops", "1")),
        arguments(
            "volume_content_source.type is missing",
            ok().setVolumeContentSource(VolumeContentSource.getDefaultInstance())),
        arguments(
            "volume_content_source.volume.volume_id is missing",
            ok().setVolumeContentSource(
                    VolumeContentSource.newBuilder()
                        .setVolume(VolumeContentSource.VolumeSource.getDefaultInstance()))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void createRequests(String words, CreateVolumeRequest.Builder request) throws IOException {
    refused(Code.INVALID_ARGUMENT, words, () -> driver.create(request));
    assertThat(driver.recordFiles()).isEmpty();
    assertThat(driver.backend.volumes()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"../../etc/passwd", "Käse 🧀", "tab\tand\nnewline", "a=b#c!d\\e:", " x "})
  void anyOtherNameIsGood(String name) throws IOException {
    Volume volume = driver.create(request(name, MIB));
    driver.restart();
    assertThat(driver.create(request(name, MIB))).isEqualTo(volume);
    assertThat(driver.backend.volumes()).containsExactly(volume.getVolumeId() + ".img");
  }

  @Test
  void aNameOf128BytesIsGood() {
    String name = "n".repeat(128);
    assertThat(driver.create(request(name, MIB)).getVolumeId()).isEqualTo(VolumeIds.forName(name));
  }

  @Test
  void controllerCallsNameTheirMissingFields() {
    refused(
        Code.INVALID_ARGUMENT,
        "volume_id is missing",
        () -> driver.controller().deleteVolume(DeleteVolumeRequest.getDefaultInstance()));
    var validate = ValidateVolumeCapabilitiesRequest.newBuilder();
    refused(
        Code.INVALID_ARGUMENT,
        "volume_id is missing",
        () -> driver.controller().validateVolumeCapabilities(validate.build()));
    refused(
        Code.INVALID_ARGUMENT,
        "volume_capabilities is missing",
        () -> driver.controller().validateVolumeCapabilities(validate.setVolumeId("x").build()));
    validate.addVolumeCapabilities(mount(Mode.SINGLE_NODE_WRITER));
    refused(
        Code.NOT_FOUND,
        "Volume \"x\" does not exist",
        () -> driver.controller().validateVolumeCapabilities(validate.build()));
    refused(
        Code.NOT_FOUND,
        "does not exist",
        () ->
            driver
                .controller()
                .validateVolumeCapabilities(validate.setVolumeId("../../etc").build()));
  }

  static Stream<Arguments> stageRequests() {
    return Stream.of(
        arguments("volume_id is missing", stage().clearVolumeId()),
        arguments("staging_target_path is missing", stage().clearStagingTargetPath()),
        arguments("staging_target_path must be an absolute", stage().setStagingTargetPath("a/b")),
        arguments("staging_target_path must not contain", stage().setStagingTargetPath("/a/../b")),
        arguments("staging_target_path is not a path", stage().setStagingTargetPath("/a\0b")),
        arguments("volume_capability is missing", stage().clearVolumeCapability()),
        arguments(
            "volume_capability.access_mode.mode",
            stage().setVolumeCapability(mount(Mode.UNKNOWN))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void stageRequests(String words, NodeStageVolumeRequest.Builder request) {
    refused(Code.INVALID_ARGUMENT, words, () -> driver.node().nodeStageVolume(request.build()));
    assertThat(driver.node.calls).isEmpty();
  }

  @Test
  void theOtherNodeCallsNameTheirMissingFields() {
    refused(
        Code.INVALID_ARGUMENT,
        "volume_id is missing",
        () -> driver.node().nodePublishVolume(publish().clearVolumeId().build()));
    refused(
        Code.INVALID_ARGUMENT,
        "target_path is missing",
        () -> driver.node().nodePublishVolume(publish().clearTargetPath().build()));
    refused(
        Code.INVALID_ARGUMENT,
        "volume_capability is missing",
        () -> driver.node().nodePublishVolume(publish().clearVolumeCapability().build()));
    refused(
        Code.FAILED_PRECONDITION,
        "staging_target_path is missing",
        () -> driver.node().nodePublishVolume(publish().clearStagingTargetPath().build()));
    refused(
        Code.INVALID_ARGUMENT,
        "volume_id is missing",
        () -> driver.node().nodeUnstageVolume(NodeUnstageVolumeRequest.getDefaultInstance()));
    refused(
        Code.INVALID_ARGUMENT,
        "staging_target_path is missing",
        () ->
            driver
                .node()
                .nodeUnstageVolume(NodeUnstageVolumeRequest.newBuilder().setVolumeId("x").build()));
    refused(
        Code.INVALID_ARGUMENT,
        "volume_id is missing",
        () -> driver.node().nodeUnpublishVolume(NodeUnpublishVolumeRequest.getDefaultInstance()));
    refused(
        Code.INVALID_ARGUMENT,
        "target_path must be an absolute",
        () ->
            driver
                .node()
                .nodeUnpublishVolume(
                    NodeUnpublishVolumeRequest.newBuilder()
                        .setVolumeId("x")
                        .setTargetPath("relative")
                        .build()));
    assertThat(driver.node.calls).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"vol-00000000000000000000000000000000", "../../etc", "Ä"})
  void volumesThatDoNotExistAreNotFoundOnTheNode(String volumeId) {
    refused(
        Code.NOT_FOUND,
        "does not exist",
        () -> driver.node().nodeStageVolume(stage().setVolumeId(volumeId).build()));
    refused(
        Code.NOT_FOUND,
        "does not exist",
        () -> driver.node().nodePublishVolume(publish().setVolumeId(volumeId).build()));
    assertThat(driver.node.calls).isEmpty();
  }

  private static CreateVolumeRequest.Builder ok() {
    return request("pvc-1", MIB);
  }

  private static CreateVolumeRequest.Builder sized(long required, long limit) {
    return ok().setCapacityRange(
            CapacityRange.newBuilder().setRequiredBytes(required).setLimitBytes(limit));
  }

  private static CreateVolumeRequest.Builder with(VolumeCapability... capabilities) {
    CreateVolumeRequest.Builder request = ok().clearVolumeCapabilities();
    Stream.of(capabilities).forEach(request::addVolumeCapabilities);
    return request;
  }

  private static VolumeCapability fsType(VolumeCapability capability, String fsType) {
    return capability.toBuilder().setMount(MountVolume.newBuilder().setFsType(fsType)).build();
  }

  private static NodeStageVolumeRequest.Builder stage() {
    return NodeStageVolumeRequest.newBuilder()
        .setVolumeId("vol-1")
        .setStagingTargetPath("/staging")
        .setVolumeCapability(mount(Mode.SINGLE_NODE_WRITER));
  }

  private static NodePublishVolumeRequest.Builder publish() {
    return NodePublishVolumeRequest.newBuilder()
        .setVolumeId("vol-1")
        .setStagingTargetPath("/staging")
        .setTargetPath("/target")
        .setVolumeCapability(mount(Mode.SINGLE_NODE_WRITER));
  }
}
