package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.grpc.Status;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Several instances, of which one serves. */
class ElectionTest extends ProvisionerTestBed {

  private static final Duration LEASE = Duration.ofSeconds(3);

  private Provisioner stand(ScriptedDriver at, String identity) {
    return start(
        at,
        builder ->
            builder.leaderElection(new LeaderElection("storage", "scripted", identity, LEASE)));
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

      driver.createAnswer = Status.ABORTED;
      var two = create(clone("two", "origin"));
      eventually(() -> assertThat(driver.creates.getLast().getName()).isEqualTo(volumeName(two)));
      leader.close();

      // Taken up by the other, with the same request, though the first had begun it.
      awaitVolumeOf(two);
      assertThat(second.creates).contains(driver.creates.getLast());
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
