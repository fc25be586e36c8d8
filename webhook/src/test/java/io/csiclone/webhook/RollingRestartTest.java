package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Replicas that are replaced one by one while reviews go on, as a Deployment does it: a new one
 * first, then the old one is told to end. The addresses follow readiness late, as in a cluster.
 */
class RollingRestartTest {

  private static final int PER_SECOND = 200;
  private static final Duration ADDRESSES_LAG = Duration.ofMillis(500);

  private final Cluster cluster = new Cluster();

  @BeforeEach
  void start() {
    cluster.hasNamespace(Map.of());
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  private RunningWebhook replica(Duration drain) {
    // What is asked here is whether reviews are lost, not how fast they are.
    return new RunningWebhook(
        cluster.client,
        "--csi-clone.webhook.patience=20s",
        "--csi-clone.webhook.drain=" + drain.toMillis() + "ms");
  }

  @Test
  void noReviewIsLostWhenEveryReplicaIsReplacedUnderLoad() throws InterruptedException {
    try (var service = new Service()) {
      service.replaceAll(Duration.ofSeconds(3));
      assertThat(service.failures).isEmpty();
      assertThat(service.answered.get()).as("reviews answered").isGreaterThan(PER_SECOND);
    }
  }

  /** Shows that the other test would notice. */
  @Test
  void withoutADrainReviewsAreLost() throws InterruptedException {
    try (var service = new Service()) {
      service.replaceAll(Duration.ZERO);
      assertThat(service.failures).isNotEmpty();
    }
  }

  @Test
  void aDrainingReplicaIsAliveNotReadyAndLetsItsConnectionsGo() throws InterruptedException {
    var replica = replica(Duration.ofSeconds(3));
    var client = RunningWebhook.trusting(cluster.caPem());
    await().atMost(Duration.ofSeconds(60)).until(replica::isReady);
    assertThat(review(client, replica).headers().firstValue("Connection")).isEmpty();
    var ending = Thread.ofVirtual().start(replica::close);
    await().atMost(Duration.ofSeconds(2)).until(() -> !replica.isReady());
    assertThat(
            RunningWebhook.send(
                    HttpClient.newHttpClient(),
                    HttpRequest.newBuilder(replica.management("/livez")).build())
                .statusCode())
        .isEqualTo(200);
    var answer = review(client, replica);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Connection")).contains("close");
    ending.join();
  }

  private static HttpResponse<String> review(HttpClient client, RunningWebhook replica) {
    return RunningWebhook.send(client, request(replica));
  }

  private static HttpRequest request(RunningWebhook replica) {
    return RunningWebhook.post(
        replica.admission("/validate"), new Review().withClass("fast").json());
  }

  /** What routes requests to replicas that were ready a while ago. */
  private final class Service implements AutoCloseable {
    private final List<RunningWebhook> addresses = new CopyOnWriteArrayList<>();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final AtomicInteger answered = new AtomicInteger();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private volatile boolean closed;

    void replaceAll(Duration drain) throws InterruptedException {
      var replicas = new ArrayList<RunningWebhook>();
      for (int i = 0; i < 2; i++) {
        replicas.add(admit(replica(drain)));
      }
      var client = RunningWebhook.trusting(cluster.caPem());
      var load = Thread.ofPlatform().start(() -> load(client));
      for (int i = 0; i < replicas.size(); i++) {
        var old = replicas.get(i);
        replicas.set(i, admit(replica(drain)));
        threads.execute(() -> withdraw(old));
        old.close();
      }
      closed = true;
      load.join();
      threads.shutdown();
      assertThat(threads.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
      replicas.forEach(RunningWebhook::close);
    }

    private RunningWebhook admit(RunningWebhook replica) {
      await().atMost(Duration.ofSeconds(60)).until(replica::isReady);
      addresses.add(replica);
      return replica;
    }

    /** Takes the address away, late. */
    private void withdraw(RunningWebhook replica) {
      try {
        Thread.sleep(ADDRESSES_LAG);
        addresses.remove(replica);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private void load(HttpClient client) {
      long start = System.nanoTime();
      for (int sent = 0; !closed; sent++) {
        long due = start + sent * TimeUnit.SECONDS.toNanos(1) / PER_SECOND;
        try {
          TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
        } catch (InterruptedException e) {
          return;
        }
        var routed = List.copyOf(addresses);
        var replica = routed.get(sent % routed.size());
        threads.execute(() -> send(client, replica));
      }
    }

    private void send(HttpClient client, RunningWebhook replica) {
      try {
        var answer = client.send(request(replica), HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() == 200 && answer.body().contains("\"allowed\":true")) {
          answered.incrementAndGet();
        } else {
          failures.add(answer.statusCode() + " " + answer.body());
        }
      } catch (IOException | IllegalStateException e) {
        failures.add(e.toString());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void close() {
      closed = true;
      threads.shutdownNow();
    }
  }
}
