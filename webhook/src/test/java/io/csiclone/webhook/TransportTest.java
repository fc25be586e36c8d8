package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.security.KeyStore;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the port speaks, and with whom. Every answer comes over a real handshake. */
class TransportTest {

  private static final String CALLERS =
      "--csi-clone.webhook.client-certificate.ca-config-map=callers";

  private final Cluster cluster = new Cluster();

  @AfterEach
  void stop() {
    cluster.close();
  }

  @ParameterizedTest
  @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
  void theProtocolIsTheOneThatTheCallerOffers(HttpClient.Version version) throws Exception {
    try (var webhook = new RunningWebhook(cluster.client)) {
      var answer = answer(webhook, version, null);
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.version()).isEqualTo(version);
    }
  }

  @Test
  void tls12IsTheOldestVersionSpoken() throws Exception {
    try (var webhook = new RunningWebhook(cluster.client)) {
      assertThat(answerToHello(webhook, 0x0303)).as("handshake, ServerHello").isEqualTo("16 02");
      for (int older : new int[] {0x0302, 0x0301, 0x0300}) {
        assertThat(answerToHello(webhook, older))
            .as("alert, protocol_version, to version %x", older)
            .isEqualTo("15 46");
      }
    }
  }

  @Test
  void onlyCallersOfTheRightAuthorityAreHeard() throws Exception {
    var authority = new TestAuthority("callers");
    trustCallersOf(authority);
    try (var webhook = new RunningWebhook(cluster.client, CALLERS)) {
      var right = authority.client("kube-apiserver").keyStore();
      await().atMost(Duration.ofSeconds(30)).until(() -> webhook.probe("/readyz") == 200);

      assertThat(status(webhook, right)).isEqualTo(200);
      assertRefused(webhook, null);
      assertRefused(webhook, new TestAuthority("callers").client("kube-apiserver").keyStore());
      assertRefused(webhook, authority.server("localhost").keyStore());
      assertThat(webhook.probe("/livez")).as("probes show no certificate").isEqualTo(200);
    }
  }

  @Test
  void ofTheRightAuthorityOnlyTheNamedCallersAreHeard() throws Exception {
    var authority = new TestAuthority("callers");
    trustCallersOf(authority);
    try (var webhook =
        new RunningWebhook(
            cluster.client,
            CALLERS,
            "--csi-clone.webhook.client-certificate.names=kube-apiserver,other")) {
      await().atMost(Duration.ofSeconds(30)).until(() -> webhook.probe("/readyz") == 200);

      assertThat(status(webhook, authority.client("kube-apiserver").keyStore())).isEqualTo(200);
      var refused =
          answer(webhook, HttpClient.Version.HTTP_1_1, authority.client("mallory").keyStore());
      assertThat(refused.statusCode()).isEqualTo(403);
      assertThat(refused.body()).contains("mallory", "csi-clone.webhook.client-certificate.names");
    }
  }

  @Test
  void theAuthorityOfCallersIsFollowedAndWithoutItNobodyIsHeard() throws Exception {
    var authority = new TestAuthority("callers");
    var client = authority.client("kube-apiserver").keyStore();
    try (var webhook = new RunningWebhook(cluster.client, CALLERS)) {
      assertThat(webhook.probe("/livez")).isEqualTo(200);
      assertThat(webhook.probe("/readyz")).isEqualTo(503);
      assertRefused(webhook, client);

      trustCallersOf(authority);
      await().atMost(Duration.ofSeconds(30)).until(() -> webhook.probe("/readyz") == 200);
      assertThat(status(webhook, client)).isEqualTo(200);

      var next = new TestAuthority("next");
      trustCallersOf(next);
      await()
          .atMost(Duration.ofSeconds(30))
          .ignoreExceptions()
          .untilAsserted(() ->
              assertThat(status(webhook, next.client("kube-apiserver").keyStore())).isEqualTo(200));
      assertRefused(webhook, client);
    }
  }

  private void trustCallersOf(TestAuthority authority) {
    cluster
        .client
        .resource(
            new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace("csi-clone-system")
                .withName("callers")
                .endMetadata()
                .addToData("ca.crt", authority.pem())
                .build())
        .createOr(existing -> existing.update());
  }

  private void assertRefused(RunningWebhook webhook, @Nullable KeyStore client) {
    assertThatThrownBy(() -> status(webhook, client)).isInstanceOf(IOException.class);
  }

  private int status(RunningWebhook webhook, @Nullable KeyStore client) throws Exception {
    return answer(webhook, HttpClient.Version.HTTP_1_1, client).statusCode();
  }

  private HttpResponse<String> answer(
      RunningWebhook webhook, HttpClient.Version version, @Nullable KeyStore client)
      throws Exception {
    try (var http =
        HttpClient.newBuilder()
            .sslContext(RunningWebhook.tls(RunningWebhook.trust(cluster.caPem()), client))
            .version(version)
            .connectTimeout(Duration.ofSeconds(20))
            .build()) {
      return http.send(
          RunningWebhook.post(webhook.admission("/validate"), new Review().ordinary().json()),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  /**
   * Says hello in a version that this JDK itself would not speak any more.
   *
   * @return the kind of record that comes back, and the kind of handshake message or of alert in it
   */
  private static String answerToHello(RunningWebhook webhook, int version) throws IOException {
    try (var socket = new Socket("localhost", webhook.admission("/").getPort())) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write(hello(version));
      var in = socket.getInputStream();
      var header = in.readNBytes(5);
      var content = in.readNBytes(2);
      return "%02x %02x".formatted(header[0], header[0] == 0x15 ? content[1] : content[0]);
    }
  }

  private static byte[] hello(int version) throws IOException {
    var body = new ByteArrayOutputStream();
    var out = new DataOutputStream(body);
    out.writeShort(version);
    out.write(new byte[32]);
    out.writeByte(0);
    // ECDHE with ECDSA: AES-128 GCM, which is of TLS 1.2, and AES-128 CBC, which is older.
    out.writeShort(4);
    out.writeShort(0xC02B);
    out.writeShort(0xC009);
    out.writeShort(0x0100);
    // Extensions: groups (P-256), point formats (plain), signatures (ECDSA with SHA-256).
    out.writeShort(8 + 6 + 8);
    for (int extension : new int[] {0x000A, 0x0017, 0x000D, 0x0403}) {
      if (extension == 0x000A || extension == 0x000D) {
        out.writeShort(extension);
        out.writeShort(4);
        out.writeShort(2);
      } else {
        out.writeShort(extension);
      }
    }
    out.writeShort(0x000B);
    out.writeShort(2);
    out.writeShort(0x0100);
    var hello = new ByteArrayOutputStream();
    var record = new DataOutputStream(hello);
    record.writeByte(0x16);
    record.writeShort(Math.min(version, 0x0301));
    record.writeShort(body.size() + 4);
    record.writeInt(0x01000000 | body.size());
    record.write(body.toByteArray());
    return hello.toByteArray();
  }
}
