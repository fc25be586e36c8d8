package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.admission.v1.AdmissionResponse;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionReview;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A cluster that does not tell what a clone is judged by. */
class FailModeTest {

  private static final KubernetesSerialization JSON = new KubernetesSerialization();

  private final Cluster cluster = new Cluster();

  @AfterEach
  void stop() {
    cluster.close();
  }

  private RunningWebhook webhook(FailMode mode) {
    return new RunningWebhook(
        cluster.client,
        "--csi-clone.webhook.patience=300ms",
        "--csi-clone.webhook.fail-mode=" + mode.name().toLowerCase(Locale.ROOT));
  }

  private static AdmissionResponse answer(
      RunningWebhook webhook, HttpClient client, String path, Review review) {
    var response =
        RunningWebhook.send(client, RunningWebhook.post(webhook.admission(path), review.json()));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return JSON.unmarshal(response.body(), AdmissionReview.class).getResponse();
  }

  private static void assertFollows(FailMode mode, AdmissionResponse answer, String why) {
    assertThat(answer.getAllowed()).isEqualTo(mode == FailMode.ALLOW);
    switch (mode) {
      case ALLOW -> assertThat(answer.getWarnings()).singleElement().asString().contains(why);
      case DENY -> {
        assertThat(answer.getStatus().getCode()).isEqualTo(503);
        assertThat(answer.getStatus().getMessage()).contains("team-a/copy", why, "try again");
      }
    }
  }

  private static void assertCounted(
      RunningWebhook webhook, String path, FailMode mode, String reason) {
    assertThat(
            Scrape.of(webhook)
                .value(
                    "csi_clone_unjudged_total{fail_mode=\"%s\",reason=\"%s\",webhook=\"%s\"}"
                        .formatted(
                            mode.name().toLowerCase(Locale.ROOT), reason, path.substring(1))))
        .isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void appliesUntilTheCachesAreFilled(FailMode mode) {
    cluster.withhold("csidrivers");
    try (var webhook = webhook(mode)) {
      var client = RunningWebhook.trusting(cluster.caPem());
      var answer = answer(webhook, client, "/validate", new Review().withClass("fast"));
      assertFollows(mode, answer, "caches were not filled");
      assertCounted(webhook, "/validate", mode, "cache_not_synced");
    }
  }

  @ParameterizedTest
  @EnumSource
  void appliesWhenTheApiServerIsSlowerThanThePatience(FailMode mode) {
    cluster.hasNamespace(Map.of());
    try (var webhook = webhook(mode)) {
      var client = RunningWebhook.trusting(cluster.caPem());
      await().atMost(Duration.ofSeconds(60)).until(webhook::isReady);
      cluster.stall();
      var tooSmall = new Review().withClass("fast").sized("1Mi");
      assertFollows(mode, answer(webhook, client, "/validate", tooSmall), "300 ms");
      assertCounted(webhook, "/validate", mode, "api_server_slow");
      var unknown = new Review().fromClaim("not-in-any-cache");
      assertFollows(mode, answer(webhook, client, "/mutate", unknown), "300 ms");
      assertCounted(webhook, "/mutate", mode, "api_server_slow");
      assertThat(answer(webhook, client, "/validate", new Review().withClass("fast")).getAllowed())
          .as("a clone that the caches vouch for")
          .isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource
  void appliesWhenTheApiServerRefusesToTell(FailMode mode) {
    try (var webhook = webhook(mode)) {
      var client = RunningWebhook.trusting(cluster.caPem());
      await().atMost(Duration.ofSeconds(60)).until(webhook::isReady);
      cluster.withhold("persistentvolumeclaims");
      var tooSmall = new Review().withClass("fast").sized("1Mi");
      assertFollows(mode, answer(webhook, client, "/validate", tooSmall), "HTTP 403");
      assertCounted(webhook, "/validate", mode, "api_server_failed");
    }
  }

  /** Where the server cannot tell clones from other claims, all of them come here. */
  @Test
  void whatIsNoCloneIsAdmittedWithoutALookUpEvenBeforeTheCachesAreFilled() {
    cluster.withhold("csidrivers");
    try (var webhook = webhook(FailMode.DENY)) {
      var client = RunningWebhook.trusting(cluster.caPem());
      int before = cluster.lookUps();
      for (Map<String, Object> other :
          List.of(
              Map.<String, Object>of(),
              Map.<String, Object>of("operation", "UPDATE"),
              Map.<String, Object>of("operation", "DELETE"),
              Map.<String, Object>of("subResource", "status"),
              Map.<String, Object>of(
                  "kind", Map.of("group", "", "version", "v1", "kind", "Pod")))) {
        var review = new Review().ordinary();
        review.request.putAll(other);
        for (var path : List.of("/mutate", "/validate")) {
          var answer = answer(webhook, client, path, review);
          assertThat(answer.getAllowed()).as("%s %s", path, other).isTrue();
          assertThat(answer.getPatch()).isNull();
          assertThat(answer.getWarnings()).isNullOrEmpty();
        }
      }
      assertThat(webhook.isReady()).isFalse();
      assertThat(cluster.lookUps()).as("look-ups in the cluster").isEqualTo(before);
      assertThat(
              Scrape.of(webhook)
                  .value(
                      "csi_clone_decisions_total{code=\"none\",verdict=\"ignored\","
                          + "webhook=\"validate\"}"))
          .isEqualTo(5);
      var unknown = new Review().fromClaim("not-in-any-cache");
      assertThat(answer(webhook, client, "/mutate", unknown).getAllowed())
          .as("a clone, whose source is looked up")
          .isTrue();
      assertThat(cluster.lookUps()).isGreaterThan(before);
    }
  }
}
