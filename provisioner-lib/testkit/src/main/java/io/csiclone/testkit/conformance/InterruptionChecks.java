package io.csiclone.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.csiproto.Volume;
import io.csiclone.testkit.conformance.CloneChecks.Filled;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Assumptions;

/** What is true of a clone whose caller gave up, asked again or changed its mind. */
final class InterruptionChecks {

  private static final Duration SHORT = Duration.ofMillis(30);
  private static final int CALLERS = 8;

  private InterruptionChecks() {}

  static List<Check> all() {
    return List.of(
        new Check("a clone outlasts the deadlines of its callers", InterruptionChecks::deadlines),
        new Check("callers who ask at once get one clone", InterruptionChecks::manyCallers),
        new Check(
            "while a clone is made its name is not given to another",
            InterruptionChecks::otherSourceMeanwhile),
        new Check(
            "a clone deleted while it is made leaves nothing under its name",
            InterruptionChecks::deletedMeanwhile),
        new Check(
            "a source deleted while it is cloned never makes a wrong clone",
            InterruptionChecks::sourceDeletedMeanwhile));
  }

  private static void deadlines(Trial trial) throws Exception {
    Filled source = Filled.in(trial, 20);
    for (int millis : new int[] {1, 10, 50}) {
      CreateVolumeRequest.Builder request = trial.cloneOf(source.volume(), Trial.newName());
      var _ = trial.makeWithin(Duration.ofMillis(millis), request);
      Volume clone = trial.make(request);

      assertThat(clone.getContentSource()).isEqualTo(Requests.from(source.volume().getVolumeId()));
      trial.assertHolds(clone, source.content());
    }
  }

  private static void manyCallers(Trial trial) throws Exception {
    Filled source = Filled.in(trial, 21);
    CreateVolumeRequest request = trial.cloneOf(source.volume(), Trial.newName()).build();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Volume>> answers = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        answers.add(threads.submit(() -> trial.make(request.toBuilder())));
      }
      Volume first = answers.getFirst().get();
      for (Future<Volume> answer : answers) {
        assertThat(answer.get()).isEqualTo(first);
      }
      trial.assertHolds(first, source.content());
    }
  }

  private static void otherSourceMeanwhile(Trial trial) throws Exception {
    Filled source = Filled.in(trial, 22);
    Filled other = Filled.in(trial, 23);
    String name = Trial.newName();
    CreateVolumeRequest.Builder request = trial.cloneOf(source.volume(), name);
    var _ = trial.makeWithin(SHORT, request);
    Thread.sleep(SHORT); // for a call that was given up before it was read
    trial.assertCreateRefused(trial.cloneOf(other.volume(), name), Code.ALREADY_EXISTS);

    trial.assertHolds(trial.make(request), source.content());
  }

  private static void deletedMeanwhile(Trial trial) throws Exception {
    Filled source = Filled.in(trial, 24);
    Filled other = Filled.in(trial, 25);
    String name = Trial.newName();
    CreateVolumeRequest.Builder request = trial.cloneOf(source.volume(), name);
    // Who gave up does not know the id; many drivers make it of the name, so that it comes again.
    String id = trial.make(request).getVolumeId();
    trial.delete(id);
    var _ = trial.makeWithin(SHORT, request);
    Thread.sleep(SHORT);
    trial.delete(id);
    Volume clone;
    try {
      clone = trial.make(trial.cloneOf(other.volume(), name));
    } catch (StatusRuntimeException e) {
      Volume again = trial.make(request);
      Assumptions.assumeTrue(
          again.getVolumeId().equals(id), "the driver gives a name another id each time");
      throw e;
    }
    trial.assertHolds(clone, other.content());
  }

  private static void sourceDeletedMeanwhile(Trial trial) throws Exception {
    Filled source = Filled.in(trial, 26);
    CreateVolumeRequest.Builder request = trial.cloneOf(source.volume(), Trial.newName());
    Optional<Volume> answered = trial.makeWithin(SHORT, request);
    Thread.sleep(SHORT);
    try {
      trial.delete(source.volume());
    } catch (StatusRuntimeException e) {
      assertThat(e.getStatus().getCode())
          .as(e.getStatus().getDescription())
          .isEqualTo(Code.FAILED_PRECONDITION);
    }
    try {
      trial.assertHolds(trial.make(request), source.content());
    } catch (StatusRuntimeException e) {
      assertThat(e.getStatus().getCode()).isEqualTo(Code.NOT_FOUND);
      assertThat(answered).as("a clone that was already given").isEmpty();
    }
  }
}
