package io.csiclone.copy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The engine around the copies: threads, turns, progress, interruption, leaks. */
@Timeout(60)
class CopyEngineTest {

  private static final CopyOptions READ_WRITE = new CopyOptions(CopyMethod.READ_WRITE);
  private static final int STEPS = 16;
  private static final int SIZE = STEPS << 20;

  @TempDir private Path folder = Path.of("");

  @Test
  void progressGrowsAndEndsWithTheTotal() throws Exception {
    Path source = VolumeFiles.dirty(folder.resolve("source"), SIZE);
    Path target = VolumeFiles.blank(folder.resolve("target"), SIZE);
    List<Long> seen = new ArrayList<>();
    try (CopyEngine engine = TestEngines.stepping(1)) {
      engine.copy(
          source,
          target,
          READ_WRITE,
          (done, total) -> {
            assertThat(total).isEqualTo(SIZE);
            seen.add(done);
          });
    }
    assertThat(seen)
        .isSorted()
        .hasSizeGreaterThanOrEqualTo(STEPS)
        .last()
        .isEqualTo((long) SIZE);
  }

  @Test
  void progressIsToldFourTimesASecondAtMost() {
    AtomicLong time = new AtomicLong();
    List<Long> seen = new ArrayList<>();
    List<CopyProgress> told = new ArrayList<>();
    CopyListener listener =
        new CopyListener() {
          @Override
          public void progress(CopyProgress progress) {
            told.add(progress);
            CopyListener.super.progress(progress);
          }

          @Override
          public void progress(long done, long total) {
            seen.add(done);
          }
        };
    ProgressMeter meter = new ProgressMeter(listener, time::get);
    for (int millis = 0; millis <= 10_000; millis++) {
      time.set(TimeUnit.MILLISECONDS.toNanos(millis));
      meter.at(millis, 20_000);
    }
    assertThat(seen).hasSize(40);
    assertThat(told.getLast().bytesPerSecond()).isEqualTo(1_000);
    assertThat(told.getLast().left()).contains(Duration.ofSeconds(10));
    meter.at(20_000, 20_000);
    assertThat(seen).as("the total is told after the last fsync only").hasSize(40);
    meter.finished(20_000);
    assertThat(seen).hasSize(41).last().isEqualTo(20_000L);
  }

  @Test
  void aListenerThatThrowsDoesNotHarmTheCopy() throws Exception {
    Path source = VolumeFiles.dirty(folder.resolve("source"), SIZE);
    Path target = VolumeFiles.blank(folder.resolve("target"), SIZE);
    AtomicLong calls = new AtomicLong();
    try (CopyEngine engine = TestEngines.stepping(1)) {
      engine.copy(
          source,
          target,
          READ_WRITE,
          (done, total) -> {
            calls.incrementAndGet();
            throw new IllegalStateException("a defect of the listener");
          });
    }
    assertThat(calls).hasValue(1);
    assertThat(Files.mismatch(source, target)).isEqualTo(-1);
  }

  @Test
  void anInterruptedCallerGetsNoReportAndLeavesNoWorkerBehind() throws Exception {
    Path source = VolumeFiles.dirty(folder.resolve("source"), SIZE);
    Path target = VolumeFiles.blank(folder.resolve("target"), SIZE);
    CountDownLatch underWay = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicBoolean interrupted = new AtomicBoolean();
    Set<String> before = openFiles();
    try (CopyEngine engine = TestEngines.stepping(1)) {
      Thread caller =
          Thread.startVirtualThread(() -> {
            try {
              engine.copy(
                  source,
                  target,
                  READ_WRITE,
                  (done, total) -> {
                    underWay.countDown();
                    awaitQuietly(goOn);
                  });
            } catch (InterruptedException e) {
              interrupted.set(true);
            }
          });
      underWay.await();
      caller.interrupt();
      assertThat(caller.join(Duration.ofMillis(100))).as("waits for its worker").isFalse();
      goOn.countDown();
      caller.join();

      assertThat(interrupted).isTrue();
      assertThat(openFiles()).isEqualTo(before);
      assertThat(Files.mismatch(source, target)).isPositive();
      engine.copy(source, target, READ_WRITE, CopyListener.none());
    }
    assertThat(Files.mismatch(source, target)).isEqualTo(-1);
  }

