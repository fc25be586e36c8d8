package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import io.csiclone.certs.CertificateOptions;
import io.csiclone.certs.Certificates;
import io.csiclone.certs.ServingCertificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class CertificateSwapTest {

  @Test
  void aNewCertificateIsServedWithoutARestart() {
    try (var cluster = new Cluster();
        var webhook =
            new RunningWebhook(
                cluster.client,
                "--csi-clone.webhook.patience=20s",
                "--csi-clone.webhook.certificate.overlap=100ms")) {
      var body = new Review().ordinary().json();
      for (int swap = 0; swap < 3; swap++) {
        var before = cluster.caPem();
        assertThat(
                RunningWebhook.send(
                        RunningWebhook.trusting(before),
                        RunningWebhook.post(webhook.admission("/validate"), body))
                    .statusCode())
            .isEqualTo(200);
        cluster.dropCertificate();
        await()
            .atMost(Duration.ofSeconds(60))
            .ignoreExceptions()
            .until(() -> !cluster.caPem().equals(before));
        // Each time with the CAs of that moment: of three steps this may be the first.
        await()
            .atMost(Duration.ofSeconds(60))
            .ignoreExceptions()
            .untilAsserted(() ->
                assertThat(
                        RunningWebhook.send(
                                RunningWebhook.trusting(cluster.caPem()),
                                RunningWebhook.post(webhook.admission("/validate"), body))
                            .statusCode())
                    .isEqualTo(200));
      }
    }
  }

  @Test
  void aCertificateAndAKeyThatAreNoPairAreNotServed() {
    var one = issue();
    var other = issue();
    assertThat(PemBundle.of(one).createSslContext()).isNotNull();
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            PemBundle.of(
                new ServingCertificate(
                    one.certificateChainPem(), other.privateKeyPem(), one.caPem(), one.notAfter())))
        .withMessageContaining("no pair");
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            PemBundle.of(
                new ServingCertificate(
                    one.certificateChainPem(), "junk", one.caPem(), one.notAfter())));
  }

  private static ServingCertificate issue() {
    var issued = new AtomicReference<ServingCertificate>();
    try (var cluster = new Cluster();
        var _ =
            Certificates.selfManaged(
                cluster.client,
                new CertificateOptions("system", "tls", "webhook", List.of("localhost")),
                Clock.systemUTC(),
                issued::set)) {
      return issued.get();
    }
  }
}
