package io.csiclone.provisioner;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.provisioner.FaultyApi.Fate;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What befalls the API server while fifty clones are made, and then deleted. */
class ClusterFaultsTest extends FaultTestBed {

  /** How long the Kubernetes client waits before it repeats a request for the first time. */
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);

  @Test
  void anApiServerThatRestartsInTheMiddleLosesAndDoublesNothing() throws Exception {
    FaultyApi way = way();
    driver.createMillis = 20;
    start(way);
    createSource();
    List<String> clones = createClones();

    for (int made = 10; made <= 30; made += 10) {
      awaitMade(made);
      way.restart(Duration.ofMillis(300));
    }
    eventuallyNothingIsLostAndNothingDoubled(clones);

    clones.forEach(this::delete);
    eventually(() -> assertThat(driver.deletes).hasSizeGreaterThan(10));
    way.restart(Duration.ofMillis(300));
    eventuallyNothingIsLeftOfThemAll();
  }

  @Test
  void answersThatAreLostAfterTheServerDidItsPartLoseAndDoubleNothing() throws Exception {
    FaultyApi way = way();
    start(way);
    createSource();
    way.fate = everyFourth(ClusterFaultsTest::writes, Fate.ANSWER_LOST);

    List<String> clones = createClones();
    eventuallyNothingIsLostAndNothingDoubled(clones);
    assertThat(driver.deletes).as("volumes made in vain").isEmpty();
    eventuallyNothingIsLeftOfThemAll();
  }

  @Test
  void aServerThatFailsEveryFourthRequestLosesAndDoublesNothing() throws Exception {
    FaultyApi way = way();
    start(way);
    createSource();
    way.fate = everyFourth(request -> !request.startsWith("WATCH"), new Fate.Refused(500, 0));

    List<String> clones = createClones();
    eventuallyNothingIsLostAndNothingDoubled(clones);
    eventuallyNothingIsLeftOfThemAll();
  }

  @Test
  void watchesThatAreCutAgainAndAgainAreMadeGood() throws Exception {
    FaultyApi way = way();
    driver.createMillis = 20;
    start(way);
    createSource();

    List<String> clones = createClones();
    for (int made = 5; made <= 40; made += 5) {
      awaitMade(made);
      cluster.cutWatches();
    }
    eventuallyNothingIsLostAndNothingDoubled(clones);
    eventuallyNothingIsLeftOfThemAll();
  }

  /** 410: what was missed is not told any more, and has to be listed. */
  @ParameterizedTest
  @ValueSource(ints = {503, 410})
  void whatHappensWhileNothingCanBeWatchedIsNoticedAfterwards(int code) throws Exception {
    FaultyApi way = way();
    start(way);
    createSource();
    List<String> clones = createClones();
    eventuallyNothingIsLostAndNothingDoubled(clones);

    way.fate = request -> request.startsWith("WATCH") ? new Fate.Refused(code, 0) : Fate.PASSED;
    cluster.cutWatches();
    List<String> gone = clones.subList(0, 20);
    gone.forEach(this::delete);
    eventually(() -> assertThat(claims()).hasSize(CLONES + 1 - gone.size()));
    way.fate = request -> Fate.PASSED;

    eventuallyNothingIsLostAndNothingDoubled(clones.subList(20, CLONES));
    eventuallyNothingIsLeftOfThemAll();
  }

  @Test
  void aServerThatIsTooBusyIsAskedLessAndLessOften() throws Exception {
    FaultyApi way = way();
    start(way, builder -> builder.concurrency(CLONES));
    createSource();
    Queue<String> refused = new ConcurrentLinkedQueue<>();
    way.fate =
        request -> {
          if (request.startsWith("WATCH")) {
            return Fate.PASSED;
          }
          refused.add(request);
          return new Fate.Refused(429, 1);
        };

    long begun = System.nanoTime();
    List<String> clones = createClones();
    eventually(() -> assertThat(refused).hasSizeGreaterThan(4 * CLONES));
    long steps = (System.nanoTime() - begun) / FIRST_PAUSE.toNanos();
    way.fate = request -> Fate.PASSED;

    // As many as pauses fit in that double each time; two more for a claim that had to begin anew.
    int atMost = 3 + Long.SIZE - Long.numberOfLeadingZeros(steps);
    assertThat(refused.stream().collect(groupingBy(request -> request, counting())))
        .allSatisfy((request, times) -> assertThat(times).as(request).isLessThanOrEqualTo(atMost));
    eventuallyNothingIsLostAndNothingDoubled(clones);
    assertThat(driver.deletes).as("volumes made in vain").isEmpty();
    eventuallyNothingIsLeftOfThemAll();
  }

  @Test
  void whoeverElseWritesTheSameObjectsAllTheTimeLosesAndDoublesNothing() throws Exception {
    FaultyApi way = way();
    start(way);
    createSource();
    try (var storm = new Storm(4, () -> Stream.concat(claims().stream(), volumes().stream()))) {
      List<String> clones = createClones();
      eventuallyNothingIsLostAndNothingDoubled(clones);
      assertThat(driver.deletes).as("volumes made in vain").isEmpty();
      eventuallyNothingIsLeftOfThemAll();
      assertThat(storm.writes).hasValueGreaterThan(CLONES);
    }
  }

  @Test
  void aClaimThatNeverStaysAsItIsGetsItsVolumeAllTheSame() throws Exception {
    FaultyApi way = way();
    start(way);
    createSource();
    try (var storm = new Storm(4, () -> claims().stream().filter(c -> name(c).equals("clone-0")))) {
      List<String> clones = createClones();
      eventuallyNothingIsLostAndNothingDoubled(clones);
      assertThat(storm.writes).hasValueGreaterThan(CLONES);
    }
  }

  /** The claims go in the moment in which their record does: no other finalizer holds them. */
  @Test
  void aSourceLosesItsProtectionThoughItsLastCloneVanishesWithItsRecord() throws Exception {
    FaultyApi way = way();
    start(way);
    createSource();
    for (int round = 0; round < 5; round++) {
      driver.createAnswer = Status.ABORTED;
      int before = driver.creates.size();
      List<String> clones = createClones();
      eventually(() -> assertThat(driver.creates).hasSizeGreaterThan(before + CLONES));
      clones.forEach(this::delete);
      driver.createAnswer = null;
      eventuallyNothingIsLostAndNothingDoubled(List.of());
    }
  }

  /** Writers that change an annotation of each object as often as they can. */
  private final class Storm implements AutoCloseable {

    private final AtomicLong writes = new AtomicLong();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Future<?>> writers = new ArrayList<>();
    private volatile boolean over;

    Storm(int count, Objects which) {
      for (int i = 0; i < count; i++) {
        writers.add(threads.submit(() -> write(which)));
      }
    }

    private void write(Objects which) {
      while (!over) {
        which.now().forEach(this::touch);
      }
    }

    private void touch(HasMetadata object) {
      try {
        client
            .resource(object)
            .edit(now -> {
              now.getMetadata()
                  .getAnnotations()
                  .put("example.com/touched", Long.toString(writes.incrementAndGet()));
              return now;
            });
      } catch (KubernetesClientException e) {
        // It has changed again or is gone.
      }
    }

    @Override
    public void close() throws Exception {
      over = true;
      for (Future<?> writer : writers) {
        writer.get();
      }
      threads.close();
    }
  }

  /** What a storm goes over. */
  private interface Objects {
    Stream<? extends HasMetadata> now();
  }

  private static boolean writes(String request) {
    return !request.startsWith("GET") && !request.startsWith("WATCH");
  }

  private static Function<String, Fate> everyFourth(
      java.util.function.Predicate<String> which, Fate fate) {
    AtomicInteger count = new AtomicInteger();
    return request -> which.test(request) && count.incrementAndGet() % 4 == 0 ? fate : Fate.PASSED;
  }
}
