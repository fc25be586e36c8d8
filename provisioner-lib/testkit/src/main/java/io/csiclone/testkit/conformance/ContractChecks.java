package io.csiclone.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.ControllerGetCapabilitiesRequest;
import io.csiclone.csiproto.ControllerServiceCapability.RPC;
import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.csiproto.DeleteVolumeRequest;
import io.csiclone.csiproto.GetCapacityRequest;
import io.csiclone.csiproto.GetPluginInfoRequest;
import io.csiclone.csiproto.ProbeRequest;
import io.csiclone.csiproto.ValidateVolumeCapabilitiesRequest;
import io.csiclone.csiproto.Volume;
import io.grpc.Status.Code;
import java.util.List;

/** What the CSI specification asks of any controller. */
final class ContractChecks {

  private static final int TIMES = 10;

  private ContractChecks() {}

  static List<Check> all() {
    return List.of(
        new Check(
            "the driver has a name, is ready and says that it clones", ContractChecks::claims),
        new Check("a volume is at least as large as required", ContractChecks::largeEnough),
        new Check("a volume without a required size is made all the same", ContractChecks::anySize),
        new Check(
            "the room left is told without being asked about anything", ContractChecks::capacity),
        new Check("creating ten times makes one volume", ContractChecks::createTenTimes),
        new Check("the same name with another size is ALREADY_EXISTS", ContractChecks::otherSize),
        new Check("a request without a name is INVALID_ARGUMENT", ContractChecks::noName),
        new Check(
            "a request without capabilities is INVALID_ARGUMENT", ContractChecks::noCapabilities),
        new Check("names of 128 bytes differ in their last byte", ContractChecks::longNames),
        new Check("names may have any letters", ContractChecks::nonAsciiNames),
        new Check("deleting ten times succeeds", ContractChecks::deleteTenTimes),
        new Check("deleting without an id is INVALID_ARGUMENT", ContractChecks::deleteWithoutId),
        new Check(
            "deleting a volume that never was succeeds, whatever its id",
            ContractChecks::deleteUnknown),
        new Check("a volume's own capability is confirmed", ContractChecks::confirmed),
        new Check(
            "validating a volume that never was is NOT_FOUND, whatever its id",
            ContractChecks::validateUnknown),
        new Check(
            "validating without an id or capabilities is INVALID_ARGUMENT",
            ContractChecks::validateNothing));
  }

  private static void claims(Trial trial) {
    assertThat(
            trial
                .client
                .identity()
                .getPluginInfo(GetPluginInfoRequest.getDefaultInstance())
                .getName())
        .as("name")
        .isNotEmpty();
    var probe = trial.client.identity().probe(ProbeRequest.getDefaultInstance());
    assertThat(!probe.hasReady() || probe.getReady().getValue()).as("ready").isTrue();
    assertThat(
            trial
                .client
                .controller()
                .controllerGetCapabilities(ControllerGetCapabilitiesRequest.getDefaultInstance())
                .getCapabilitiesList())
        .extracting(each -> each.getRpc().getType())
        .contains(RPC.Type.CREATE_DELETE_VOLUME, RPC.Type.CLONE_VOLUME);
  }

  private static void largeEnough(Trial trial) throws Exception {
    Volume volume = trial.makeEmpty();

    // Zero means "not known", which callers take for the required size.
    if (volume.getCapacityBytes() != 0) {
      assertThat(volume.getCapacityBytes()).isGreaterThanOrEqualTo(trial.size());
    }
  }

  private static void anySize(Trial trial) throws Exception {
    trial.make(trial.empty(Trial.newName()).clearCapacityRange());
  }

  private static void capacity(Trial trial) {
    trial.requireController(RPC.Type.GET_CAPACITY);
    assertThat(
            trial
                .client
                .controller()
                .getCapacity(GetCapacityRequest.getDefaultInstance())
                .getAvailableCapacity())
        .isNotNegative();
  }

  private static void createTenTimes(Trial trial) throws Exception {
    String name = Trial.newName();
    Volume first = trial.make(trial.empty(name));
    for (int i = 1; i < TIMES; i++) {
      assertThat(trial.make(trial.empty(name))).isEqualTo(first);
    }
  }

