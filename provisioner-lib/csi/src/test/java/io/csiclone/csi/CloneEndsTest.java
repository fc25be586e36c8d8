package io.csiclone.csi;

import static io.csiclone.csi.Answers.refused;
import static io.csiclone.csi.TestDriver.MIB;
import static io.csiclone.csi.TestDriver.cloneRequest;
import static io.csiclone.csi.TestDriver.content;
import static io.csiclone.csi.TestDriver.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.csiclone.csiproto.ControllerGrpc;
import io.csiclone.csiproto.Volume;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every clone ends, and whatever its end is, nothing is left over. */
class CloneEndsTest {

  private static final Duration SHORT = Duration.ofMillis(150);

  private TestDriver driver;
  private String source;

  @BeforeEach
  void start(@TempDir Path folder) throws IOException {
    driver = new TestDriver(folder).answeringWithin(SHORT).start();
    source = driver.filled("source", MIB, 1).getVolumeId();
  }

  @AfterEach
  void stop() {
    driver.close();
  }

  private void closeGate() {
    driver.backend.gate = new CountDownLatch(1);
  }

  private void openGate() {
    driver.backend.gate.countDown();
  }

  private void beginSlowClone() {
    closeGate();
    refused(
        Code.ABORTED,
        "is still being cloned from " + source,
        () -> driver.create(cloneRequest("clone", MIB, source)));
  }

  /** As a caller does: again while the answer is "still running". */
  private Volume untilReady(String name, long bytes) {
    return await()
        .atMost(Duration.ofSeconds(20))
        .ignoreExceptionsMatching(e ->
            e instanceof StatusRuntimeException refusal
                && refusal.getStatus().getCode() == Code.ABORTED)
        .until(() -> driver.create(cloneRequest(name, bytes, source)), volume -> true);
  }

  @Test
  void aCallDuringTheCopyIsAbortedAndALaterOneHasTheVolume() throws IOException {
    beginSlowClone();
    refused(Code.ABORTED, "still", () -> driver.create(cloneRequest("clone", MIB, source)));
    openGate();
    Volume clone = untilReady("clone", MIB);
    assertThat(driver.bytesOf(clone.getVolumeId())).isEqualTo(content(MIB, 1));
    assertThat(driver.backend.quiesced).as("copies begun").hasValue(1);
  }

  @Test
  void anotherRequestOfTheSameNameDuringTheCopyIsAlreadyTaken() {
    beginSlowClone();
    refused(Code.ALREADY_EXISTS, "another", () -> driver.create(request("clone", MIB)));
    refused(
        Code.ALREADY_EXISTS,
        "another size",
        () -> driver.create(cloneRequest("clone", 2 * MIB, source)));
    openGate();
    assertThat(untilReady("clone", MIB).getCapacityBytes()).isEqualTo(MIB);
  }

  @Test
  void aDeadlineShorterThanTheCopyIsAnsweredInTimeAndTheCloneStillCompletes() throws IOException {
    driver.stop();
    driver.answeringWithin(Duration.ofSeconds(30)).start();
    closeGate();
    var impatient =
        ControllerGrpc.newBlockingStub(driver.channel()).withDeadlineAfter(1, TimeUnit.SECONDS);
    refused(
        Code.ABORTED,
        "still",
        () -> impatient.createVolume(cloneRequest("clone", MIB, source).build()));
    openGate();
    assertThat(driver.bytesOf(untilReady("clone", MIB).getVolumeId())).isEqualTo(content(MIB, 1));
  }

  @Test
  void aCallerWhoHangsUpDoesNotStopTheClone() throws IOException {
    closeGate();
    driver.stop();
    driver.answeringWithin(Duration.ofSeconds(5)).start();
    var future =
        ControllerGrpc.newFutureStub(driver.channel())
            .createVolume(cloneRequest("clone", MIB, source).build());
    await().until(() -> driver.backend.quiesced.get() == 1);
    future.cancel(true);
    openGate();
    assertThat(driver.bytesOf(untilReady("clone", MIB).getVolumeId())).isEqualTo(content(MIB, 1));
    assertThat(driver.backend.quiesced).hasValue(1);
  }

