package io.csiclone.csi;

import static io.csiclone.csi.Answers.refused;
import static io.csiclone.csi.TestDriver.MIB;
import static io.csiclone.csi.TestDriver.block;
import static io.csiclone.csi.TestDriver.mount;
import static io.csiclone.csi.TestDriver.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.csiclone.csiproto.CapacityRange;
import io.csiclone.csiproto.DeleteVolumeRequest;
import io.csiclone.csiproto.GetCapacityRequest;
import io.csiclone.csiproto.Topology;
import io.csiclone.csiproto.TopologyRequirement;
import io.csiclone.csiproto.ValidateVolumeCapabilitiesRequest;
import io.csiclone.csiproto.Volume;
import io.csiclone.csiproto.VolumeCapability.AccessMode.Mode;
import io.grpc.Status.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Empty volumes: made, found again, checked and deleted. */
class CreateVolumeTest {

  private TestDriver driver;

  @BeforeEach
  void start(@TempDir Path folder) throws IOException {
    driver = TestDriver.started(folder);
  }

  @AfterEach
  void stop() {
    driver.close();
  }

  @Test
  void aVolumeHasItsSizeItsPlaceAndNoContentSource() throws IOException {
    Volume volume = driver.create(request("pvc-1", MIB).putParameters("tier", "fast"));
    assertThat(volume.getVolumeId()).matches("vol-[0-9a-f]{32}");
    assertThat(volume.getCapacityBytes()).isEqualTo(MIB);
    assertThat(volume.hasContentSource()).isFalse();
    assertThat(volume.getAccessibleTopologyList())
        .containsExactly(Topology.newBuilder().putAllSegments(RecordingNode.HERE).build());
    assertThat(driver.bytesOf(volume.getVolumeId())).hasSize((int) MIB).containsOnly(0);
    assertThat(driver.backend.parameters).containsValue(Map.of("tier", "fast"));
  }

  @Test
  void theSameVolumeAskedForTenTimesIsMadeOnceAlsoAcrossRestarts() {
    Volume first = driver.create(request("pvc-1", MIB));
    for (int i = 0; i < 9; i++) {
      if (i % 3 == 0) {
        driver.restart();
      }
      assertThat(driver.create(request("pvc-1", MIB))).isEqualTo(first);
    }
    assertThat(driver.backend.created).hasValue(1);
  }

  @Test
  void deletingTenTimesIsDeletingOnce() throws IOException {
    Volume volume = driver.create(request("pvc-1", MIB));
    for (int i = 0; i < 10; i++) {
      driver.delete(volume.getVolumeId());
    }
    assertThat(driver.backend.volumes()).isEmpty();
    assertThat(driver.recordFiles()).isEmpty();
  }

  @Test
  void aNameTakenByAnIncompatibleVolumeIsAlreadyTaken() {
    driver.create(request("pvc-1", MIB).putParameters("tier", "fast"));
    refused(
        Code.ALREADY_EXISTS,
        "another size (1048576 bytes)",
        () -> driver.create(request("pvc-1", 2 * MIB).putParameters("tier", "fast")));
    refused(
        Code.ALREADY_EXISTS,
        "other parameters",
        () -> driver.create(request("pvc-1", MIB).putParameters("tier", "slow")));
    refused(
        Code.ALREADY_EXISTS,
        "other capabilities",
        () ->
            driver.create(
                request("pvc-1", MIB)
                    .putParameters("tier", "fast")
                    .setVolumeCapabilities(0, block(Mode.SINGLE_NODE_WRITER))));
  }

  @Test
  void aVolumeMadeBeforeItsCallerKnewOfMultiWritersIsFoundAgain() {
    Volume volume = driver.create(request("pvc-1", MIB));
    assertThat(
            driver.create(
                request("pvc-1", MIB)
                    .setVolumeCapabilities(0, mount(Mode.SINGLE_NODE_MULTI_WRITER))))
        .isEqualTo(volume);
    refused(
        Code.ALREADY_EXISTS,
        "other capabilities",
        () ->
            driver.create(
                request("pvc-1", MIB)
                    .setVolumeCapabilities(0, mount(Mode.SINGLE_NODE_SINGLE_WRITER))));
  }

