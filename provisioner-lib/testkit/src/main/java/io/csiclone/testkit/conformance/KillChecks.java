package io.csiclone.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.csiproto.Volume;
import io.csiclone.testkit.conformance.CloneChecks.Filled;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What is true of a driver that is killed, and of one that is looked at while it copies. */
final class KillChecks {

  private static final Duration SHORT = Duration.ofSeconds(1);

  private KillChecks() {}

  static List<Check> all() {
    return List.of(
        new Check("what was there before a kill is there after it", KillChecks::keptVolumes),
        new Check(
            "a clone that a kill cut off ends with the bytes of its source",
            KillChecks::cutOffClone),
        new Check(
            "a clone deleted after a kill leaves nothing under its name",
            KillChecks::deletedAfterKill),
        new Check("a clone is not answered before its copy has ended", KillChecks::answeredEarly));
  }

  private static void keptVolumes(Trial trial) throws Exception {
    CreateVolumeRequest.Builder request = trial.empty(Trial.newName());
    Volume volume = trial.make(request);
    Content content = trial.fill(volume, 60);

    trial.killAndRestart();

    assertThat(trial.make(request)).as("asked for again").isEqualTo(volume);
    trial.assertHolds(volume, content);
  }

  private static void cutOffClone(Trial trial) throws Exception {
    Filled source = Filled.in(trial, 61);
    CreateVolumeRequest.Builder request = trial.cloneOf(source.volume(), Trial.newName());

    cutOff(trial, request);

    Volume clone = trial.make(request);
    assertThat(trial.make(request)).as("asked for again").isEqualTo(clone);
    trial.assertHolds(clone, source.content());
    trial.assertHolds(source.volume(), source.content());
  }

  private static void deletedAfterKill(Trial trial) throws Exception {
    Filled source = Filled.in(trial, 62);
    Filled other = Filled.in(trial, 63);
    CreateVolumeRequest.Builder request = trial.cloneOf(source.volume(), Trial.newName());

    cutOff(trial, request);

    trial.delete(trial.make(request));
    Volume clone = trial.make(trial.cloneOf(other.volume(), request.getName()));
    trial.assertHolds(clone, other.content());
  }

  /** Begins it and kills the driver, in the middle of the copy if that can be arranged. */
  private static void cutOff(Trial trial, CreateVolumeRequest.Builder request) throws Exception {
    Optional<AutoCloseable> hold = trial.holdCopiesIfPossible();
    try {
      var _ = trial.makeWithin(SHORT, request);
      trial.killAndRestart();
    } finally {
      if (hold.isPresent()) {
        hold.get().close();
      }
    }
  }

  private static void answeredEarly(Trial trial) throws Exception {
    Filled source = Filled.in(trial, 64);
    CreateVolumeRequest.Builder request = trial.cloneOf(source.volume(), Trial.newName());
    try (AutoCloseable _ = trial.holdCopies()) {
      for (int i = 0; i < 3; i++) {
        assertThat(trial.makeWithin(SHORT, request)).as("a volume without its bytes").isEmpty();
      }
    }
    trial.assertHolds(trial.make(request), source.content());
  }
}