  @Test
  void aCloneInterruptedByARestartCompletesByItself() throws IOException {
    beginSlowClone();
    driver.stop();
    // What a crash leaves in the target is anything.
    Path half = driver.backend.file(VolumeIds.forName("clone"));
    Files.write(half, content(MIB / 2, 99));
    openGate();
    driver.start();
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> Files.exists(half) && driver.recordText("clone").contains("state=READY"));
    assertThat(driver.bytesOf(VolumeIds.forName("clone"))).isEqualTo(content(MIB, 1));
    assertThat(untilReady("clone", MIB).getContentSource()).isEqualTo(TestDriver.from(source));
  }

  /** Begins a copy of 8 MiB and stops the driver when some of it is in the journal. */
  private String stopHalfwayThroughACopy() throws IOException {
    String large = driver.filled("large", 8 * MIB, 5).getVolumeId();
    driver.engine.bytesPerSecond = 4 * MIB;
    refused(
        Code.ABORTED, "still", () -> driver.create(cloneRequest("large-clone", 8 * MIB, large)));
    Path journal = driver.records().resolve(VolumeIds.forName("large-clone") + ".journal");
    await()
        .atMost(Duration.ofSeconds(20))
        .ignoreExceptions()
        .until(() -> !Files.readString(journal).contains("done-below 0\n"));
    driver.stop();
    assertThat(journal).exists();
    driver.engine.bytesPerSecond = Long.MAX_VALUE;
    return large;
  }

  private Volume largeClone(String large) {
    return await()
        .atMost(Duration.ofSeconds(20))
        .ignoreExceptions()
        .until(() -> driver.create(cloneRequest("large-clone", 8 * MIB, large)), volume -> true);
  }

  @Test
  void aCopyCutOffByARestartGoesOnWhereItWas() throws IOException {
    String large = stopHalfwayThroughACopy();
    int created = driver.backend.created.get();
    driver.start();

    Volume clone = largeClone(large);

    assertThat(driver.bytesOf(clone.getVolumeId())).isEqualTo(content(8 * MIB, 5));
    assertThat(driver.backend.created).hasValue(created);
    assertThat(driver.engine.reports.getLast().resumed()).isPositive();
    assertThat(driver.records()).isDirectoryNotContaining("glob:**.journal*");
  }

  @Test
  void aCopyCutOffByARestartStartsOverWhenItsSourceHasChanged() throws IOException {
    String large = stopHalfwayThroughACopy();
    Files.write(driver.backend.file(large), content(8 * MIB, 6));
    driver.start();

    Volume clone = largeClone(large);

    assertThat(driver.bytesOf(clone.getVolumeId())).isEqualTo(content(8 * MIB, 6));
    assertThat(driver.engine.reports.getLast().resumed()).isZero();
  }

  @Test
  void deletingACloneThatWasCutOffDeletesItsJournal() throws IOException {
    stopHalfwayThroughACopy();
    closeGate();
    driver.start();
    driver.delete(VolumeIds.forName("large-clone"));
    assertThat(driver.records()).isDirectoryNotContaining("glob:**.journal*");
  }

  @Test
  void aCloneInterruptedByARestartKeepsItsSourceAndItsName() {
    beginSlowClone();
    driver.restart();
    refused(
        Code.FAILED_PRECONDITION,
        "is being cloned into " + VolumeIds.forName("clone"),
        () -> driver.delete(source));
    refused(Code.ALREADY_EXISTS, "another", () -> driver.create(request("clone", MIB)));
    openGate();
    untilReady("clone", MIB);
    driver.delete(source);
  }

  @Test
  void whatChangesAfterTheStartIsNotCheckedAgain() throws IOException {
    beginSlowClone();
    // The source grows meanwhile: a new clone of this size would be refused.
    try (var file = new RandomAccessFile(driver.backend.file(source).toFile(), "rw")) {
      file.setLength(MIB + FolderBackend.BLOCK);
    }
    refused(Code.OUT_OF_RANGE, "smaller", () -> driver.create(cloneRequest("other", MIB, source)));
    refused(Code.ABORTED, "still", () -> driver.create(cloneRequest("clone", MIB, source)));
  }

  @Test
  void theSourceOfARunningCopyCannotBeDeleted() throws IOException {
    beginSlowClone();
    refused(Code.FAILED_PRECONDITION, "is being cloned", () -> driver.delete(source));
    assertThat(driver.bytesOf(source)).isEqualTo(content(MIB, 1));
    openGate();
    untilReady("clone", MIB);
    driver.delete(source);
    assertThat(driver.backend.volumes()).containsExactly(VolumeIds.forName("clone") + ".img");
  }

  @Test
  void deletingAHalfMadeCloneStopsItAndLeavesNothing() throws IOException {
    beginSlowClone();
    driver.delete(VolumeIds.forName("clone"));
    assertThat(driver.backend.volumes()).containsExactly(source + ".img");
    assertThat(driver.recordFiles()).containsExactly(source + ".volume");
    driver.delete(source);
    assertThat(driver.backend.volumes()).isEmpty();
    assertThat(driver.recordFiles()).isEmpty();
  }

  @Test
  void aNameIsFreeAgainOnceItsHalfMadeCloneIsDeleted() throws IOException {
    beginSlowClone();
    driver.delete(VolumeIds.forName("clone"));
    openGate();
    Volume plain = driver.create(request("clone", 2 * MIB));
    assertThat(plain.hasContentSource()).isFalse();
    assertThat(driver.bytesOf(plain.getVolumeId())).containsOnly(0);
  }

  @Test
  void aFailedCopyIsToldLeavesNothingAndARetryStartsOver() throws IOException {
    driver.stop();
    driver.answeringWithin(Duration.ofSeconds(5)).start();
    driver.backend.breaksNextCopy = true;
    refused(Code.INTERNAL, "nowhere", () -> driver.create(cloneRequest("clone", MIB, source)));
    assertThat(driver.backend.volumes()).containsExactly(source + ".img");
    assertThat(driver.recordFiles()).containsExactly(source + ".volume");
    Volume clone = driver.create(cloneRequest("clone", MIB, source));
    assertThat(driver.bytesOf(clone.getVolumeId())).isEqualTo(content(MIB, 1));
  }

  @Test
  void aCopyThatFailsWhileNobodyWaitsIsToldToTheNextCallAlsoAfterARestart() throws IOException {
    beginSlowClone();
    driver.backend.breaksNextCopy = true;
    openGate();
    await().until(() -> driver.recordText("clone").contains("state=FAILED"));
    assertThat(driver.backend.volumes()).containsExactly(source + ".img");
    driver.restart();
    refused(Code.INTERNAL, "nowhere", () -> driver.create(cloneRequest("clone", MIB, source)));
    assertThat(driver.bytesOf(untilReady("clone", MIB).getVolumeId())).isEqualTo(content(MIB, 1));
  }

  @Test
  void aSourceIsFreeAgainAfterItsCloneFailed() {
    driver.backend.breaksNextCopy = true;
    refused(Code.INTERNAL, "nowhere", () -> driver.create(cloneRequest("clone", MIB, source)));
    driver.delete(source);
  }

  @Test
  void noRoomForACloneIsResourceExhaustedAndLeavesNothing() throws IOException {
    driver.backend.room = MIB - 1;
    refused(
        Code.RESOURCE_EXHAUSTED,
        "no room",
        () -> driver.create(cloneRequest("clone", MIB, source)));
    assertThat(driver.backend.volumes()).containsExactly(source + ".img");
    assertThat(driver.recordFiles()).containsExactly(source + ".volume");
  }

  @Test
  void twentyCallsOfOneNameAtOnceMakeOneVolume() throws Exception {
    driver.stop();
    driver.answeringWithin(Duration.ofSeconds(10)).start();
    Set<String> ids = new HashSet<>(allAtOnce(20, i -> "clone"));
    assertThat(ids).containsExactly(VolumeIds.forName("clone"));
    assertThat(driver.backend.quiesced).as("copies begun").hasValue(1);
    assertThat(driver.backend.volumes()).hasSize(2);
  }

  @Test
  void tenClonesOfOneSourceAtOnceAllHaveItsBytes() throws Exception {
    driver.stop();
    driver.answeringWithin(Duration.ofSeconds(10)).start();
    List<String> ids = allAtOnce(10, i -> "clone-" + i);
    assertThat(ids).doesNotHaveDuplicates();
    for (String id : ids) {
      assertThat(driver.bytesOf(id)).isEqualTo(content(MIB, 1));
    }
  }

  @Test
  void aSlowCloneDoesNotHoldUpOtherVolumes() throws IOException {
    beginSlowClone();
    Volume other = driver.create(request("other", MIB));
    assertThat(driver.backend.find(other.getVolumeId())).isPresent();
    driver.delete(other.getVolumeId());
  }

  private List<String> allAtOnce(int calls, IntFunction<String> name)
      throws InterruptedException, ExecutionException {
    CountDownLatch go = new CountDownLatch(1);
    List<Future<String>> answers = new ArrayList<>();
    List<String> ids = new ArrayList<>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < calls; i++) {
        String which = name.apply(i);
        answers.add(
            threads.submit(() -> {
              go.await();
              return driver.create(cloneRequest(which, MIB, source)).getVolumeId();
            }));
      }
      go.countDown();
      for (Future<String> answer : answers) {
        ids.add(answer.get());
      }
    }
    return ids;
  }
}
