package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** More instances than one at the same driver, wanted or not. */
class SeveralInstancesTest extends FaultTestBed {

  private static final Duration LEASE = Duration.ofSeconds(3);

  private Provisioner stand(FaultyApi way, String identity) {
    return start(
        way,
        builder ->
            builder.leaderElection(new LeaderElection(NAMESPACE, "scripted", identity, LEASE)));
  }

  private String holder() {
    Lease lease = client.leases().inNamespace(NAMESPACE).withName("scripted").get();
    String holder = lease == null ? null : lease.getSpec().getHolderIdentity();
    return holder == null ? "" : holder;
  }

  @Test
  void twoThatKnowNothingOfEachOtherLoseAndDoubleNothing() throws Exception {
    driver.createMillis = 10;
    start(way());
    createSource();
    start(way());

    List<String> clones = createClones();
    eventuallyNothingIsLostAndNothingDoubled(clones);
    eventuallyNothingIsLeftOfThemAll();
  }

  @Test
  void oneWithoutElectionBesideTwoThatElectLosesAndDoublesNothing() throws Exception {
    driver.createMillis = 10;
    start(way());
    createSource();
    Provisioner leader = stand(way(), "first");
    eventually(() -> assertThat(holder()).startsWith("first_"));
    stand(way(), "second");

    List<String> clones = createClones();
    awaitMade(15);
    leader.close();
    eventually(() -> assertThat(holder()).startsWith("second_"));
    eventuallyNothingIsLostAndNothingDoubled(clones);
    eventuallyNothingIsLeftOfThemAll();
  }

  @Test
  void aLeaderThatIsCutOffInTheMiddleIsReplacedAndNothingIsLostOrDoubled() throws Exception {
    driver.createMillis = 20;
    FaultyApi cut = way();
    stand(cut, "first");
    eventually(() -> assertThat(holder()).startsWith("first_"));
    stand(way(), "second");
    createSource();

    List<String> clones = createClones();
    awaitMade(15);
    cut.goDown();
    eventually(() -> assertThat(holder()).startsWith("second_"));
    awaitMade(30);
    // Back in the middle of the other's work, with requests of its own that it still tries.
    cut.comeBack();

    eventuallyNothingIsLostAndNothingDoubled(clones);
    assertThat(holder()).startsWith("second_");
    eventuallyNothingIsLeftOfThemAll();
  }

  @ParameterizedTest
  @ValueSource(ints = {-10, 10})
  void aHolderWhoseClockIsTenMinutesOffKeepsItsLeaseAndLosesItInTimeWhenItIsGone(int minutes)
      throws Exception {
    driver.createMillis = 20;
    FaultyApi skewed = way();
    skewed.ahead = Duration.ofMinutes(minutes);
    stand(skewed, "skewed");
    eventually(() -> assertThat(holder()).startsWith("skewed_"));
    stand(way(), "right");
    createSource();

    List<String> clones = createClones();
    long begun = System.nanoTime();
    while (System.nanoTime() - begun < LEASE.multipliedBy(2).toNanos()) {
      assertThat(holder()).as("while its holder renews it").startsWith("skewed_");
      Thread.sleep(50);
    }
    eventuallyNothingIsLostAndNothingDoubled(clones);

    skewed.goDown();
    // Within minutes fewer than its clock is off.
    eventually(() -> assertThat(holder()).startsWith("right_"));
    eventuallyNothingIsLeftOfThemAll();
  }
}
