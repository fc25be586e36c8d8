package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.csiclone.rules.RuleCode;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a Prometheus server reads from the management port. */
class MetricsTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private Cluster cluster;
  private RunningWebhook webhook;
  private HttpClient client;

  @BeforeEach
  void start() {
    cluster = new Cluster();
    webhook = new RunningWebhook(cluster.client, "--csi-clone.webhook.patience=20s");
    client = RunningWebhook.trusting(cluster.caPem());
    await().atMost(PATIENCE).until(() -> webhook.isReady());
  }

  @AfterEach
  void stop() {
    webhook.close();
    cluster.close();
  }

  private void ask(String path, Review review) {
    assertThat(
            RunningWebhook.send(client, RunningWebhook.post(webhook.admission(path), review.json()))
                .statusCode())
        .isEqualTo(200);
  }

  @Test
  void everyDecisionIsCountedByWebhookVerdictAndCode() {
    ask("/mutate", new Review());
    ask("/mutate", new Review().from("v1", "PersistentVolumeClaim", "data"));
    ask("/validate", new Review().withClass("fast"));
    ask("/validate", new Review().ordinary());
    ask("/validate", new Review().withClass("fast").sized("1Mi"));
    var twoFaults = new Review().withClass("fast").sized("1Mi");
    twoFaults.spec.put("volumeMode", "Block");
    ask("/validate", twoFaults);

    var scrape = Scrape.of(webhook);
    for (var counted :
        new String[][] {
          {"mutate", "patched", "none", "1"},
          {"mutate", "denied", "UnknownDataSource", "1"},
          {"mutate", "denied", "SizeTooSmall", "0"},
          {"mutate", "allowed", "none", "0"},
          {"validate", "allowed", "none", "1"},
          {"validate", "ignored", "none", "1"},
          {"validate", "denied", "SizeTooSmall", "2"},
          {"validate", "denied", "VolumeModeMismatch", "0"},
          {"validate", "unjudged", "none", "0"}
        }) {
      assertThat(
              scrape.value(
                  "csi_clone_decisions_total{code=\"%s\",verdict=\"%s\",webhook=\"%s\"}"
                      .formatted(counted[2], counted[1], counted[0])))
          .as("decisions of %s", Arrays.toString(counted))
          .isEqualTo(Double.parseDouble(counted[3]));
    }
    assertThat(scrape.value(finding("validate", "SizeTooSmall", "deny"))).isEqualTo(2);
    assertThat(scrape.value(finding("validate", "VolumeModeMismatch", "deny"))).isEqualTo(1);
    assertThat(
            scrape.series().entrySet().stream()
                .filter(each -> each.getKey().startsWith("csi_clone_decisions_total{"))
                .mapToDouble(each -> each.getValue())
                .sum())
        .as("all decisions")
        .isEqualTo(6);
    for (RuleCode code : RuleCode.values()) {
      assertThat(scrape.value(finding("validate", code.id(), "warn"))).isZero();
    }
  }

  private static String finding(String webhook, String code, String mode) {
    return "csi_clone_findings_total{code=\"%s\",mode=\"%s\",webhook=\"%s\"}"
        .formatted(code, mode, webhook);
  }

  @Test
  void aWarningIsCountedByItsCode() {
    cluster.hasNamespace(java.util.Map.of("csi-clone.io/mode.SizeTooSmall", "warn"));
    await()
        .atMost(PATIENCE)
        .until(
            () -> Scrape.of(webhook).value("csi_clone_cache_objects{cache=\"namespaces\"}") == 1);
    ask("/validate", new Review().withClass("fast").sized("1Mi"));
    var scrape = Scrape.of(webhook);
    assertThat(scrape.value(finding("validate", "SizeTooSmall", "warn"))).isEqualTo(1);
    assertThat(scrape.value(finding("validate", "SizeTooSmall", "deny"))).isZero();
    assertThat(
            scrape.value(
                "csi_clone_decisions_total{code=\"none\",verdict=\"allowed\",webhook=\"validate\"}"))
        .isEqualTo(1);
  }

  @Test
  void latencyIsAHistogramFromHalfAMillisecondToTheFiveSecondsThatTheApiServerWaits() {
    ask("/validate", new Review().withClass("fast"));
    ask("/validate", new Review().withClass("fast"));
    var scrape = Scrape.of(webhook);
    var labels = "verdict=\"allowed\",webhook=\"validate\"";
    assertThat(
            scrape.series().keySet().stream()
                .filter(name -> name.startsWith("csi_clone_admission_duration_seconds_bucket{"))
                .filter(name -> name.contains(labels))
                .map(name -> name.replaceAll(".*le=\"([^\"]*)\".*", "$1"))
                .sorted(java.util.Comparator.comparingDouble(MetricsTest::bound))
                .collect(Collectors.joining(" ")))
        .isEqualTo("5.0E-4 0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1.0 2.5 5.0 +Inf");
    assertThat(scrape.value("csi_clone_admission_duration_seconds_count{" + labels + "}"))
        .isEqualTo(2);
    assertThat(scrape.value("csi_clone_admission_duration_seconds_sum{" + labels + "}"))
        .isPositive()
        .isLessThan(60);
  }

  private static double bound(String text) {
    return text.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(text);
  }

  @Test
  void theStateOfEveryCacheIsTold() {
    var scrape = Scrape.of(webhook);
    for (var holds :
        new Object[][] {
          {"claims", 1},
          {"volumes", 1},
          {"storage_classes", 1},
          {"csi_drivers", 1},
          {"namespaces", 0}
        }) {
      var label = "{cache=\"" + holds[0] + "\"}";
      assertThat(scrape.value("csi_clone_cache_synced" + label)).as(label).isEqualTo(1);
      assertThat(scrape.value("csi_clone_cache_objects" + label))
          .as(label)
          .isEqualTo(((Integer) holds[1]).doubleValue());
      assertThat(scrape.value("csi_clone_cache_age_seconds" + label)).as(label).isBetween(0., 60.);
      await()
          .atMost(PATIENCE)
          .untilAsserted(() ->
              assertThat(Scrape.of(webhook).value("csi_clone_cache_watching" + label))
                  .as(label)
                  .isEqualTo(1));
    }
  }

  @Test
  void aCacheThatCannotBeFilledIsToldFromTheOthers() {
    try (var broken = new Cluster()) {
      broken.withhold("csidrivers");
      try (var stuck = new RunningWebhook(broken.client)) {
        await()
            .atMost(PATIENCE)
            .until(() -> Scrape.of(stuck).value("csi_clone_cache_synced{cache=\"claims\"}") == 1);
        var scrape = Scrape.of(stuck);
        assertThat(scrape.value("csi_clone_cache_synced{cache=\"csi_drivers\"}")).isZero();
        assertThat(scrape.value("csi_clone_cache_watching{cache=\"csi_drivers\"}")).isZero();
      }
    }
  }

  @Test
  void theCertificatesEndAndItsRotationsAreTold() {
    var before = Scrape.of(webhook);
    assertThat(before.value("csi_clone_certificate_expiry_seconds"))
        .isBetween(86_400., 10. * 365 * 86_400);
    assertThat(before.value("csi_clone_certificate_rotations_total")).isZero();
    cluster.dropCertificate();
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(Scrape.of(webhook).value("csi_clone_certificate_rotations_total"))
                .isEqualTo(1));
  }

  @Test
  void aRequestThatIsNoReviewIsCountedByItsStatus() {
    RunningWebhook.send(client, RunningWebhook.post(webhook.admission("/validate"), "{}"));
    RunningWebhook.send(client, RunningWebhook.post(webhook.admission("/nowhere"), "{}"));
    var scrape = Scrape.of(webhook);
    assertThat(scrape.value("csi_clone_bad_requests_total{status=\"400\"}")).isEqualTo(1);
    assertThat(scrape.value("csi_clone_bad_requests_total{status=\"404\"}")).isEqualTo(1);
    assertThat(scrape.value("csi_clone_bad_requests_total{status=\"500\"}")).isZero();
  }

  @Test
  void nothingThatAUserWritesAddsASeriesOrShowsInOne() {
    var before = Scrape.of(webhook).series().keySet();
    for (int i = 0; i < 50; i++) {
      var review =
          new Review().withClass("class-" + i).from("", "PersistentVolumeClaim", "src-" + i);
      review.metadata.put("name", "copy-" + i);
      review.metadata.put("namespace", "namespace-" + i);
      review.request.put("name", "copy-" + i);
      review.request.put("namespace", "namespace-" + i);
      ask(i % 2 == 0 ? "/mutate" : "/validate", review);
    }
    var after = Scrape.of(webhook);
    assertThat(after.series().keySet()).isEqualTo(before);
    assertThat(after.text()).doesNotContain("namespace-", "copy-", "src-", "class-");
    assertThat(after.value(finding("validate", "SourceNotFound", "deny"))).isEqualTo(25);
  }

  @Test
  void everyMetricIsOurOwn() {
    assertThat(Scrape.of(webhook).names())
        .isNotEmpty()
        .allMatch(name -> name.startsWith("csi_clone_"));
  }
}
