package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.csiclone.certs.CertificatesException;
import java.io.IOException;
import java.time.Duration;
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
        assertThat(webhook.probe("/livez")).isEqualTo(200);
        assertThat(webhook.probe("/readyz")).isEqualTo(503);
        cluster.withhold(null);
        await().atMost(Duration.ofSeconds(60)).until(() -> webhook.probe("/readyz") == 200);
      }
    }
  }

  @Test
  void theProcessIsNotReadyWhenItsCertificateHasExpired() {
    var clock = new SettableClock();
    try (var cluster = new Cluster();
        var webhook = new RunningWebhook(cluster.client, clock)) {
      await().atMost(Duration.ofSeconds(60)).until(() -> webhook.probe("/readyz") == 200);
      clock.ahead = Duration.ofDays(4_000);
      assertThat(webhook.probe("/readyz")).isEqualTo(503);
      assertThat(webhook.probe("/livez")).isEqualTo(200);
    }
  }
}
