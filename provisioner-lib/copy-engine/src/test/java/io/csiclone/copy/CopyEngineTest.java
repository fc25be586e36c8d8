package io.csiclone.copy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.csiclone.copy.internal.linux.SystemCallException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
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
    assertThat(seen).isSorted().hasSizeGreaterThanOrEqualTo(STEPS).last().isEqualTo((long) SIZE);
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
    ProgressMeter meter =
        new ProgressMeter(listener, () -> Optional.of(CopyMethod.PLAIN), time::get);
    for (int millis = 0; millis <= 10_000; millis++) {
      time.set(TimeUnit.MILLISECONDS.toNanos(millis));
      meter.at(millis, 20_000);
    }
    assertThat(seen).hasSize(40);
    assertThat(told.getLast().bytesPerSecond()).isEqualTo(1_000);
    assertThat(told.getLast().left()).contains(Duration.ofSeconds(10));
    assertThat(told.getLast().method()).contains(CopyMethod.PLAIN);
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
    Set<String> before = openFiles(folder);
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
      assertThat(openFiles(folder)).isEqualTo(before);
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
  void tenThousandCopiesLeaveNoDescriptorMappingOrThread() throws Exception {
    // In memory where that can be had: each copy ends with an fsync.
    Path memory = Path.of("/dev/shm");
    Path place = Files.createTempDirectory(Files.isWritable(memory) ? memory : folder, "copies");
    Path source = VolumeFiles.dirty(place.resolve("source"), 10_000);
    Path target = VolumeFiles.blank(place.resolve("target"), 20_000);
    Path tooSmall = VolumeFiles.blank(place.resolve("too-small"), 100);
    CopyOptions journaled =
        CopyOptions.defaults().resumable(CopyJournal.at(place.resolve("journal")));
    CopyMethod[] methods = CopyMethod.values();
    Set<Thread> threadsBefore = engineThreads();
    try (PooledCopyEngine engine = PooledCopyEngine.start(4, System::nanoTime)) {
      for (int i = 0; i < 200; i++) {
        engine.copy(source, target, journaled, CopyListener.none());
      }
      Set<Thread> threadsWorking = engineThreads();
      Set<String> filesBefore = openFiles(place);
      long mappingsBefore = mappings();
      for (int i = 0; i < 10_000; i++) {
        CopyOptions options =
            i % 10 == 0
                ? journaled
                : new CopyOptions(methods[i % methods.length])
                    .caching(CachePolicy.values()[i % CachePolicy.values().length]);
        engine.copy(source, target, options, CopyListener.none());
        if (i % 10 == 1) {
          assertThatExceptionOfType(CopyException.class)
              .isThrownBy(
                  () -> engine.copy(source, tooSmall, CopyOptions.defaults(), CopyListener.none()));
        }
      }
      assertThat(openFiles(place)).isEqualTo(filesBefore).isEmpty();
      assertThat(engineThreads()).isEqualTo(threadsWorking);
      // The JVM maps some of its own meanwhile; a leak of one a copy would be thousands.
      assertThat(mappings()).isLessThan(mappingsBefore + 500);
      assertThat(engine.bytesInFlight()).isZero();
    } finally {
      for (Path file : List.of(source, target, tooSmall, place)) {
        Files.delete(file);
      }
    }
    assertThat(engineThreads()).isEqualTo(threadsBefore);
  }

  private static long mappings() throws IOException {
    try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines.count();
    }
  }

  @Test
  void noMoreIsInFlightThanTheEngineMayHave() throws Exception {
    long limit = 16 << 20;
    Path source = VolumeFiles.dirty(folder.resolve("source"), 48 << 20);
    AtomicLong most = new AtomicLong();
    AtomicReference<@Nullable PooledCopyEngine> watched = new AtomicReference<>();
    CopyRun.Opener opener =
        (from, to, policy) -> {
          EndpointPair pair = EndpointPair.open(from, to, policy);
          return new EndpointPair(
              pair.source(),
              new RecordingEndpoint(
                  pair.target(),
                  operation -> {
                    PooledCopyEngine engine = watched.get();
                    if (engine != null) {
                      most.accumulateAndGet(engine.bytesInFlight() + operation.length(), Math::max);
                    }
                  }));
        };
    try (PooledCopyEngine engine = PooledCopyEngine.start(2, limit, System::nanoTime, opener)) {
      watched.set(engine);
      List<Thread> callers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        Path target = VolumeFiles.blank(folder.resolve("target-" + i), 48 << 20);
        CopyOptions options = READ_WRITE.caching(CachePolicy.BUFFERED).inParallel(1 + i);
        callers.add(copyInBackground(engine, source, target, options, CopyListener.none()));
      }
      for (Thread caller : callers) {
        caller.join();
      }
      assertThat(engine.bytesInFlight()).isZero();
    }
    assertThat(most).hasValueLessThanOrEqualTo(limit).hasPositiveValue();
    for (int i = 0; i < 4; i++) {
      assertThat(Files.mismatch(source, folder.resolve("target-" + i))).isEqualTo(-1);
    }
  }

  @Test
  void progressIsNotAheadOfWhatHasBeenWrittenBack() throws Exception {
    Path source = VolumeFiles.dirty(folder.resolve("source"), 48 << 20);
    Path target = VolumeFiles.blank(folder.resolve("target"), 48 << 20);
    AtomicLong writtenBack = new AtomicLong();
    List<Long> ahead = new ArrayList<>();
    CopyRun.Opener opener =
        (from, to, policy) -> {
          EndpointPair pair = EndpointPair.open(from, to, policy);
          return new EndpointPair(
              pair.source(),
              new DelegatingEndpoint(pair.target()) {
                @Override
                public void awaitWriteBack(long offset, long length) throws SystemCallException {
                  super.awaitWriteBack(offset, length);
                  writtenBack.addAndGet(length);
                }
              });
        };
    AtomicLong time = new AtomicLong();
    try (CopyEngine engine =
        PooledCopyEngine.start(2, 12 << 20, () -> time.addAndGet(300_000_000), opener)) {
      engine.copy(
          source,
          target,
          READ_WRITE.caching(CachePolicy.BUFFERED),
          (done, total) -> {
            if (done < total) {
              ahead.add(done - writtenBack.get());
            }
          });
    }
    assertThat(ahead).isNotEmpty().allSatisfy(bytes -> assertThat(bytes).isNotPositive());
  }

  @Test
  void copiesGetTurnsInRoundsWhateverTheirNumberOfLanes() {
    TurnQueue queue = new TurnQueue();
    List<CopyJob> jobs = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      CopyRun run =
          new CopyRun(
              folder,
              folder,
              READ_WRITE,
              CopyListener.none(),
              EndpointPair::open,
              new InFlight(64 << 20, 1),
              1,
              System::nanoTime);
      jobs.add(new CopyJob(folder, folder, run, queue));
    }
    for (int lane = 0; lane < 8; lane++) {
      queue.add(new Lane(jobs.get(0)));
    }
    queue.add(new Lane(jobs.get(1)));
    queue.add(new Lane(jobs.get(2)));
    List<Integer> turns = new ArrayList<>();
    for (int turn = 0; turn < 9; turn++) {
      Lane lane = queue.take().orElseThrow();
      turns.add(jobs.indexOf(lane.job()));
      queue.add(lane);
    }
    assertThat(turns).containsExactly(0, 1, 2, 0, 1, 2, 0, 1, 2);
  }

  @Test
  void aFailureStopsAllWorkersAndNamesThePlace() throws Exception {
    Path source = VolumeFiles.dirty(folder.resolve("source"), SIZE);
    Path target = VolumeFiles.blank(folder.resolve("target"), SIZE);
    int bad = (5 << 20) + 7;
    AtomicLong writes = new AtomicLong();
    try (PooledCopyEngine engine =
        TestEngines.behind(
            4,
            real -> new FailingEndpoint(real, bad),
            real -> new RecordingEndpoint(real, operation -> writes.incrementAndGet()))) {
      assertThatExceptionOfType(CopyException.class)
          .isThrownBy(() ->
              engine.copy(source, target, READ_WRITE.withGranule(1 << 20), CopyListener.none()))
          .withMessageContainingAll("pread of " + source, "at offset " + bad, "EIO")
          .satisfies(e -> assertThat(e.failure()).isEqualTo(CopyFailure.IO_ERROR));
      long atEnd = writes.get();
      assertThat(engine.bytesInFlight()).isZero();
      assertThat(openFiles(folder)).isEmpty();
      assertThat(writes).as("nobody works on").hasValue(atEnd);
    }
  }

  @Test
  void anEngineAloneShowsWhatItCosts() throws Exception {
    Path source = VolumeFiles.dirty(folder.resolve("source"), SIZE);
    Path target = VolumeFiles.blank(folder.resolve("target"), SIZE);
    try (CopyEngine engine = TestEngines.behindTarget(2, NullEndpoint::new)) {
      CopyReport report =
          engine.copy(
              source, target, CopyOptions.defaults().verified(Verify.DIGEST), CopyListener.none());
      assertThat(report.read()).isEqualTo(SIZE);
      assertThat(report.digest()).contains(VolumeDigest.of(source));
    }
    assertThat(Files.readAllBytes(target)).as("what a null target keeps").containsOnly(0);
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
    return copyInBackground(engine, source, target, READ_WRITE, listener);
  }

  private static Thread copyInBackground(
      CopyEngine engine, Path source, Path target, CopyOptions options, CopyListener listener) {
    return Thread.ofPlatform()
        .start(() -> {
          try {
            engine.copy(source, target, options, listener);
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
  private static Set<String> openFiles(Path below) throws IOException {
    try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
      return descriptors
          .map(descriptor -> {
            try {
              return Files.readSymbolicLink(descriptor).toString();
            } catch (IOException e) {
              return "";
            }
          })
          .filter(name -> name.startsWith(below.toString()))
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
