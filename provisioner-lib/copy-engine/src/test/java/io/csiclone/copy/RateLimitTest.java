package io.csiclone.copy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How exactly a copy keeps to its rate. */
class RateLimitTest {

  @TempDir private Path folder = Path.of("");

  @ParameterizedTest
  @ValueSource(longs = {100_000, 7_000_000, 200_000_000, 5_000_000_000L})
  void theRateIsKeptWithinFivePercentWhateverTheStepsTake(long bytesPerSecond) {
    Random random = new Random(bytesPerSecond);
    AtomicLong time = new AtomicLong(-5);
    RateLimit limit = new RateLimit(bytesPerSecond, 1, time::get);
    long moved = 0;
    while (moved < 20 * bytesPerSecond) {
      long step = limit.step();
      // A step takes up to three quarters of its share, and the thread comes late by up to 10 ms.
      time.addAndGet((long) (random.nextDouble() * 0.75e9 * step / bytesPerSecond));
      moved += step;
      limit.moved(step);
      if (limit.delay() > 0) {
        time.addAndGet(limit.delay() + random.nextInt(10_000_000));
      }
    }
    double rate = moved / (time.get() / (double) TimeUnit.SECONDS.toNanos(1));
    assertThat(rate).isCloseTo(bytesPerSecond, Percentage.withPercentage(5));
  }

  @Test
  void timeLostIsMadeUpForByAQuarterOfASecondAtMost() {
    AtomicLong time = new AtomicLong();
    RateLimit limit = new RateLimit(10_000_000, 1, time::get);
    time.set(TimeUnit.HOURS.toNanos(1));
    limit.moved(10_000_000);
    assertThat(limit.delay()).isEqualTo(TimeUnit.MILLISECONDS.toNanos(750));
  }

  @Test
  void aLimitIsSharedByTheThreadsOfACopy() throws Exception {
    Path source = VolumeFiles.dirty(folder.resolve("source"), 24 << 20);
    Path target = VolumeFiles.blank(folder.resolve("target"), 24 << 20);
    CopyOptions options =
        new CopyOptions(CopyMethod.READ_WRITE)
            .limitedTo(16 << 20)
            .inParallel(4)
            .withGranule(1 << 20);
    try (CopyEngine engine = CopyEngine.start(4, 64 << 20)) {
      CopyReport report = engine.copy(source, target, options, CopyListener.none());
      assertThat(report.took()).isGreaterThan(Duration.ofMillis(1_500 * 95 / 100));
    }
  }

  @Test
  void aLimitedCopyTakesItsTimeAndAnotherOneDoesNotWaitForIt() throws Exception {
    Path source = VolumeFiles.dirty(folder.resolve("source"), 16 << 20);
    Path target = VolumeFiles.blank(folder.resolve("target"), 16 << 20);
    Path quick = VolumeFiles.blank(folder.resolve("quick"), 16 << 20);
    CopyOptions options = new CopyOptions(CopyMethod.READ_WRITE);
    AtomicLong doneAtQuickEnd = new AtomicLong();
    AtomicLong done = new AtomicLong();
    try (CopyEngine engine = PooledCopyEngine.start(1, System::nanoTime)) {
      Thread other =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  engine.copy(source, quick, options, CopyListener.none());
                  doneAtQuickEnd.set(done.get());
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
              });
      CopyReport report =
          engine.copy(source, target, options.limitedTo(8 << 20), (now, total) -> done.set(now));
      other.join();
      // A busy machine may take longer, but a limit is never passed.
      assertThat(report.took()).isBetween(Duration.ofMillis(1_900), Duration.ofSeconds(20));
      assertThat(doneAtQuickEnd).hasValueLessThan(16 << 20);
    }
  }

  @Test
  void aLimitOfNothingIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CopyOptions.defaults().limitedTo(0))
        .withMessageContaining("bytesPerSecond");
  }
}
