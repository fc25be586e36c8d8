package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Certificates that somebody else keeps. */
@ExtendWith(OutputCaptureExtension.class)
class CertificateModesTest {

  private static final String SUPPLIED = "--csi-clone.webhook.certificate.mode=supplied";
  private static final String CERT_MANAGER = "--csi-clone.webhook.certificate.mode=cert-manager";

  private final TestAuthority authority = new TestAuthority("platform");

  @Test
  void withoutTheSecretTheProcessIsAliveAndSaysWhatIsMissingAndRecovers(CapturedOutput log) {
    try (var cluster = new Cluster()) {
      cluster.hasConfigurations();
      try (var webhook = new RunningWebhook(cluster.client, SUPPLIED)) {
        assertThat(webhook.probe("/livez")).isEqualTo(200);
        assertThat(webhook.probe("/readyz")).isEqualTo(503);
        assertThat(log)
            .contains(
                "Secret csi-clone-system/csi-clone-webhook-tls cannot be served: it does not exist");

        supply(cluster, authority, authority.server("localhost", "other.example.org"));
        awaitLog(log, "tls.crt does not name 127.0.0.1");
        assertThat(webhook.probe("/readyz")).isEqualTo(503);

        supply(cluster, authority, authority.server("localhost", "127.0.0.1"));
        awaitReady(webhook);
      }
    }
  }

  @Test
  void aSuppliedCertificateIsServedAndItsAuthorityPublished() throws Exception {
    try (var cluster = new Cluster()) {
      cluster.hasConfigurations();
      supply(cluster, authority, authority.server("localhost", "127.0.0.1"));
      try (var webhook = new RunningWebhook(cluster.client, SUPPLIED)) {
        awaitReady(webhook);
        assertThat(cluster.publishedPem()).isEqualTo(authority.pem());
        assertThat(answerOf(webhook, authority)).isEqualTo(200);
        assertThat(cluster.client.leases().inNamespace("csi-clone-system").list().getItems())
            .as("nothing to lead")
            .isEmpty();
      }
    }
  }

  @Test
  void aReplacedCertificateIsServedAndABrokenOneIsNot(CapturedOutput log) throws Exception {
    try (var cluster = new Cluster()) {
      cluster.hasConfigurations();
      var first = authority.server("localhost", "127.0.0.1");
      supply(cluster, authority, first);
      try (var webhook = new RunningWebhook(cluster.client, SUPPLIED)) {
        awaitReady(webhook);
        var next = new TestAuthority("platform-2");

        cluster.store(Map.of("tls.key", next.server("localhost", "127.0.0.1").keyPem()));
        awaitLog(log, "tls.key is not the key of tls.crt");
        cluster.store(Map.of("tls.key", first.keyPem(), "ca.crt", next.pem()));
        awaitLog(log, "ca.crt does not vouch for tls.crt");
        supply(cluster, authority, authority.expiredServer("localhost", "127.0.0.1"));
        awaitLog(log, "tls.crt expired at");
        cluster.store(Map.of("ca.crt", ""));
        cluster.dropCertificate();
        awaitLog(log, "it does not exist");
        assertThat(answerOf(webhook, authority)).as("the good one goes on").isEqualTo(200);
        assertThat(webhook.probe("/readyz")).isEqualTo(200);

        supply(cluster, next, next.server("localhost", "127.0.0.1"));
        await()
            .atMost(Duration.ofSeconds(20))
            .ignoreExceptions()
            .untilAsserted(() -> assertThat(answerOf(webhook, next)).isEqualTo(200));
        assertThat(cluster.publishedPem()).isEqualTo(next.pem());
      }
    }
  }

  @Test
  void anExpiredCertificateIsNotServedInTheFirstPlace() throws Exception {
    try (var cluster = new Cluster()) {
      cluster.hasConfigurations();
      supply(cluster, authority, authority.expiredServer("localhost", "127.0.0.1"));
      try (var webhook = new RunningWebhook(cluster.client, SUPPLIED)) {
        assertThat(webhook.probe("/readyz")).isEqualTo(503);
        supply(cluster, authority, authority.server("localhost", "127.0.0.1"));
        awaitReady(webhook);
        assertThat(answerOf(webhook, authority)).isEqualTo(200);
      }
    }
  }

  @Test
  void aBundleThatIsNoneOfItsBusinessIsLeftAlone() throws Exception {
    for (var mode :
        new String[][] {
          {CERT_MANAGER}, {SUPPLIED, "--csi-clone.webhook.certificate.publish-ca=false"}
        }) {
      try (var cluster = new Cluster()) {
        cluster.hasConfigurations();
        supply(cluster, authority, authority.server("localhost", "127.0.0.1"));
        var writes = cluster.writes();
        try (var webhook = new RunningWebhook(cluster.client, mode)) {
          awaitReady(webhook);
          assertThat(answerOf(webhook, authority)).isEqualTo(200);
          var next = new TestAuthority("next");
          var before = cluster.writes();
          assertThat(before).as("the webhook has written nothing").isEqualTo(writes);

          // cert-manager renews by writing the Secret anew; ca.crt may be absent.
          cluster.store(
              Map.of(
                  "tls.crt",
                  next.server("localhost", "127.0.0.1").certificatePem(),
                  "tls.key",
                  "of another"));
          supply(cluster, next, next.server("localhost", "127.0.0.1"));
          await()
              .atMost(Duration.ofSeconds(20))
              .ignoreExceptions()
              .untilAsserted(() -> assertThat(answerOf(webhook, next)).isEqualTo(200));
          assertThat(cluster.publishedPem()).isEmpty();
        }
      }
    }
  }

  private static void supply(
      Cluster cluster, TestAuthority authority, TestAuthority.Identity server) {
    cluster.store(
        Map.of(
            "ca.crt", authority.pem(),
            "tls.crt", server.certificatePem(),
            "tls.key", server.keyPem()));
  }

  private static int answerOf(RunningWebhook webhook, TestAuthority trusted) throws Exception {
    return RunningWebhook.trusting(trusted.pem())
        .send(
            RunningWebhook.post(webhook.admission("/validate"), new Review().ordinary().json()),
            HttpResponse.BodyHandlers.ofString())
        .statusCode();
  }

  private static void awaitReady(RunningWebhook webhook) {
    await().atMost(Duration.ofSeconds(30)).until(() -> webhook.probe("/readyz") == 200);
  }

  private static void awaitLog(CapturedOutput log, String text) {
    await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(log).contains(text));
  }
}
