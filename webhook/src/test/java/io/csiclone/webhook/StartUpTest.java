package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.csiclone.certs.CertificatesException;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class StartUpTest {

  @Test
  void withoutAClusterTheProcessEndsAndSaysWhatToCheck() {
    try (var nobody = Clients.of("http://localhost:1")) {
      assertThatThrownBy(() -> new RunningWebhook(nobody))
          .hasRootCauseInstanceOf(IOException.class)
          .satisfies(failure -> {
            var analysis = Objects.requireNonNull(new NoCertificate().analyze(failure));
            assertThat(analysis.getDescription())
                .contains("csi-clone-system/csi-clone-webhook-tls", "ConnectException");
            assertThat(analysis.getAction()).contains("KUBECONFIG");
            assertThat(analysis.getCause()).isInstanceOf(CertificatesException.class);
          });
    }
  }

  @Test
  void theProcessIsAliveButNotReadyUntilItsCachesAreFilled() {
    try (var cluster = new Cluster()) {
      cluster.withhold("csidrivers");
      try (var webhook = new RunningWebhook(cluster.client)) {
        assertThat(probe(webhook, "/livez")).isEqualTo(200);
        assertThat(probe(webhook, "/readyz")).isEqualTo(503);
        cluster.withhold(null);
        await().atMost(Duration.ofSeconds(60)).until(() -> probe(webhook, "/readyz") == 200);
      }
    }
  }

  @Test
  void theProcessIsNotReadyWhenItsCertificateHasExpired() {
    var clock = new SettableClock();
    try (var cluster = new Cluster();
        var webhook = new RunningWebhook(cluster.client, clock)) {
      await().atMost(Duration.ofSeconds(60)).until(() -> probe(webhook, "/readyz") == 200);
      clock.ahead = Duration.ofDays(4_000);
      assertThat(probe(webhook, "/readyz")).isEqualTo(503);
      assertThat(probe(webhook, "/livez")).isEqualTo(200);
    }
  }

  private static int probe(RunningWebhook webhook, String path) {
    return RunningWebhook.send(
            HttpClient.newHttpClient(), HttpRequest.newBuilder(webhook.management(path)).build())
        .statusCode();
  }

  private static final class SettableClock extends Clock {
    private volatile Duration ahead = Duration.ZERO;

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return Instant.now().plus(ahead);
    }
  }
}
