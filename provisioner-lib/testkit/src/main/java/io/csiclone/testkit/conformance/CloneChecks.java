package io.csiclone.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.csiproto.Volume;
import io.csiclone.csiproto.VolumeContentSource;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Assumptions;

/** What a clone is, and which requests for one are refused. */
final class CloneChecks {

  private static final int TIMES = 10;

  private CloneChecks() {}

  static List<Check> all() {
    return List.of(
        new Check("a clone holds the bytes of its source", CloneChecks::sameBytes),
        new Check("a clone names its source", CloneChecks::contentSource),
        new Check("a clone of an empty volume is answered by the first call", CloneChecks::atOnce),
        new Check("asking ten times makes one clone", CloneChecks::askedAgain),
        new Check("asking again leaves the clone's bytes alone", CloneChecks::askedAgainAfterWrite),
        new Check("the same name with another source is ALREADY_EXISTS", CloneChecks::otherSource),
        new Check("the same name without a source is ALREADY_EXISTS", CloneChecks::withoutSource),
        new Check(
            "the name of an empty volume with a source is ALREADY_EXISTS",
            CloneChecks::sourceForEmpty),
        new Check("a smaller clone is OUT_OF_RANGE", CloneChecks::smaller),
        new Check("a larger clone really is larger", CloneChecks::larger),
        new Check("a clone of the other mode is INVALID_ARGUMENT", CloneChecks::otherMode),
        new Check(
            "a clone of a volume that never was is NOT_FOUND, whatever its id",
            CloneChecks::unknownSource),
        new Check("a source of no kind is INVALID_ARGUMENT", CloneChecks::sourceOfNoKind),
        new Check("a clone can be cloned", CloneChecks::cloneOfClone),
        new Check("a change of the source does not reach the clone", CloneChecks::sourceChanges),
        new Check("a change of the clone does not reach the source", CloneChecks::cloneChanges),
        new Check("a clone outlives its source", CloneChecks::sourceDeleted),
        new Check("two clones made at once both hold the bytes", CloneChecks::twoAtOnce));
  }

  /** A volume with content. */
  record Filled(Volume volume, Content content) {

    static Filled in(Trial trial, long seed) throws Exception {
      Volume volume = trial.makeEmpty();
      return new Filled(volume, trial.fill(volume, seed));
    }
  }

  private static void sameBytes(Trial trial) throws Exception {
    Filled source = Filled.in(trial, 1);
    Volume clone = trial.make(trial.cloneOf(source.volume(), Trial.newName()));

    trial.assertHolds(clone, source.content());
    trial.assertHolds(source.volume(), source.content());
  }

  private static void contentSource(Trial trial) throws Exception {
    Volume source = trial.makeEmpty();
    String name = Trial.newName();
    for (int i = 0; i < 2; i++) {
      Volume clone = trial.make(trial.cloneOf(source, name));

      // The provisioner deletes a clone that was answered without it.
      assertThat(clone.getContentSource()).isEqualTo(Requests.from(source.getVolumeId()));
    }
    assertThat(source.hasContentSource()).as("content_source of an empty volume").isFalse();
  }

  private static void atOnce(Trial trial) throws Exception {
    Volume source = trial.makeEmpty();
    Volume clone = trial.makeAtOnce(trial.cloneOf(source, Trial.newName()));
    assertThat(clone.getContentSource()).isEqualTo(Requests.from(source.getVolumeId()));
  }

  private static void askedAgain(Trial trial) throws Exception {
    Filled source = Filled.in(trial, 2);
    String name = Trial.newName();
    Volume first = trial.make(trial.cloneOf(source.volume(), name));
    for (int i = 1; i < TIMES; i++) {
      assertThat(trial.make(trial.cloneOf(source.volume(), name))).isEqualTo(first);
    }
    trial.assertHolds(first, source.content());
  }

  private static void askedAgainAfterWrite(Trial trial) throws Exception {
    Filled source = Filled.in(trial, 3);
    CreateVolumeRequest.Builder request = trial.cloneOf(source.volume(), Trial.newName());
    Volume clone = trial.make(request);
    Content written = trial.fill(clone, 4);
    trial.make(request);

    trial.assertHolds(clone, written);
  }

  private static void otherSource(Trial trial) throws Exception {
    Filled source = Filled.in(trial, 5);
    Filled other = Filled.in(trial, 6);
    String name = Trial.newName();
    Volume clone = trial.make(trial.cloneOf(source.volume(), name));

    trial.assertCreateRefused(trial.cloneOf(other.volume(), name), Code.ALREADY_EXISTS);
    trial.assertHolds(clone, source.content());
  }

