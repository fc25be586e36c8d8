package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.grpc.Status;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Several instances, of which one serves. */
class ElectionTest extends ProvisionerTestBed {

  private static final Duration LEASE = Duration.ofSeconds(3);

  private Provisioner stand(ScriptedDriver at, String identity) {
    var terms = new LeaderElection("storage", "scripted", identity, LEASE);
    return start(at, builder -> builder.leaderElection(terms).meters(metersOf(identity)));
  }

  /** One for each instance. */
  private final Map<String, SimpleMeterRegistry> meters = new ConcurrentHashMap<>();

  private SimpleMeterRegistry metersOf(String identity) {
    return meters.computeIfAbsent(identity, any -> new SimpleMeterRegistry());
  }

  /** As {@code leader_election_master_status} says. */
  private double leads(String identity) {
    return metersOf(identity)
        .get("leader.election.master.status")
        .tag("name", "scripted")
        .gauge()
        .value();
  }

  private @Nullable Lease lease() {
    return client.leases().inNamespace("storage").withName("scripted").get();
  }

  private String holder() {
    Lease lease = lease();
    String holder = lease == null ? null : lease.getSpec().getHolderIdentity();
    return holder == null ? "" : holder;
  }

  @Test
  void oneServesAndTheOtherTakesOverWhenItStops() throws Exception {
    boundClaim("origin");
    try (var second = new ScriptedDriver()) {
      var leader = stand(driver, "first");
      eventually(() -> assertThat(holder()).startsWith("first_"));
      var follower = stand(second, "second");

      awaitVolumeOf(create(clone("one", "origin")));
      assertThat(second.creates).isEmpty();
      assertThat(follower.ready()).isTrue();
      assertThat(leads("first")).isEqualTo(1);
      assertThat(leads("second")).isZero();

      driver.createAnswer = Status.ABORTED;
      var two = create(clone("two", "origin"));
      eventually(() -> assertThat(driver.creates.getLast().getName()).isEqualTo(volumeName(two)));
      leader.close();
      // Given back, not left to run out.
      assertThat(holder()).doesNotStartWith("first_");

      // Taken up by the other, with the same request, though the first had begun it.
      awaitVolumeOf(two);
      assertThat(second.creates).contains(driver.creates.getLast());
      assertThat(leads("second")).isEqualTo(1);
      eventually(() -> assertThat(finalizers("origin")).doesNotContain(Names.CLONE_SOURCE));
      follower.close();
    }
  }

  @Test
  void whoeverLosesTheLeaseStopsServingAndStandsAgain() {
    stand(driver, "first");
    eventually(() -> assertThat(holder()).startsWith("first_"));
    awaitVolumeOf(create(claim("before")));

    // As another instance whose clock runs ahead would.
    client
        .leases()
        .inNamespace("storage")
        .withName("scripted")
        .edit(lease -> {
          lease.getSpec().setHolderIdentity("usurper");
          lease.getSpec().setRenewTime(ZonedDateTime.now(ZoneOffset.UTC));
          return lease;
        });

    // The usurper renews no more, so its Lease runs out.
    eventually(() -> assertThat(holder()).startsWith("first_"));
    awaitVolumeOf(create(claim("after")));
  }
}
