package io.csiclone.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.csiclone.testkit.ApiCall;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** A chart grants its part what that uses in its whole life, and nothing else. */
abstract class RightsContract {

  private final List<HasMetadata> chart;
  private final Rights rights;
  private final int livesAtOnce;

  /**
   * A contract on what the chart grants.
   *
   * @param chart as rendered, with everything switched on that takes rights
   * @param livesAtOnce most of a life without a right is waiting for what does not come
   */
  RightsContract(List<HasMetadata> chart, int livesAtOnce) {
    this.chart = chart;
    this.livesAtOnce = livesAtOnce;
    this.rights = Rights.of(chart);
  }

  /** A life with these rights, not begun yet. */
  abstract Life life(Predicate<ApiCall> rights) throws Exception;

  /** Whether what comes of the lack of {@code missing} takes longer than a life. */
  abstract boolean showsLater(Rights.Grant missing);

  @Test
  void everyCallIsAllowedAndEveryRightIsUsed() throws Exception {
    try (var life = life(rights)) {
      life.run(chart);
      assertThat(life.refused()).as("calls without a right").isEmpty();
      assertThat(rights.grants())
          .isNotEmpty()
          .allSatisfy(grant ->
              assertThat(life.calls()).as("calls that need: %s", grant).anyMatch(grant::allows));
    }
  }

  @TestFactory
  Stream<DynamicTest> oneRightLessBreaksIt() {
    var threads = Executors.newFixedThreadPool(livesAtOnce);
    var outcomes = new LinkedHashMap<Rights.Grant, CompletableFuture<Outcome>>();
    for (Rights.Grant grant : rights.grants()) {
      outcomes.put(grant, CompletableFuture.supplyAsync(() -> lifeWithout(grant), threads));
    }
    threads.shutdown();
    assertThat(outcomes).hasSizeGreaterThan(10);
    return outcomes.entrySet().stream()
        .map(each ->
            dynamicTest(
                each.getKey().toString(),
                () -> assertBroken(each.getKey(), each.getValue().join())));
  }

  /**
   * @param trouble empty when everything came about
   */
  private record Outcome(String trouble, List<ApiCall> refused) {}

  private void assertBroken(Rights.Grant missing, Outcome outcome) {
    if (!showsLater(missing)) {
      assertThat(outcome.trouble()).as("trouble without: %s", missing).isNotEmpty();
    }
    assertThat(outcome.refused())
        .as("calls refused before: %s", outcome.trouble())
        .anyMatch(missing::allows);
  }

  private Outcome lifeWithout(Rights.Grant grant) {
    try (var life = life(rights.without(grant))) {
      try {
        life.run(chart);
        return new Outcome("", life.refused());
      } catch (Life.Trouble trouble) {
        return new Outcome(trouble.toString(), life.refused());
      }
    } catch (Exception e) {
      throw new AssertionError("without " + grant, e);
    }
  }
}
