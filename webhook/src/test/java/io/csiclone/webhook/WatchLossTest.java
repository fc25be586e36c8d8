package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.csiclone.facts.ClusterFacts;
import io.csiclone.facts.WatchedCache;
import io.csiclone.testkit.ApiCall;
import io.csiclone.testkit.EmbeddedControlPlane;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A cache whose watch goes over plain HTTP, breaks off, and comes back. What it says of itself and
 * what is read from it go together.
 */
@Tag("embedded")
@SuppressWarnings("NullAway.Init") // start() makes the parts
class WatchLossTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final AtomicInteger reads = new AtomicInteger();
  private volatile boolean watchesRefused;
  private EmbeddedControlPlane controlPlane;
  private ClusterFacts facts;

  @BeforeEach
  void start() {
    controlPlane =
        EmbeddedControlPlane.builder()
            .claimBinder(false)
            .objects(() ->
                Stream.of(
                    new PersistentVolumeClaimBuilder()
                        .withNewMetadata()
                        .withNamespace("team-a")
                        .withName("data")
                        .endMetadata()
                        .withNewSpec()
                        .withStorageClassName("fast")
                        .withVolumeName("volume")
                        .withNewResources()
                        .addToRequests("storage", new Quantity("1Gi"))
                        .endResources()
                        .endSpec()
                        .withNewStatus()
                        .withPhase("Bound")
                        .endStatus()
                        .build()))
            .authorizer(this::allowed)
            .start();
    facts = ClusterFacts.watchForAdmission(controlPlane.client(), Duration.ofSeconds(20));
  }

  @AfterEach
  void stop() {
    facts.close();
    controlPlane.close();
  }

  private boolean allowed(ApiCall call) {
    if (call.verb().equals("get") && call.resource().equals("persistentvolumeclaims")) {
      reads.incrementAndGet();
    }
    return !(watchesRefused && call.verb().equals("watch"));
  }

  private boolean allWatch() {
    return facts.caches().stream().allMatch(WatchedCache::watching);
  }

  private boolean someWatch() {
    return facts.caches().stream().anyMatch(WatchedCache::watching);
  }

  private int readsForTheClass() {
    int before = reads.get();
    assertThat(facts.storageClassOf("team-a", "data")).contains("fast");
    return reads.get() - before;
  }

  @Test
  void theClassIsReadFromTheCacheWhileItIsWatchedAndLiveWhileItIsNot() {
    await().atMost(PATIENCE).until(this::allWatch);
    assertThat(readsForTheClass()).as("live reads while watching").isZero();

    watchesRefused = true;
    controlPlane.cutWatches();
    await().atMost(PATIENCE).until(() -> !someWatch());
    assertThat(facts.synced()).as("synced, though not watching").isTrue();
    assertThat(readsForTheClass()).as("live reads after the watch broke off").isEqualTo(1);

    watchesRefused = false;
    await().atMost(PATIENCE).until(this::allWatch);
    assertThat(readsForTheClass()).as("live reads once it is back").isZero();
  }

  @Test
  void aCacheThatNeverGetsToWatchIsFilledButDoesNotSaySo() {
    watchesRefused = true;
    controlPlane.cutWatches();
    try (var blind = ClusterFacts.watchForAdmission(controlPlane.client(), PATIENCE)) {
      await().atMost(PATIENCE).until(blind::synced);
      assertThat(blind.caches()).noneMatch(WatchedCache::watching);
      int before = reads.get();
      assertThat(blind.storageClassOf("team-a", "data")).contains("fast");
      assertThat(reads.get() - before).isEqualTo(1);
    }
  }

  /** The leader's Lease is renewed every other second, and must not crowd out the bookmarks. */
  @Test
  void whatHappensToOtherObjectsDoesNotKeepAnIdleCacheFromWatching() {
    var other = new ConfigMapBuilder().withNewMetadata().withName("busy").endMetadata().build();
    controlPlane.client().resource(other).create();
    var turn = new AtomicInteger();
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(200))
        .until(() -> {
          controlPlane
              .client()
              .configMaps()
              .withName("busy")
              .edit(map ->
                  new ConfigMapBuilder(map).addToData("turn", "" + turn.incrementAndGet()).build());
          return allWatch();
        });
  }
}
