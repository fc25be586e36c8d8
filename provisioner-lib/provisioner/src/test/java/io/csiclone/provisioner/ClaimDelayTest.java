package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ClaimDelayTest {

  private static final Duration SHORTEST = Duration.ofMillis(200);

  /** From when a node writes to a claim to when the others see it. */
  private static final Duration UNSEEN = Duration.ofMillis(40);

  @Test
  void itGrowsWithEachCollisionAndShrinksByItself() {
    var delay = new ClaimDelay(SHORTEST);
    delay.lost();
    delay.lost();
    assertThat(delay.window()).isEqualTo(Duration.ofMillis(800));

    for (int i = 0; i < 30; i++) {
      delay.lost();
    }
    assertThat(delay.window()).isEqualTo(Duration.ofSeconds(10));
    assertThat(delay.next()).isBetween(Duration.ZERO, Duration.ofSeconds(10));

    for (int i = 0; i < 1_000; i++) {
      delay.seen();
    }
    assertThat(delay.window()).isEqualTo(SHORTEST);
  }

  @Test
  void ofAHundredNodesFewTryAtOnceAndTheClaimDoesNotWaitForIt() {
    List<ClaimDelay> nodes =
        IntStream.range(0, 100).mapToObj(i -> new ClaimDelay(SHORTEST)).toList();
    int claims = 500;
    long tries = 0;
    long waitedMillis = 0;
    for (int claim = 0; claim < claims; claim++) {
      List<Duration> draws = new ArrayList<>();
      nodes.forEach(node -> draws.add(node.next()));
      Duration first = draws.stream().min(Duration::compareTo).orElseThrow();
      waitedMillis += first.toMillis();
      for (int i = 0; i < draws.size(); i++) {
        boolean winner = draws.get(i).equals(first);
        boolean blind = draws.get(i).compareTo(first.plus(UNSEEN)) < 0;
        tries += blind ? 1 : 0;
        if (blind && !winner) {
          nodes.get(i).lost();
        } else if (!winner) {
          nodes.get(i).seen();
        }
      }
    }

    assertThat((double) tries / claims).as("nodes that tried, for each claim").isLessThan(6);
    assertThat((double) waitedMillis / claims).as("ms waited for each claim").isLessThan(100);
  }
}
