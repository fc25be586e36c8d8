package io.csiclone.csi;

import static io.csiclone.csi.Answers.refused;
import static io.csiclone.csi.TestDriver.MIB;
import static io.csiclone.csi.TestDriver.cloneRequest;
import static io.csiclone.csi.TestDriver.content;
import static io.csiclone.csi.TestDriver.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.csiclone.csi.CloneEvent.Begun;
import io.csiclone.csi.CloneEvent.Copying;
import io.csiclone.csi.CloneEvent.Failed;
import io.csiclone.csi.CloneEvent.Made;
import io.csiclone.csi.CloneEvent.Stopped;
import io.grpc.Status.Code;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a listener is told of clones. */
class CloneListenerTest {

  private static final String CLONE = VolumeIds.forName("clone");

  private final List<CloneEvent> events = new CopyOnWriteArrayList<>();
  private TestDriver driver;
  private String source;

  @BeforeEach
  void start(@TempDir Path folder) throws IOException {
    driver = new TestDriver(folder).answeringWithin(Duration.ofSeconds(15));
    driver.cloneListener = events::add;
    driver.start();
    source = driver.filled("source", MIB, 1).getVolumeId();
  }

  @AfterEach
  void stop() {
    driver.close();
  }

  @Test
  void aCopyIsToldFromItsBeginToItsEnd() {
    driver.create(cloneRequest("clone", MIB, source));

    assertThat(events.getFirst()).isEqualTo(new Begun(CLONE, source, false));
    List<Copying> progress = all(Copying.class);
    assertThat(progress).isNotEmpty().allMatch(event -> event.volumeId().equals(CLONE));
    assertThat(progress.getLast().done()).isEqualTo(MIB);
    assertThat(progress.getLast().total()).isEqualTo(MIB);
    assertThat(events.getLast())
        .isInstanceOfSatisfying(
            Made.class,
            made -> {
              assertThat(made.method()).isPresent();
              assertThat(progress.getLast().method()).isEqualTo(made.method());
              assertThat(made.copied()).isEqualTo(MIB);
              assertThat(made.took()).isPositive();
            });
  }

  @Test
  void aCloneByTheStorageItselfIsMadeWithoutACopy() {
    driver.backend.clonesNatively = true;
    driver.create(cloneRequest("clone", MIB, source));

    assertThat(events).hasSize(2);
    assertThat(all(Made.class)).allMatch(made -> made.method().isEmpty() && made.copied() == 0);
  }

  @Test
  void anEmptyVolumeIsNoClone() {
    driver.create(request("empty", MIB));

    assertThat(events).isEmpty();
  }

  @Test
  void aFailureIsToldWithTheCodeOfTheAnswer() {
    driver.backend.breaksNextCopy = true;
    refused(Code.INTERNAL, "nowhere", () -> driver.create(cloneRequest("clone", MIB, source)));

    assertThat(all(Failed.class))
        .singleElement()
        .satisfies(failed -> {
          assertThat(failed.code()).isEqualTo(Code.INTERNAL);
          assertThat(failed.reason()).contains("nowhere");
        });
  }

  @Test
  void aCloneCutOffIsStoppedAndBegunAgainByTheNextProcess() throws IOException {
    beginSlowClone();
    driver.stop();
    assertThat(events.getLast()).isEqualTo(new Stopped(CLONE, source));
    driver.backend.gate.countDown();

    driver.start();
    driver.create(cloneRequest("clone", MIB, source));

    assertThat(all(Begun.class))
        .containsExactly(new Begun(CLONE, source, false), new Begun(CLONE, source, true));
    assertThat(all(Made.class)).hasSize(1);
    assertThat(driver.bytesOf(CLONE)).isEqualTo(content(MIB, 1));
  }

  @Test
  void aCloneDeletedWhileItIsMadeIsStopped() {
    beginSlowClone();
    driver.delete(CLONE);

    assertThat(events.getLast()).isEqualTo(new Stopped(CLONE, source));
  }

  @Test
  void aListenerThatFailsChangesNothing() throws IOException {
    driver.stop();
    driver.cloneListener =
        event -> {
          throw new IllegalStateException("the listener's own trouble");
        };
    driver.start();
    driver.create(cloneRequest("clone", MIB, source));

    assertThat(driver.bytesOf(CLONE)).isEqualTo(content(MIB, 1));
  }

  private void beginSlowClone() {
    driver.stop();
    driver.answeringWithin(Duration.ofMillis(150)).start();
    driver.backend.gate = new CountDownLatch(1);
    refused(
        Code.ABORTED,
        "still being cloned",
        () -> driver.create(cloneRequest("clone", MIB, source)));
    driver.answeringWithin(Duration.ofSeconds(15));
    await().until(() -> driver.backend.quiesced.get() == 1);
  }

  private <E extends CloneEvent> List<E> all(Class<E> kind) {
    return events.stream().filter(kind::isInstance).map(kind::cast).toList();
  }
}
