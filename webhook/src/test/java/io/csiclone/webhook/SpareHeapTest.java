package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SpareHeapTest {

  private static final long MIB = 1 << 20;

  private final AtomicBoolean filled = new AtomicBoolean();
  private final AtomicLong size = new AtomicLong(40 * MIB);
  private final AtomicInteger looks = new AtomicInteger();
  private final AtomicInteger collections = new AtomicInteger();
  private final SpareHeap heap =
      new SpareHeap(filled::get, this::look, this::collect, Duration.ofMillis(1));

  private long look() {
    looks.incrementAndGet();
    return size.get();
  }

  private void collect() {
    collections.incrementAndGet();
    size.set(40 * MIB);
  }

  @BeforeEach
  void start() {
    heap.start();
  }

  @AfterEach
  void stop() {
    heap.stop();
  }

  private void awaitLooks(int more) {
    int before = looks.get();
    await().until(() -> looks.get() >= before + more);
  }

  @Test
  void garbageIsCollectedOnceWhenTheCachesHaveBeenFilled() {
    assertThat(collections).as("before they are filled").hasValue(0);

    filled.set(true);

    awaitLooks(20);
    assertThat(collections).hasValue(1);
  }

  @Test
  void garbageIsCollectedEachTimeThatTheHeapHasGrown() {
    filled.set(true);
    awaitLooks(2);

    for (int time = 2; time <= 4; time++) {
      int now = time;
      size.set(46 * MIB);
      await().untilAsserted(() -> assertThat(collections).hasValue(now));
    }
  }

  @Test
  void aHeapThatGrowsALittleIsLeftAlone() {
    filled.set(true);
    awaitLooks(2);

    size.set(44 * MIB);

    awaitLooks(20);
    assertThat(collections).hasValue(1);
  }

  @Test
  void nothingIsCollectedOnceItHasStopped() {
    filled.set(true);
    awaitLooks(2);

    heap.stop();
    await().pollDelay(Duration.ofMillis(50)).until(() -> true);
    size.set(100 * MIB);

    await().pollDelay(Duration.ofMillis(50)).until(() -> true);
    assertThat(heap.isRunning()).isFalse();
    assertThat(collections).hasValue(1);
  }
}
