package io.csiclone.csi;

import static io.csiclone.csi.Answers.refused;
import static io.csiclone.csi.TestDriver.MIB;
import static io.csiclone.csi.TestDriver.cloneRequest;
import static io.csiclone.csi.TestDriver.content;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.csiclone.csi.CloneEvent.Waiting;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** So many clones are copied at once, and so many of one source; the others wait. */
class CopyLimitsTest {

  private final Set<String> waiting = new ConcurrentSkipListSet<>();
  private TestDriver driver;
  private String source;
  private String other;

  @BeforeEach
  void start(@TempDir Path folder) throws IOException {
    driver = new TestDriver(folder).answeringWithin(Duration.ofMillis(150));
    driver.copyLimits = new CopyLimits(3, 2);
    driver.cloneListener =
        event -> {
          if (event instanceof Waiting) {
            waiting.add(event.volumeId());
          }
        };
    driver.start();
    source = driver.filled("source", MIB, 1).getVolumeId();
    other = driver.filled("other", MIB, 2).getVolumeId();
    driver.backend.gate = new CountDownLatch(1);
  }

  @AfterEach
  void stop() {
    driver.close();
  }

  private void begin(String name, String from) {
    refused(Code.ABORTED, "still being cloned", () -> driver.create(cloneRequest(name, MIB, from)));
  }

  private void beginThree() {
    for (String name : List.of("a", "b", "c")) {
      begin(name, source);
    }
    await().until(() -> !waiting.isEmpty());
  }

  private void awaitClone(String name, String from) {
    await()
        .atMost(Duration.ofSeconds(20))
        .ignoreExceptionsInstanceOf(StatusRuntimeException.class)
        .until(() -> driver.create(cloneRequest(name, MIB, from)), volume -> true);
  }

  @Test
  void theThirdCloneOfOneSourceWaitsAndOneOfAnotherDoesNot() throws IOException {
    for (String name : List.of("a", "b", "c")) {
      begin(name, source);
    }
    begin("d", other);

    await()
        .untilAsserted(() -> {
          assertThat(driver.backend.quiesced).as("copies begun").hasValue(3);
          assertThat(waiting).hasSize(1).doesNotContain(VolumeIds.forName("d"));
        });

    driver.backend.gate.countDown();
    for (String name : List.of("a", "b", "c")) {
      awaitClone(name, source);
      assertThat(driver.bytesOf(VolumeIds.forName(name))).isEqualTo(content(MIB, 1));
    }
    awaitClone("d", other);
    assertThat(driver.bytesOf(VolumeIds.forName("d"))).isEqualTo(content(MIB, 2));
  }

  @Test
  void whoWaitsIsToldSo() {
    beginThree();
    String name =
        List.of("a", "b", "c").stream()
            .filter(any -> waiting.contains(VolumeIds.forName(any)))
            .findFirst()
            .orElseThrow();

    refused(
        Code.ABORTED,
        "it waits until other copies have ended",
        () -> driver.create(cloneRequest(name, MIB, source)));
  }

  @Test
  void aCloneDeletedWhileItWaitsTakesNobodysTurn() throws IOException {
    beginThree();
    driver.delete(waiting.iterator().next());
    begin("d", source);
    await().until(() -> waiting.contains(VolumeIds.forName("d")));
    assertThat(driver.backend.quiesced).as("copies begun").hasValue(2);
    driver.backend.gate.countDown();

    awaitClone("d", source);
    assertThat(driver.bytesOf(VolumeIds.forName("d"))).isEqualTo(content(MIB, 1));
  }

  @Test
  void fiftyClonesOfOneSourceAllEnd() throws IOException {
    driver.backend.gate.countDown();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      names.add("clone-" + i);
    }
    try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
      names.forEach(name -> callers.submit(() -> awaitClone(name, source)));
    }
    for (String name : names) {
      assertThat(driver.bytesOf(VolumeIds.forName(name))).isEqualTo(content(MIB, 1));
    }
  }

  @Test
  void limitsBelowOneAreRefused() {
    assertThatThrownBy(() -> new CopyLimits(0, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new CopyLimits(1, 0)).isInstanceOf(IllegalArgumentException.class);
  }
}
