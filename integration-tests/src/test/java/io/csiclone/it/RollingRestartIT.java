package io.csiclone.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.csiclone.cluster.NodeCluster;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.RollableScalableResource;
import java.time.Duration;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A restart of the webhook, as every upgrade brings one, while clones are being created. */
@ExtendWith(OnCluster.class)
class RollingRestartIT {

  private static final Logger LOG = LoggerFactory.getLogger(RollingRestartIT.class);
  private static final String WEBHOOK = "csi-clone-webhook";
  private static final int PER_SECOND = 200;

  /** More would only wait in line on a node that is slower than the rate. */
  private static final int AT_ONCE = 32;

  private static final Duration BEFORE_AND_AFTER = Duration.ofSeconds(4);

  private final Queue<String> failures = new ConcurrentLinkedQueue<>();
  private final AtomicInteger admitted = new AtomicInteger();
  private volatile boolean finished;

  @Test
  void noCloneIsRefusedOrLost(NodeCluster cluster) throws InterruptedException {
    var client = cluster.client();
    try (var namespace = TestNamespace.create(cluster);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      namespace.createBound(Claims.claim("pvc-1", "Filesystem").build());
      var before = pods(client);
      assertThat(before).as("replicas").hasSize(2);

      long start = System.nanoTime();
      var load = Thread.ofPlatform().start(() -> createClones(namespace, threads));
      Thread.sleep(BEFORE_AND_AFTER);
      deployment(client).rolling().restart();
      awaitReplaced(client, before);
      Thread.sleep(BEFORE_AND_AFTER);
      finished = true;
      load.join();
      threads.shutdown();
      assertThat(threads.awaitTermination(60, TimeUnit.SECONDS)).isTrue();

      double seconds = (System.nanoTime() - start) / 1e9;
      LOG.info(
          "{} clones admitted in {} s, {} a second, {} failed",
          admitted.get(),
          Math.round(seconds),
          Math.round(admitted.get() / seconds),
          failures.size());
      assertThat(failures).isEmpty();
      assertThat(admitted.get()).as("clones admitted").isGreaterThan(PER_SECOND);
      assertThat(client.persistentVolumeClaims().inNamespace(namespace.name()).list().getItems())
          .as("claims after dry runs alone")
          .hasSize(1);
    }
  }

  private static RollableScalableResource<Deployment> deployment(KubernetesClient client) {
    return client.apps().deployments().inNamespace(NodeCluster.SYSTEM_NAMESPACE).withName(WEBHOOK);
  }

  private static Set<String> pods(KubernetesClient client) {
    return client
        .pods()
        .inNamespace(NodeCluster.SYSTEM_NAMESPACE)
        .withLabel("app.kubernetes.io/name", WEBHOOK)
        .list()
        .getItems()
        .stream()
        .map(Pod::getMetadata)
        .map(ObjectMeta::getName)
        .collect(Collectors.toSet());
  }

  private static void awaitReplaced(KubernetesClient client, Set<String> before) {
    await()
        .atMost(Duration.ofMinutes(3))
        .pollInterval(Duration.ofSeconds(1))
        .untilAsserted(() -> {
          var status = deployment(client).get().getStatus();
          assertThat(status.getAvailableReplicas()).isEqualTo(before.size());
          assertThat(pods(client)).hasSize(before.size()).doesNotContainAnyElementsOf(before);
        });
  }

  /** Each of them is asked about twice, by /mutate and /validate. */
  private void createClones(TestNamespace namespace, ExecutorService threads) {
    var places = new Semaphore(AT_ONCE);
    long start = System.nanoTime();
    try {
      for (int sent = 0; !finished; sent++) {
        long due = start + sent * TimeUnit.SECONDS.toNanos(1) / PER_SECOND;
        TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
        places.acquire();
        String name = "pvc-1-clone-" + sent;
        threads.execute(() -> {
          try {
            create(namespace, name);
          } finally {
            places.release();
          }
        });
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void create(TestNamespace namespace, String name) {
    try {
      var answer = namespace.tryCreateDry(Claims.clone(name, "pvc-1", "Filesystem").build());
      if (answer.created()) {
        admitted.incrementAndGet();
      } else {
        failures.add(name + ": " + answer.code() + " " + answer.body());
      }
    } catch (AssertionError e) {
      failures.add(name + ": " + e.getCause());
    }
  }
}
