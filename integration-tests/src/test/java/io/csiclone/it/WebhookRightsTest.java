package io.csiclone.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.csiclone.testkit.ApiCall;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The chart grants the webhook what it uses in its whole life, and nothing else. */
@Tag("embedded")
class WebhookRightsTest {

  private static final List<HasMetadata> CHART =
      ChartRenderTest.render(ChartRenderTest.WEBHOOK, ChartRenderTest.NEWEST, Map.of());
  private static final Rights RIGHTS = Rights.of(CHART);

  private static final int LIVES_AT_ONCE = 4;

  @BeforeAll
  static void logOnce() {
    // Two logging libraries are on this class path; Boot would insist on the other.
    System.setProperty("org.springframework.boot.logging.LoggingSystem", "none");
  }

  @Test
  void everyCallIsAllowedAndEveryRightIsUsed() throws Exception {
    try (var life = new WebhookLife(RIGHTS)) {
      life.run(CHART);
      assertThat(life.refused()).as("calls without a right").isEmpty();
      assertThat(RIGHTS.grants())
          .isNotEmpty()
          .allSatisfy(grant ->
              assertThat(life.calls()).as("calls that need: %s", grant).anyMatch(grant::allows));
    }
  }

  @TestFactory
  Stream<DynamicTest> oneRightLessBreaksIt() {
    var threads = Executors.newFixedThreadPool(LIVES_AT_ONCE);
    var outcomes = new LinkedHashMap<Rights.Grant, CompletableFuture<Outcome>>();
    for (Rights.Grant grant : RIGHTS.grants()) {
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

  private static void assertBroken(Rights.Grant missing, Outcome outcome) {
    if (!showsLater(missing)) {
      assertThat(outcome.trouble()).as("trouble without: %s", missing).isNotEmpty();
    }
    assertThat(outcome.refused())
        .as("calls refused before: %s", outcome.trouble())
        .anyMatch(missing::allows);
  }

  /**
   * A leader that cannot renew its Lease leads until that runs out, and what the watch on one
   * configuration would tell the other's may tell first. That the call is made is seen here, what
   * comes of its lack takes longer than this life.
   */
  private static boolean showsLater(Rights.Grant missing) {
    return (missing.verb().equals("patch") && missing.resource().equals("leases"))
        || (missing.verb().equals("watch") && missing.resource().endsWith("webhookconfigurations"));
  }

  private static Outcome lifeWithout(Rights.Grant grant) {
    try (var life = new WebhookLife(RIGHTS.without(grant))) {
      try {
        life.run(CHART);
        return new Outcome("", life.refused());
      } catch (WebhookLife.Trouble trouble) {
        return new Outcome(trouble.toString(), life.refused());
      }
    } catch (Exception e) {
      throw new AssertionError("without " + grant, e);
    }
  }

  @Test
  void aRightIsNoBroaderThanItReads() {
    var grant = new Rights.Grant("get", "", "secrets", "own", "tls");
    assertThat(grant.allows(new ApiCall("", "get", "", "secrets", "own", "tls"))).isTrue();
    assertThat(grant.allows(new ApiCall("", "get", "", "secrets", "own", "other"))).isFalse();
    assertThat(grant.allows(new ApiCall("", "get", "", "secrets", "other", "tls"))).isFalse();
    assertThat(grant.allows(new ApiCall("", "list", "", "secrets", "own", ""))).isFalse();
    assertThat(grant.allows(new ApiCall("", "get", "x", "secrets", "own", "tls"))).isFalse();
  }
}
