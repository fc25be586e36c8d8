package io.csiclone.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.ControllerExpandVolumeRequest;
import io.csiclone.csiproto.ControllerServiceCapability.RPC;
import io.csiclone.csiproto.Volume;
import io.grpc.Status.Code;
import java.util.List;

/** Expansion, of a driver that announces EXPAND_VOLUME. */
final class ExpansionChecks {

  private ExpansionChecks() {}

  static List<Check> all() {
    return List.of(
        new Check("an expanded volume is larger and keeps its bytes", ExpansionChecks::larger),
        new Check("expanding ten times is expanding once", ExpansionChecks::tenTimes),
        new Check("an expansion never shrinks a volume", ExpansionChecks::neverSmaller),
        new Check("a clone of an expanded volume is as large", ExpansionChecks::thenCloned),
        new Check(
            "expanding a volume that never was is NOT_FOUND, whatever its id",
            ExpansionChecks::unknown),
        new Check(
            "expanding without an id or a size is INVALID_ARGUMENT", ExpansionChecks::nothing));
  }

  private static void larger(Trial trial) throws Exception {
    trial.requireController(RPC.Type.EXPAND_VOLUME);
    Volume volume = trial.makeEmpty();
    Content content = trial.fill(volume, 21);

    assertThat(expand(trial, volume.getVolumeId(), trial.largerSize()))
        .as("capacity_bytes of the answer")
        .isEqualTo(trial.largerSize());

    assertThat(trial.seenSize(volume))
        .as("the size that a pod sees")
        .isGreaterThan(trial.largerSize() - trial.size() / 2);
    trial.assertHolds(volume, content);
  }

  private static void tenTimes(Trial trial) throws Exception {
    trial.requireController(RPC.Type.EXPAND_VOLUME);
    Volume volume = trial.makeEmpty();
    long first = expand(trial, volume.getVolumeId(), trial.largerSize());
    for (int i = 1; i < 10; i++) {
      assertThat(expand(trial, volume.getVolumeId(), trial.largerSize())).isEqualTo(first);
    }
  }

  private static void neverSmaller(Trial trial) throws Exception {
    trial.requireController(RPC.Type.EXPAND_VOLUME);
    Volume volume = trial.makeEmpty();
    Content content = trial.fill(volume, 22);
    assertThat(expand(trial, volume.getVolumeId(), 1))
        .as("capacity_bytes of the answer")
        .isGreaterThanOrEqualTo(trial.size());
    trial.assertHolds(volume, content);
  }

  private static void thenCloned(Trial trial) throws Exception {
    trial.requireController(RPC.Type.EXPAND_VOLUME);
    Volume volume = trial.makeEmpty();
    Content content = trial.fill(volume, 23);
    long grown = expand(trial, volume.getVolumeId(), trial.largerSize());

    Volume clone =
        trial.make(
            trial.cloneOf(volume, Trial.newName()).setCapacityRange(Requests.atLeast(grown)));

    assertThat(clone.getCapacityBytes()).isGreaterThanOrEqualTo(grown);
    trial.assertHolds(clone, content);
    trial.assertCreateRefused(trial.cloneOf(volume, Trial.newName()), Code.OUT_OF_RANGE);
  }

  private static void unknown(Trial trial) throws Exception {
    trial.requireController(RPC.Type.EXPAND_VOLUME);
    for (String id : Requests.UNKNOWN_IDS) {
      trial.assertRefused(() -> expand(trial, id, trial.largerSize()), Code.NOT_FOUND);
    }
  }

  private static void nothing(Trial trial) throws Exception {
    trial.requireController(RPC.Type.EXPAND_VOLUME);
    String volumeId = trial.makeEmpty().getVolumeId();
    for (var lacking :
        List.of(
            ControllerExpandVolumeRequest.newBuilder()
                .setCapacityRange(Requests.atLeast(trial.largerSize())),
            ControllerExpandVolumeRequest.newBuilder().setVolumeId(volumeId),
            ControllerExpandVolumeRequest.newBuilder())) {
      trial.assertRefused(
          () -> trial.client.controller().controllerExpandVolume(lacking.build()),
          Code.INVALID_ARGUMENT);
    }
  }

  static long expand(Trial trial, String volumeId, long bytes) throws InterruptedException {
    return trial
        .patiently(() ->
            trial
                .client
                .controller()
                .controllerExpandVolume(
                    ControllerExpandVolumeRequest.newBuilder()
                        .setVolumeId(volumeId)
                        .setCapacityRange(Requests.atLeast(bytes))
                        .setVolumeCapability(trial.capability)
                        .build()))
        .getCapacityBytes();
  }
}
