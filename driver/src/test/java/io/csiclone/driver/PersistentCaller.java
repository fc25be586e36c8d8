package io.csiclone.driver;

import io.csiclone.csiproto.ControllerGrpc;
import io.csiclone.csiproto.ControllerGrpc.ControllerBlockingStub;
import io.csiclone.csiproto.NodeGrpc;
import io.csiclone.csiproto.NodeGrpc.NodeBlockingStub;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.AbstractStub;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.Deque;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;

/**
 * Calls a driver as sidecars and the kubelet do: with deadlines, some far too short, and again
 * until the call succeeds, whatever became of the driver meanwhile. One for each calling thread.
 */
final class PersistentCaller {

  private static final Duration PATIENCE = Duration.ofSeconds(120);
  private static final Duration SEARCH = Duration.ofSeconds(1);
  private static final long PAUSE_MILLIS = 20;
  private static final int REMEMBERED = 200;

  /** What a caller answers by calling again. */
  private static final Set<Code> AGAIN =
      Set.of(Code.ABORTED, Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED, Code.CANCELLED);

  /** What all callers of a campaign count. */
  static final class Figures {
    final Map<String, LongAdder> ended = new ConcurrentHashMap<>();
    final Map<String, LongAdder> cutOff = new ConcurrentHashMap<>();
    private final Map<PersistentCaller, String> inFlight = new ConcurrentHashMap<>();

    /** To be called right before a kill. */
    void killed() {
      inFlight.forEach((caller, call) -> {
        cutOff.computeIfAbsent(call, name -> new LongAdder()).increment();
        caller.cutOff.set(true);
      });
    }

    /** Waits for such a call, but not for ever. */
    void awaitInFlight(String call) throws InterruptedException {
      long deadline = System.nanoTime() + SEARCH.toNanos();
      while (!inFlight.containsValue(call) && System.nanoTime() < deadline) {
        Thread.sleep(1);
      }
    }

    long total(Map<String, LongAdder> counts) {
      return counts.values().stream().mapToLong(LongAdder::sum).sum();
    }
  }

  private final KillableDriver driver;
  private final Random random;
  private final Figures figures;
  private final AtomicBoolean cutOff = new AtomicBoolean();
  private final Deque<String> lately = new ConcurrentLinkedDeque<>();

  PersistentCaller(KillableDriver driver, Random random, Figures figures) {
    this.driver = driver;
    this.random = random;
    this.figures = figures;
  }

  /** The last calls and what they were answered, for whoever looks for the cause of a failure. */
  Collection<String> lately() {
    return lately;
  }

  private void note(String what) {
    lately.add(LocalTime.now(ZoneOffset.UTC).truncatedTo(ChronoUnit.MILLIS) + " " + what);
    if (lately.size() > REMEMBERED) {
      lately.poll();
    }
  }

  /** Whether a kill has hit a call since this was last asked. */
  boolean wasCutOff() {
    return cutOff.getAndSet(false);
  }

  <A> A controller(String name, String about, Function<ControllerBlockingStub, A> call)
      throws Exception {
    return call(
        name, about, () -> call.apply(timed(ControllerGrpc.newBlockingStub(driver.channel()))));
  }

  <A> A node(String name, String about, Function<NodeBlockingStub, A> call) throws Exception {
    return call(name, about, () -> call.apply(timed(NodeGrpc.newBlockingStub(driver.channel()))));
  }

  /** One call, whatever the answer. */
  void once(String name, Function<ControllerBlockingStub, ?> call) throws InterruptedException {
    figures.inFlight.put(this, name);
    try {
      var _ = call.apply(timed(ControllerGrpc.newBlockingStub(driver.channel())));
    } catch (StatusRuntimeException e) {
      Thread.sleep(PAUSE_MILLIS);
    } finally {
      figures.inFlight.remove(this);
    }
  }

  private interface Attempt<A> {
    A make() throws StatusRuntimeException;
  }

  private <A> A call(String name, String about, Attempt<A> attempt) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    figures.inFlight.put(this, name);
    try {
      while (true) {
        try {
          A answer = attempt.make();
          note(name + " " + about + " OK");
          figures.ended.computeIfAbsent(name, any -> new LongAdder()).increment();
          return answer;
        } catch (StatusRuntimeException e) {
          note(
              name
                  + " "
                  + about
                  + " "
                  + e.getStatus().getCode()
                  + " "
                  + e.getStatus().getDescription());
          if (!AGAIN.contains(e.getStatus().getCode()) && !connectionWasClosed(e)) {
            throw new AssertionError(name + " was refused: " + e.getStatus(), e);
          }
          if (System.nanoTime() > deadline) {
            throw new AssertionError(name + " does not end: " + e.getStatus(), e);
          }
        }
        Thread.sleep(PAUSE_MILLIS);
      }
    } finally {
      figures.inFlight.remove(this);
    }
  }

  /** As gRPC tells it when the campaign closes the connection to a killed driver. */
  private static boolean connectionWasClosed(StatusRuntimeException e) {
    return e.getStatus().getCode() == Code.UNKNOWN
        && "channel closed".equals(e.getStatus().getDescription());
  }

  private <S extends AbstractStub<S>> S timed(S stub) {
    long millis =
        switch (random.nextInt(10)) {
          case 0 -> 5 + random.nextInt(50);
          case 1, 2 -> 200 + random.nextInt(800);
          default -> 10_000;
        };
    return stub.withDeadlineAfter(millis, TimeUnit.MILLISECONDS);
  }
}
