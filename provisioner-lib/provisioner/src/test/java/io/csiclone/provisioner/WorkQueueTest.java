package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.csiclone.provisioner.WorkQueue.Outcome;
import io.csiclone.provisioner.WorkQueue.Retry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WorkQueueTest {

  private static final Retry SLOW = new Retry(Duration.ofMinutes(1), Duration.ofMinutes(1));
  private static final Retry QUICK = new Retry(Duration.ofMillis(1), Duration.ofMillis(4));

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final ProvisionerMetrics metrics = new ProvisionerMetrics(meters, ScriptedDriver.NAME);
  private final List<WorkQueue<String>> queues = new CopyOnWriteArrayList<>();
  private final List<String> done = new CopyOnWriteArrayList<>();

  @AfterEach
  void stop() {
    queues.forEach(WorkQueue::close);
  }

  private WorkQueue<String> queue(int concurrency, Retry retry, Function<String, Outcome> work) {
    var queue = new WorkQueue<String>("test", concurrency, retry, metrics, work);
    queues.add(queue);
    queue.start();
    return queue;
  }

  private void awaitDone(String... keys) {
    await().atMost(Duration.ofSeconds(20)).until(() -> done.equals(List.of(keys)));
  }

  @Test
  void aKeyOfferedManyTimesBeforeItsTurnIsWorkedOnOnce() {
    var queue = new WorkQueue<String>("test", 1, QUICK, metrics, this::note);
    queues.add(queue);
    for (int i = 0; i < 100; i++) {
      queue.offer("a");
    }
    queue.offer("b");
    queue.start();

    awaitDone("a", "b");
  }

  private Outcome note(String key) {
    done.add(key);
    return Outcome.DONE;
  }

  @Test
  void aKeyOfferedDuringItsTurnGetsAnother_andNeverTwoAtOnce() throws InterruptedException {
    var atOnce = new AtomicInteger();
    var most = new AtomicInteger();
    var turns = new AtomicInteger();
    var running = new CountDownLatch(1);
    var offered = new CountDownLatch(1);
    var queue =
        queue(
            8,
            QUICK,
            key -> {
              most.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
              running.countDown();
              awaitLatch(offered);
              atOnce.decrementAndGet();
              turns.incrementAndGet();
              return Outcome.DONE;
            });
    queue.offer("a");
    assertThat(running.await(20, TimeUnit.SECONDS)).isTrue();
    queue.offer("a");
    offered.countDown();

    await().atMost(Duration.ofSeconds(20)).until(() -> turns.get() == 2);
    assertThat(most).hasValue(1);
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      latch.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void neverMoreKeysThanAllowedAreWorkedOnAtOnce() {
    var atOnce = new AtomicInteger();
    var most = new AtomicInteger();
    var queue =
        queue(
            3,
            QUICK,
            key -> {
              most.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
              LockSupport.parkNanos(1_000_000);
              atOnce.decrementAndGet();
              return note(key);
            });
    for (int i = 0; i < 200; i++) {
      queue.offer("key-" + i);
    }

    await().atMost(Duration.ofSeconds(20)).until(() -> done.size() == 200);
    assertThat(most.get()).isLessThanOrEqualTo(3);
  }

  @Test
  void aFailingKeyHoldsNoOtherUpEvenWithOneWorker() {
    var queue = queue(1, SLOW, key -> key.equals("bad") ? Outcome.BACK_OFF : note(key));
    queue.offer("bad");
    queue.offer("good");

    awaitDone("good");
  }

  @Test
  void anExceptionIsAFailureLikeAnyOther() {
    var calls = new ConcurrentHashMap<String, Integer>();
    var queue =
        queue(
            1,
            QUICK,
            key -> {
              if (calls.merge(key, 1, Integer::sum) < 3) {
                throw new IllegalStateException("on purpose");
              }
              return note(key);
            });
    queue.offer("a");

    awaitDone("a");
  }

  @Test
  void anOfferDoesNotShortenABackOffButHasteningDoes() {
    var turns = new AtomicInteger();
    var queue =
        queue(
            1,
            SLOW,
            key -> {
              turns.incrementAndGet();
              return Outcome.BACK_OFF;
            });
    queue.offer("a");
    await().until(() -> turns.get() == 1);
    queue.offer("a");
    await().during(Duration.ofMillis(200)).until(() -> turns.get() == 1);

    queue.hasten("a");

    await().atMost(Duration.ofSeconds(20)).until(() -> turns.get() == 2);
  }

  @Test
  void theDelayDoublesWithEachFailureUpToTheLongest() {
    var retry = new Retry(Duration.ofSeconds(1), Duration.ofMinutes(5));

    assertThat(retry.after(1)).isBetween(Duration.ofMillis(800), Duration.ofMillis(1000));
    assertThat(retry.after(4)).isBetween(Duration.ofMillis(6400), Duration.ofMillis(8000));
    assertThat(retry.after(1_000_000)).isBetween(Duration.ofMinutes(4), Duration.ofMinutes(5));
  }

  @Test
  void afterClosingNothingRuns() {
    var queue = queue(2, QUICK, this::note);
    queue.close();
    queue.offer("a");

    await().during(Duration.ofMillis(200)).until(done::isEmpty);
  }

  @Test
  void itTellsHowManyKeysAreDueAndHowLongTheirTurnsTake() {
    var free = new CountDownLatch(1);
    var queue =
        queue(
            1,
            SLOW,
            key -> {
              awaitLatch(free);
              return key.equals("bad") ? Outcome.BACK_OFF : note(key);
            });
    for (String key : List.of("a", "b", "bad", "c")) {
      queue.offer(key);
    }

    await().until(() -> depth() == 3);
    free.countDown();
    awaitDone("a", "b", "c");

    await().until(() -> meters.get("workqueue.work.duration").timer().count() == 4);
    // The one that failed is not due for a minute.
    assertThat(depth()).isZero();
    assertThat(meters.get("workqueue.queue.duration").timer().count()).isEqualTo(4);
    assertThat(meters.get("workqueue.retries").counter().count()).isEqualTo(1);
    assertThat(meters.get("workqueue.adds").counter().count()).isEqualTo(5);
    queue.close();
    assertThat(meters.find("workqueue.depth").gauge()).isNull();
  }

  private double depth() {
    return meters.get("workqueue.depth").tag("name", "test").gauge().value();
  }
}