  private static void withoutSource(Trial trial) throws Exception {
    Filled source = Filled.in(trial, 7);
    String name = Trial.newName();
    Volume clone = trial.make(trial.cloneOf(source.volume(), name));

    trial.assertCreateRefused(trial.empty(name), Code.ALREADY_EXISTS);
    trial.assertHolds(clone, source.content());
  }

  private static void sourceForEmpty(Trial trial) throws Exception {
    Volume source = trial.makeEmpty();
    String name = Trial.newName();
    trial.make(trial.empty(name));

    trial.assertCreateRefused(trial.cloneOf(source, name), Code.ALREADY_EXISTS);
  }

  private static void smaller(Trial trial) throws Exception {
    Volume source =
        trial.make(
            trial.empty(Trial.newName()).setCapacityRange(Requests.atLeast(trial.largerSize())));

    trial.assertCreateRefused(
        trial.cloneOf(source, Trial.newName()).setCapacityRange(Requests.exactly(trial.size())),
        Code.OUT_OF_RANGE);
  }

  private static void larger(Trial trial) throws Exception {
    Filled source = Filled.in(trial, 8);
    long sourceSize = trial.seenSize(source.volume());
    Volume clone;
    try {
      clone =
          trial.make(
              trial
                  .cloneOf(source.volume(), Trial.newName())
                  .setCapacityRange(Requests.atLeast(trial.largerSize())));
    } catch (StatusRuntimeException e) {
      // Allowed by the specification: nothing more to check then.
      Assumptions.assumeFalse(
          e.getStatus().getCode() == Code.OUT_OF_RANGE, "the driver makes no larger clones");
      throw e;
    }
    assertThat(clone.getCapacityBytes()).isGreaterThanOrEqualTo(trial.largerSize());
    long more = trial.largerSize() - trial.size();
    // A filesystem keeps some of what it gained for itself.
    assertThat(trial.seenSize(clone))
        .as("the size a pod sees; the source has %d", sourceSize)
        .isGreaterThanOrEqualTo(sourceSize + more * 8 / 10);
    trial.assertHolds(clone, source.content());
  }

  private static void otherMode(Trial trial) throws Exception {
    Volume source = trial.makeEmpty();

    trial.assertCreateRefused(
        trial
            .cloneOf(source, Trial.newName())
            .clearVolumeCapabilities()
            .addVolumeCapabilities(
                trial.capability.hasBlock() ? Requests.mount("ext4") : Requests.block()),
        Code.INVALID_ARGUMENT);
  }

  private static void unknownSource(Trial trial) throws Exception {
    for (String id : Requests.UNKNOWN_IDS) {
      trial.assertCreateRefused(
          trial.empty(Trial.newName()).setVolumeContentSource(Requests.from(id)), Code.NOT_FOUND);
    }
  }

  private static void sourceOfNoKind(Trial trial) throws Exception {
    trial.assertCreateRefused(
        trial
            .empty(Trial.newName())
            .setVolumeContentSource(VolumeContentSource.getDefaultInstance()),
        Code.INVALID_ARGUMENT);
  }

  private static void cloneOfClone(Trial trial) throws Exception {
    Filled source = Filled.in(trial, 9);
    Volume clone = trial.make(trial.cloneOf(source.volume(), Trial.newName()));
    Volume next = trial.make(trial.cloneOf(clone, Trial.newName()));

    assertThat(next.getContentSource()).isEqualTo(Requests.from(clone.getVolumeId()));
    trial.assertHolds(next, source.content());
  }

  private static void sourceChanges(Trial trial) throws Exception {
    Filled source = Filled.in(trial, 10);
    Volume clone = trial.make(trial.cloneOf(source.volume(), Trial.newName()));
    trial.fill(source.volume(), 11);

    trial.assertHolds(clone, source.content());
  }

  private static void cloneChanges(Trial trial) throws Exception {
    Filled source = Filled.in(trial, 12);
    Volume clone = trial.make(trial.cloneOf(source.volume(), Trial.newName()));
    trial.fill(clone, 13);

    trial.assertHolds(source.volume(), source.content());
  }

  private static void sourceDeleted(Trial trial) throws Exception {
    Filled source = Filled.in(trial, 14);
    Volume clone = trial.make(trial.cloneOf(source.volume(), Trial.newName()));
    trial.delete(source.volume());

    trial.assertHolds(clone, source.content());
  }

  private static void twoAtOnce(Trial trial) throws Exception {
    Filled source = Filled.in(trial, 15);
    Callable<Volume> another = () -> trial.make(trial.cloneOf(source.volume(), Trial.newName()));
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Volume>> clones = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        clones.add(threads.submit(another));
      }
      for (Future<Volume> clone : clones) {
        trial.assertHolds(clone.get(), source.content());
      }
    }
  }
}
