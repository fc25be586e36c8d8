package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.CreateVolumeRequest;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Many claims that wait when the provisioner comes, some of which can never be served. */
class BacklogTest extends FaultTestBed {

  private static final int CLAIMS = 300;
  private static final int EVERY = 10;

  @Test
  void claimsThatFailForEverTakeNoTurnFromThoseThatHaveNotBeenTried() throws Exception {
    FaultyApi way = way();
    Provisioner before = start(way);
    createSource();
    before.close();
    List<PersistentVolumeClaim> claims = createClones(CLAIMS);
    Set<String> failing = new HashSet<>();
    for (int i = 0; i < CLAIMS; i += EVERY) {
      failing.add("pvc-" + claims.get(i).getMetadata().getUid());
    }
    failing.forEach(volume -> driver.createAnswers.put(volume, Status.INTERNAL));
    driver.creates.clear();

    // So often that each failing claim could be tried ten times before the last of the others.
    driver.createMillis = 50;
    start(way, builder -> builder.retry(Duration.ofMillis(200), Duration.ofMillis(250)));
    eventually(() -> assertThat(driver.volumes).hasSize(CLAIMS - failing.size() + 1));

    List<String> tried =
        driver.creates.stream().map(CreateVolumeRequest::getName).collect(Collectors.toList());
    int last = lastFirstTry(tried, failing);
    long failures = tried.subList(0, last).stream().filter(failing::contains).count();
    assertThat(failures)
        .as("tries of %d failing claims before the last of the others was tried", failing.size())
        .isBetween((long) failing.size() / 2, 3L * failing.size());

    driver.createAnswers.clear();
    eventuallyNothingIsLostAndNothingDoubled(claims.stream().map(FaultTestBed::name).toList());
    eventuallyNothingIsLeftOfThemAll();
  }

  private static int lastFirstTry(List<String> tried, Set<String> failing) {
    Set<String> seen = new HashSet<>();
    List<Integer> first = new ArrayList<>();
    for (int i = 0; i < tried.size(); i++) {
      if (!failing.contains(tried.get(i)) && seen.add(tried.get(i))) {
        first.add(i);
      }
    }
    return first.getLast();
  }
}