  private static void otherSize(Trial trial) throws Exception {
    String name = Trial.newName();
    Volume volume = trial.make(trial.empty(name).setCapacityRange(Requests.exactly(trial.size())));
    assertThat(volume.getCapacityBytes()).as("capacity_bytes, if known").isIn(0L, trial.size());

    for (long other : new long[] {trial.largerSize(), 2 * trial.size()}) {
      trial.assertCreateRefused(
          trial.empty(name).setCapacityRange(Requests.exactly(other)), Code.ALREADY_EXISTS);
    }
  }

  private static void noName(Trial trial) throws Exception {
    trial.assertCreateRefused(CreateVolumeRequest.newBuilder(), Code.INVALID_ARGUMENT);
    trial.assertCreateRefused(trial.empty(""), Code.INVALID_ARGUMENT);
  }

  private static void noCapabilities(Trial trial) throws Exception {
    trial.assertCreateRefused(
        CreateVolumeRequest.newBuilder().setName(Trial.newName()), Code.INVALID_ARGUMENT);
    trial.assertCreateRefused(
        trial.empty(Trial.newName()).clearVolumeCapabilities(), Code.INVALID_ARGUMENT);
  }

  private static void longNames(Trial trial) throws Exception {
    String name = Trial.newName();
    String most = name + "n".repeat(127 - name.length());
    Volume first = trial.make(trial.empty(most + "1"));
    Volume second = trial.make(trial.empty(most + "2"));

    assertThat(second.getVolumeId()).isNotEqualTo(first.getVolumeId());
  }

  private static void nonAsciiNames(Trial trial) throws Exception {
    String name = Trial.newName();
    Volume first = trial.make(trial.empty(name + " größe 卷 💾 /../a"));
    Volume second = trial.make(trial.empty(name + " große 卷 💾 /../a"));

    assertThat(second.getVolumeId()).isNotEqualTo(first.getVolumeId());
  }

  private static void deleteTenTimes(Trial trial) throws Exception {
    Volume volume = trial.makeEmpty();
    for (int i = 0; i < TIMES; i++) {
      trial.delete(volume);
    }
  }

  private static void deleteWithoutId(Trial trial) throws Exception {
    trial.assertRefused(
        () -> trial.client.controller().deleteVolume(DeleteVolumeRequest.getDefaultInstance()),
        Code.INVALID_ARGUMENT);
  }

  private static void deleteUnknown(Trial trial) throws Exception {
    for (String id : Requests.UNKNOWN_IDS) {
      trial.delete(id);
    }
  }

  private static void confirmed(Trial trial) throws Exception {
    var answer =
        trial
            .client
            .controller()
            .validateVolumeCapabilities(
                ValidateVolumeCapabilitiesRequest.newBuilder()
                    .setVolumeId(trial.makeEmpty().getVolumeId())
                    .addVolumeCapabilities(trial.capability)
                    .build());

    assertThat(answer.getConfirmed().getVolumeCapabilitiesList())
        .as(answer.getMessage())
        .containsExactly(trial.capability);
  }

  private static void validateUnknown(Trial trial) throws Exception {
    for (String id : Requests.UNKNOWN_IDS) {
      assertValidationRefused(
          trial,
          ValidateVolumeCapabilitiesRequest.newBuilder()
              .setVolumeId(id)
              .addVolumeCapabilities(trial.capability),
          Code.NOT_FOUND);
    }
  }

  private static void validateNothing(Trial trial) throws Exception {
    assertValidationRefused(
        trial,
        ValidateVolumeCapabilitiesRequest.newBuilder().addVolumeCapabilities(trial.capability),
        Code.INVALID_ARGUMENT);
    assertValidationRefused(
        trial,
        ValidateVolumeCapabilitiesRequest.newBuilder().setVolumeId(trial.makeEmpty().getVolumeId()),
        Code.INVALID_ARGUMENT);
  }

  private static void assertValidationRefused(
      Trial trial, ValidateVolumeCapabilitiesRequest.Builder request, Code code)
      throws InterruptedException {
    trial.assertRefused(
        () -> trial.client.controller().validateVolumeCapabilities(request.build()), code);
  }
}