  @Test
  void aCallerInterruptedBeforehandStartsNothing() throws Exception {
    Path source = VolumeFiles.dirty(folder.resolve("source"), 4096);
    Path target = VolumeFiles.blank(folder.resolve("target"), 4096);
    try (CopyEngine engine = CopyEngine.start()) {
      Thread.currentThread().interrupt();
      assertThatExceptionOfType(InterruptedException.class)
          .isThrownBy(
              () -> engine.copy(source, target, CopyOptions.defaults(), CopyListener.none()));
    }
    assertThat(Files.readAllBytes(target)).containsOnly(0);
  }

  @Test
  void closingTheEngineFailsTheCopiesUnderWayAndAllLaterOnes() throws Exception {
    Path source = VolumeFiles.dirty(folder.resolve("source"), SIZE);
    Path target = VolumeFiles.blank(folder.resolve("target"), SIZE);
    CountDownLatch underWay = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicReference<CopyFailure> failure = new AtomicReference<>(CopyFailure.INTERNAL);
    CopyEngine engine = TestEngines.stepping(1);
    Thread caller =
        Thread.startVirtualThread(() -> {
          try {
            engine.copy(
                source,
                target,
                READ_WRITE,
                (done, total) -> {
                  underWay.countDown();
                  awaitQuietly(goOn);
                });
          } catch (CopyException e) {
            failure.set(e.failure());
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        });
    underWay.await();
    CompletableFuture<Void> closing = CompletableFuture.runAsync(engine::close);
    goOn.countDown();
    closing.get(30, TimeUnit.SECONDS);
    caller.join();

    assertThat(failure).hasValue(CopyFailure.ENGINE_CLOSED);
    assertThatExceptionOfType(CopyException.class)
        .isThrownBy(() -> engine.copy(source, target, READ_WRITE, CopyListener.none()))
        .satisfies(e -> assertThat(e.failure()).isEqualTo(CopyFailure.ENGINE_CLOSED));
    engine.close();
  }

  @Test
  void aShortCopyDoesNotWaitForALongOne() throws Exception {
    Path source = VolumeFiles.dirty(folder.resolve("source"), SIZE);
    Path target = VolumeFiles.blank(folder.resolve("target"), SIZE);
    Path small = VolumeFiles.dirty(folder.resolve("small"), 4096);
    Path smallTarget = VolumeFiles.blank(folder.resolve("small-target"), 4096);
    CountDownLatch underWay = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicLong longDone = new AtomicLong();
    AtomicLong longDoneAtShortEnd = new AtomicLong(SIZE);
    try (CopyEngine engine = TestEngines.stepping(1)) {
      Thread first =
          copyInBackground(
              engine,
              source,
              target,
              (done, total) -> {
                longDone.set(done);
                underWay.countDown();
                awaitQuietly(goOn);
              });
      underWay.await();
      Thread second =
          copyInBackground(
              engine, small, smallTarget, (done, total) -> longDoneAtShortEnd.set(longDone.get()));
      while (second.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
      goOn.countDown();
      first.join();
      second.join();
    }
    assertThat(longDoneAtShortEnd).hasValueLessThan(SIZE / 2);
    assertThat(Files.mismatch(source, target)).isEqualTo(-1);
    assertThat(Files.mismatch(small, smallTarget)).isEqualTo(-1);
  }

  @Test
  void aSourceThatShrinksFailsTheCopyInDataAndInHoles() throws Exception {
    Path data = VolumeFiles.dirty(folder.resolve("data"), SIZE);
    Path holes = VolumeFiles.setSize(VolumeFiles.dirty(folder.resolve("holes"), 4 << 20), SIZE);
    for (Path source : List.of(data, holes)) {
      Path target = VolumeFiles.blank(folder.resolve(source.getFileName() + "-target"), SIZE);
      for (CopyMethod fastest : List.of(CopyMethod.COPY_FILE_RANGE, CopyMethod.READ_WRITE)) {
        VolumeFiles.setSize(source, SIZE);
        try (CopyEngine engine = TestEngines.stepping(1)) {
          CopyListener shrinking = (done, total) -> shrink(source);
          if (fastest == CopyMethod.COPY_FILE_RANGE && source.equals(data)) {
            continue; // All of it is one step.
          }
          assertThatExceptionOfType(CopyException.class)
              .isThrownBy(() -> engine.copy(source, target, new CopyOptions(fastest), shrinking))
              .withMessageContainingAll(source.toString(), Integer.toString(SIZE))
              .satisfies(e -> assertThat(e.failure()).isEqualTo(CopyFailure.SOURCE_CHANGED));
        }
      }
    }
  }

  @Test
  void aThousandCopiesAndAThousandFailuresLeaveNoDescriptorAndNoThread() throws Exception {
    Path source = VolumeFiles.dirty(folder.resolve("source"), 10_000);
    Path target = VolumeFiles.blank(folder.resolve("target"), 20_000);
    Path tooSmall = VolumeFiles.blank(folder.resolve("too-small"), 100);
    Set<String> filesBefore = openFiles();
    Set<Thread> threadsBefore = engineThreads();
    try (CopyEngine engine = CopyEngine.start()) {
      engine.copy(source, target, CopyOptions.defaults(), CopyListener.none());
      Set<Thread> threadsWorking = engineThreads();
      for (int i = 0; i < 1_000; i++) {
        engine.copy(
            source, target, new CopyOptions(CopyMethod.values()[i % 3]), CopyListener.none());
        assertThatExceptionOfType(CopyException.class)
            .isThrownBy(
                () -> engine.copy(source, tooSmall, CopyOptions.defaults(), CopyListener.none()));
      }
      assertThat(openFiles()).isEqualTo(filesBefore);
      assertThat(engineThreads()).isEqualTo(threadsWorking);
    }
    assertThat(engineThreads()).isEqualTo(threadsBefore);
  }

  @Test
  void manyCallersShareOneEngine() throws Exception {
    int copies = 50;
    List<Thread> callers = new ArrayList<>();
    List<Path> sources = new ArrayList<>();
    try (CopyEngine engine = CopyEngine.start()) {
      for (int i = 0; i < copies; i++) {
        Path source = SparseLayout.random(i, 500_000).writeTo(folder.resolve("source-" + i));
        Path target = VolumeFiles.blank(folder.resolve("source-" + i + "-copy"), 500_000);
        sources.add(source);
        callers.add(copyInBackground(engine, source, target, CopyListener.none()));
      }
      for (Thread caller : callers) {
        caller.join();
      }
    }
    for (Path source : sources) {
      assertThat(Files.mismatch(source, Path.of(source + "-copy"))).isEqualTo(-1);
    }
  }

  @Test
  void aJvmThatDeniesNativeAccessIsToldWhichOptionAllowsIt() throws Exception {
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home", ""), "bin", "java").toString(),
                "--illegal-native-access=deny",
                "-cp",
                System.getProperty("java.class.path"),
                Denied.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(Files.readAllLines(output))
        .hasSize(2)
        .allSatisfy(line ->
            assertThat(line)
                .startsWith("NATIVE_ACCESS_DENIED")
                .contains("--enable-native-access=ALL-UNNAMED"));
  }

  /** Run in a JVM of its own. */
  static final class Denied {

    private Denied() {}

    public static void main(String[] args) {
      for (int i = 0; i < 2; i++) {
        try (CopyEngine engine = CopyEngine.start()) {
          System.out.println("started " + engine);
        } catch (CopyException e) {
          System.out.println(e.failure() + " " + e.getMessage());
        }
      }
    }
  }

  private static Thread copyInBackground(
      CopyEngine engine, Path source, Path target, CopyListener listener) {
    return Thread.ofPlatform()
        .start(() -> {
          try {
            engine.copy(source, target, READ_WRITE, listener);
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        });
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void shrink(Path file) {
    try {
      VolumeFiles.setSize(file, 2 << 20);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** What this process has open in the test's folder; the JVM opens jars of its own meanwhile. */
  private Set<String> openFiles() throws IOException {
    try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
      return descriptors
          .map(descriptor -> {
            try {
              return Files.readSymbolicLink(descriptor).toString();
            } catch (IOException e) {
              return "";
            }
          })
          .filter(name -> name.startsWith(folder.toString()))
          .collect(Collectors.toSet());
    }
  }

  private static Set<Thread> engineThreads() {
    Thread[] threads = new Thread[Thread.activeCount() + 100];
    int count = Thread.enumerate(threads);
    return Arrays.stream(threads, 0, count)
        .filter(thread -> thread.getName().startsWith("csi-clone-copy-"))
        .collect(Collectors.toSet());
  }
}