  @Test
  void aSizeInTheRangeOfALaterRequestIsCompatible() {
    Volume volume = driver.create(request("pvc-1", 2 * MIB));
    var range = CapacityRange.newBuilder().setRequiredBytes(MIB).setLimitBytes(4 * MIB);
    assertThat(driver.create(request("pvc-1", 0).setCapacityRange(range))).isEqualTo(volume);
  }

  @Test
  void otherSecretsAreNoOtherVolumeAndAreNotKept() throws IOException {
    Volume volume = driver.create(request("pvc-1", MIB).putSecrets("key", "hunter-one"));
    assertThat(driver.create(request("pvc-1", MIB).putSecrets("key", "hunter-two")))
        .isEqualTo(volume);
    assertThat(driver.recordText("pvc-1")).doesNotContain("hunter").contains("name=pvc-1");
  }

  @Test
  void sizesAreRoundedAndNeverLeaveTheRange() {
    assertThat(driver.create(request("a", 1)).getCapacityBytes()).isEqualTo(4096);
    assertThat(driver.create(request("b", 0)).getCapacityBytes()).isEqualTo(4096);
    assertThat(driver.create(request("c", 4097)).getCapacityBytes()).isEqualTo(8192);
    refused(
        Code.OUT_OF_RANGE,
        "capacity_range.limit_bytes (5000) is below the 8192 bytes",
        () ->
            driver.create(
                request("d", 0)
                    .setCapacityRange(
                        CapacityRange.newBuilder().setRequiredBytes(4097).setLimitBytes(5000))));
    refused(
        Code.OUT_OF_RANGE,
        "more than any volume can have",
        () -> driver.create(request("e", Long.MAX_VALUE)));
  }

  @Test
  void aTopologyWithoutThisNodeIsResourceExhausted() throws IOException {
    refused(
        Code.RESOURCE_EXHAUSTED,
        "accessibility_requirements.requisite",
        () -> driver.create(request("pvc-1", MIB).setAccessibilityRequirements(in("elsewhere"))));
    assertThat(driver.recordFiles()).isEmpty();
    Volume volume =
        driver.create(request("pvc-1", MIB).setAccessibilityRequirements(in("elsewhere", "here")));
    assertThat(volume.getAccessibleTopologyCount()).isEqualTo(1);
    refused(
        Code.ALREADY_EXISTS,
        "another topology",
        () -> driver.create(request("pvc-1", MIB).setAccessibilityRequirements(in("elsewhere"))));
  }

  private static TopologyRequirement in(String... nodes) {
    var requirement = TopologyRequirement.newBuilder();
    for (String node : nodes) {
      requirement.addRequisite(Topology.newBuilder().putSegments("topology.test/node", node));
    }
    return requirement.build();
  }

  @Test
  void whatTheBackendRefusesIsToldAndNothingStays() throws IOException {
    refused(
        Code.INVALID_ARGUMENT,
        "parameters[\"unknown\"]",
        () -> driver.create(request("pvc-1", MIB).putParameters("unknown", "x")));
    driver.backend.room = 0;
    refused(Code.RESOURCE_EXHAUSTED, "no room", () -> driver.create(request("pvc-1", MIB)));
    assertThat(driver.backend.volumes()).isEmpty();
    assertThat(driver.recordFiles()).isEmpty();
  }

  @Test
  void aBugIsAnInternalErrorThatKeepsItsDetailsToItself() throws IOException {
    refused(
        Code.INTERNAL,
        "failed unexpectedly; the log of the driver has the cause",
        () -> driver.create(request("pvc-1", MIB).putParameters("bug", "x")));
    assertThat(driver.recordFiles()).isEmpty();
  }

  @Test
  void aVolumeWithoutARecordIsNotOverwritten() throws IOException {
    byte[] data = TestDriver.content(4096, 1);
    Files.write(driver.backend.file(VolumeIds.forName("pvc-1")), data);
    refused(Code.INTERNAL, "without a record", () -> driver.create(request("pvc-1", MIB)));
    assertThat(driver.bytesOf(VolumeIds.forName("pvc-1"))).isEqualTo(data);
  }

