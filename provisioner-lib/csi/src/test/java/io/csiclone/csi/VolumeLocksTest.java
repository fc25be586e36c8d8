package io.csiclone.csi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Context;
import io.grpc.Deadline;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Locks by volume id. */
class VolumeLocksTest {

  private static final Patience LONG = Patience.of(Duration.ofSeconds(20));
  private static final Patience NONE = Patience.of(Duration.ZERO);

  private final VolumeLocks locks = new VolumeLocks();

  @Test
  void aHeldVolumeIsPendingForOthersAndFreeOnceReleased() {
    try (var _ = locks.acquire(LONG, "a")) {
      assertThatThrownBy(() -> elsewhere(() -> locks.acquire(NONE, List.of("b", "a")).close()))
          .cause()
          .isInstanceOf(Refusal.class)
          .hasMessageContaining("volume a is running");
      elsewhere(() -> locks.acquire(NONE, "b").close());
    }
    elsewhere(() -> locks.acquire(NONE, "a").close());
  }

  @Test
  void manyThreadsOnFewVolumesExcludeEachOtherAndNeverWaitInARing() throws Exception {
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger done = new AtomicInteger();
    CountDownLatch go = new CountDownLatch(1);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 40; i++) {
        List<String> ids = i % 2 == 0 ? List.of("a", "b") : List.of("b", "a");
        threads.submit(() -> {
          go.await();
          for (int round = 0; round < 50; round++) {
            try (var _ = locks.acquire(LONG, ids)) {
              assertThat(inside.incrementAndGet()).isEqualTo(1);
              Thread.yield();
              inside.decrementAndGet();
            }
          }
          return done.incrementAndGet();
        });
      }
      go.countDown();
    }
    assertThat(done).hasValue(40);
  }

  /** It may have asked for the opposite by now, and got it. */
  @Test
  void aCallerWhoHasGivenUpGetsNoLockHoweverFreeItIs() throws Exception {
    var cancelled = Context.current().withCancellation();
    cancelled.cancel(null);
    assertThatThrownBy(() -> cancelled.call(() -> locks.acquire(LONG, "a")))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("given up");

    try (var timer = Executors.newSingleThreadScheduledExecutor();
        var late = Context.current().withDeadline(Deadline.after(-1, TimeUnit.SECONDS), timer)) {
      assertThatThrownBy(() -> late.call(() -> locks.acquire(LONG, "a")))
          .isInstanceOf(Refusal.class);
    }
    elsewhere(() -> locks.acquire(NONE, "a").close());
  }

  private static void elsewhere(Runnable work) {
    CompletableFuture.runAsync(work).join();
  }
}