  @Test
  void aVolumeThatTheStorageLostIsNotMadeAgainEmpty() throws IOException {
    Volume volume = driver.create(request("pvc-1", MIB));
    Files.delete(driver.backend.file(volume.getVolumeId()));
    refused(Code.INTERNAL, "does not have it any more", () -> driver.create(request("pvc-1", MIB)));
    driver.delete(volume.getVolumeId());
    assertThat(driver.create(request("pvc-1", MIB))).isEqualTo(volume);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"vol-00000000000000000000000000000000", "../../etc", "/", "..", "ö\n", "a/b", "X"})
  void deletingAnUnknownVolumeIsFineWhateverItsShape(String volumeId) {
    driver.delete(volumeId);
  }

  @Test
  void anIdOfAMegabyteCanBeDeleted() {
    driver.delete("x".repeat((int) MIB));
  }

  @Test
  void aDeletionThatACrashInterruptedIsFinishedByTheNextStart() throws IOException {
    Volume volume = driver.create(request("pvc-1", MIB));
    driver.stop();
    try (RecordStore records = RecordStore.open(driver.records())) {
      records.write(records.read(volume.getVolumeId()).orElseThrow().deleting());
    }
    driver.start();
    await().until(() -> driver.recordFiles().isEmpty());
    assertThat(driver.backend.volumes()).isEmpty();
  }

  @Test
  void aDamagedRecordIsReportedAndItsVolumeCanBeDeleted() throws IOException {
    Volume volume = driver.create(request("pvc-1", MIB));
    driver.stop();
    Files.writeString(
        driver.records().resolve(volume.getVolumeId() + ".volume"), "format=1\nstate=REA");
    driver.start();
    refused(Code.INTERNAL, "CreateVolume failed", () -> driver.create(request("pvc-1", MIB)));
    driver.delete(volume.getVolumeId());
    assertThat(driver.recordFiles()).isEmpty();
    assertThat(driver.backend.volumes()).isEmpty();
  }

  @Test
  void capabilitiesThatTheVolumeHasAreConfirmed() {
    Volume volume = driver.create(request("pvc-1", MIB));
    var request =
        ValidateVolumeCapabilitiesRequest.newBuilder()
            .setVolumeId(volume.getVolumeId())
            .putVolumeContext("a", "b")
            .addVolumeCapabilities(mount(Mode.SINGLE_NODE_WRITER));
    var answer = driver.controller().validateVolumeCapabilities(request.build());
    assertThat(answer.getConfirmed().getVolumeCapabilitiesList())
        .containsExactly(mount(Mode.SINGLE_NODE_WRITER));
    assertThat(answer.getConfirmed().getVolumeContextMap()).containsEntry("a", "b");
  }

  @Test
  void capabilitiesThatTheVolumeLacksAreNotConfirmedButSaidWhy() {
    Volume volume = driver.create(request("pvc-1", MIB));
    var request =
        ValidateVolumeCapabilitiesRequest.newBuilder()
            .setVolumeId(volume.getVolumeId())
            .addVolumeCapabilities(block(Mode.SINGLE_NODE_WRITER));
    var answer = driver.controller().validateVolumeCapabilities(request.build());
    assertThat(answer.hasConfirmed()).isFalse();
    assertThat(answer.getMessage()).contains("BLOCK").contains("MOUNT");
  }

  @Test
  void theCapacityIsTheRoomOfThisPlaceAndNoneElsewhere() {
    driver.backend.room = 12345;
    var here = GetCapacityRequest.newBuilder();
    assertThat(driver.controller().getCapacity(here.build()).getAvailableCapacity())
        .isEqualTo(12345);
    here.setAccessibleTopology(Topology.newBuilder().putSegments("topology.test/node", "there"));
    assertThat(driver.controller().getCapacity(here.build()).getAvailableCapacity()).isZero();
  }

  @Test
  void aDeletedIdIsUnknownToEveryOtherCall() {
    Volume volume = driver.create(request("pvc-1", MIB));
    var _ =
        driver
            .controller()
            .deleteVolume(
                DeleteVolumeRequest.newBuilder().setVolumeId(volume.getVolumeId()).build());
    refused(
        Code.NOT_FOUND,
        volume.getVolumeId(),
        () ->
            driver
                .controller()
                .validateVolumeCapabilities(
                    ValidateVolumeCapabilitiesRequest.newBuilder()
                        .setVolumeId(volume.getVolumeId())
                        .addVolumeCapabilities(mount(Mode.SINGLE_NODE_WRITER))
                        .build()));
  }
}
