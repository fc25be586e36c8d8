package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.StatusCause;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionResponse;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionReview;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The application as the API server meets it: real TLS, real HTTP. */
class AdmissionEndpointTest {

  private static final KubernetesSerialization JSON = new KubernetesSerialization();
  private static Cluster cluster;
  private static RunningWebhook webhook;
  private static HttpClient client;

  @BeforeAll
  static void start() {
    cluster = new Cluster();
    webhook = new RunningWebhook(cluster.client, "--csi-clone.webhook.patience=20s");
    client = RunningWebhook.trusting(cluster.caPem());
    await().atMost(Duration.ofSeconds(30)).until(() -> get("/readyz").statusCode() == 200);
  }

  @AfterAll
  static void stop() {
    webhook.close();
    cluster.close();
  }

  private static HttpResponse<String> get(String path) {
    return RunningWebhook.send(
        HttpClient.newHttpClient(), HttpRequest.newBuilder(webhook.management(path)).build());
  }

  private static HttpResponse<String> post(String path, String body) {
    return RunningWebhook.send(client, RunningWebhook.post(webhook.admission(path), body));
  }

  private static AdmissionResponse answer(String path, Review review) {
    var response = post(path, review.json());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type")).contains("application/json");
    var answer = JSON.unmarshal(response.body(), AdmissionReview.class);
    assertThat(answer.getApiVersion()).isEqualTo("admission.k8s.io/v1");
    assertThat(answer.getKind()).isEqualTo("AdmissionReview");
    assertThat(answer.getResponse().getUid()).isEqualTo(review.request.get("uid"));
    return answer.getResponse();
  }

  @Test
  void aGoodCloneIsAdmitted() {
    var answer = answer("/validate", new Review().withClass("fast"));
    assertThat(answer.getAllowed()).isTrue();
    assertThat(answer.getPatch()).isNull();
    assertThat(answer.getWarnings()).isNullOrEmpty();
  }

  @Test
  void aBadCloneIsRefusedWithItsCodesInReasonMessageAndCauses() {
    var review = new Review().withClass("fast").sized("512Mi");
    review.spec.put("volumeMode", "Block");
    var answer = answer("/validate", review);
    assertThat(answer.getAllowed()).isFalse();
    var status = answer.getStatus();
    assertThat(status.getCode()).isEqualTo(403);
    assertThat(status.getReason()).isEqualTo("SizeTooSmall");
    assertThat(status.getMessage().lines())
        .satisfiesExactly(
            line ->
                assertThat(line)
                    .isEqualTo(
                        "SizeTooSmall: claim team-a/copy asks for 512Mi, but source claim"
                            + " team-a/data has a volume of 1Gi; ask for at least 1Gi."),
            line -> assertThat(line).startsWith("VolumeModeMismatch: claim team-a/copy has"));
    assertThat(status.getDetails().getName()).isEqualTo("copy");
    assertThat(status.getDetails().getCauses())
        .extracting(StatusCause::getReason, StatusCause::getField)
        .containsExactly(
            tuple("SizeTooSmall", "spec.resources.requests.storage"),
            tuple("VolumeModeMismatch", "spec.volumeMode"));
    assertThat(status.getDetails().getCauses())
        .extracting(StatusCause::getMessage)
        .allSatisfy(message -> assertThat(message).startsWith("claim team-a/copy").endsWith("."));
  }

  @Test
  void theAuditLogGetsTheVerdictOnEveryClone() {
    assertThat(answer("/validate", new Review().withClass("fast")).getAuditAnnotations())
        .isEqualTo(Map.of("verdict", "allowed"));
    assertThat(answer("/mutate", new Review()).getAuditAnnotations())
        .isEqualTo(Map.of("verdict", "patched"));
    var bad = new Review().withClass("fast").sized("512Mi");
    bad.spec.put("volumeMode", "Block");
    assertThat(answer("/validate", bad).getAuditAnnotations())
        .isEqualTo(Map.of("verdict", "denied", "codes", "SizeTooSmall,VolumeModeMismatch"));
    assertThat(answer("/validate", new Review().ordinary()).getAuditAnnotations()).isNullOrEmpty();
  }

  @Test
  void theAuditLogAlsoGetsWhatUsersAreOnlyWarnedOf() {
    var review = new Review().withClass("fast");
    review.spec.put("accessModes", List.of("ReadOnlyMany"));
    var answer = answer("/validate", review);
    assertThat(answer.getAllowed()).isTrue();
    assertThat(answer.getAuditAnnotations())
        .isEqualTo(Map.of("verdict", "allowed", "warned", "AccessModeNarrowing"));
    review.sized("1Mi");
    assertThat(answer("/validate", review).getAuditAnnotations())
        .isEqualTo(
            Map.of("verdict", "denied", "codes", "SizeTooSmall", "warned", "AccessModeNarrowing"));
  }

  /** An answer must not tell whether the source in the other namespace exists. */
  @Test
  void nothingIsRevealedOfAnotherNamespace() throws InterruptedException {
    cluster.alsoHoldsAClaimIn("team-b", "there");
    for (var path : List.of("/mutate", "/validate")) {
      cluster.paths();
      var there = answer(path, new Review().withClass("fast").fromRef("there", "team-b"));
      var notThere = answer(path, new Review().withClass("fast").fromRef("nowhere", "team-b"));
      assertThat(there).isEqualTo(notThere);
      assertThat(there.getAllowed()).isFalse();
      assertThat(there.getStatus().getReason()).isEqualTo("CrossNamespace");
      assertThat(there.getStatus().getMessage()).doesNotContain("there", "exist");
      assertThat(cluster.paths()).as("asked for by " + path).noneMatch(p -> p.contains("team-b"));
    }
  }

  @Test
  void aDryRunGetsTheSameAnswerAndNothingIsWritten() {
    for (var review :
        List.of(
            new Review(),
            new Review().withClass("fast"),
            new Review().withClass("fast").sized("1Mi"),
            new Review().from("v1", "PersistentVolumeClaim", "data"))) {
      for (var path : List.of("/mutate", "/validate")) {
        review.request.put("dryRun", false);
        var real = answer(path, review);
        review.request.put("dryRun", true);
        int writes = cluster.writesButOfLeases();
        assertThat(answer(path, review)).isEqualTo(real);
        assertThat(cluster.writesButOfLeases()).as("writes to the cluster").isEqualTo(writes);
      }
    }
  }

  @Test
  void aCloneWithoutClassIsPatchedAndTheUserWarned() {
    var answer = answer("/mutate", new Review().sentByUser("accessModes"));
    assertThat(answer.getAllowed()).isTrue();
    assertThat(answer.getPatchType()).isEqualTo("JSONPatch");
    assertThat(new String(Base64.getDecoder().decode(answer.getPatch()), StandardCharsets.UTF_8))
        .isEqualTo("[{\"op\":\"add\",\"path\":\"/spec/storageClassName\",\"value\":\"fast\"}]");
    assertThat(answer.getWarnings()).singleElement().asString().contains("fast");
  }

  @Test
  void anOrdinaryClaimIsNeverTouched() {
    for (var path : new String[] {"/mutate", "/validate"}) {
      var answer = answer(path, new Review().ordinary());
      assertThat(answer.getAllowed()).isTrue();
      assertThat(answer.getPatch()).isNull();
      assertThat(answer.getWarnings()).isNullOrEmpty();
    }
  }

  @Test
  void aMessageIsShortHoweverLongTheNames() {
    var answer =
        answer("/validate", new Review().from("", "PersistentVolumeClaim", "x".repeat(1 << 20)));
    assertThat(answer.getAllowed()).isFalse();
    assertThat(answer.getStatus().getMessage()).hasSizeLessThan(2_000);
  }

  static Stream<Arguments> badBodies() {
    return Stream.of(
        Arguments.of("", "not a JSON object"),
        Arguments.of("apiVersion: admission.k8s.io/v1", "not a JSON object"),
        Arguments.of("[]", "not a JSON object"),
        Arguments.of("{\"kind\":", "not valid JSON"),
        Arguments.of("{\"a\":".repeat(100_000), "not valid JSON"),
        Arguments.of("{}", "not AdmissionReview"),
        Arguments.of("{\"kind\":\"Pod\",\"apiVersion\":\"v1\"}", "not AdmissionReview"),
        Arguments.of(
            "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1beta1\"}",
            "not admission.k8s.io/v1"),
        Arguments.of(
            "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\"}", "no request"),
        Arguments.of(
            "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\",\"request\":{}}",
            "no uid"),
        Arguments.of(with(review -> review.request.put("uid", 7)), "no uid"),
        Arguments.of(with(review -> review.request.remove("object")), "no object"),
        Arguments.of(with(review -> review.request.remove("namespace")), "no namespace"),
        Arguments.of(
            with(review -> review.spec.put("accessModes", "ReadWriteOnce{")),
            "not a PersistentVolumeClaim"),
        Arguments.of(with(review -> review.sized("plenty")), "plenty"));
  }

  private static String with(Consumer<Review> change) {
    var review = new Review();
    change.accept(review);
    return review.json();
  }

  @ParameterizedTest
  @MethodSource("badBodies")
  void whatIsNoReviewGetsASentence(String body, String says) {
    for (var path : new String[] {"/mutate", "/validate"}) {
      var response = post(path, body);
      assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
      assertSentence(response.body(), says);
    }
  }

  private static void assertSentence(String body, String says) {
    assertThat(body).contains(says).endsWith(".\n").doesNotContain("Exception", "\tat ");
    assertThat(body.lines()).hasSize(1);
  }

  @Test
  void aBodyThatIsTooLargeGets413() {
    var response = post("/validate", " ".repeat(Reviews.LARGEST_BODY + 1));
    assertThat(response.statusCode()).isEqualTo(413);
    assertSentence(response.body(), "3145728 bytes");
  }

  @Test
  void aBodyOfUnknownLengthThatIsTooLargeGets413() {
    var bytes = new byte[Reviews.LARGEST_BODY + 100_000];
    var request =
        HttpRequest.newBuilder(webhook.admission("/validate"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(bytes)))
            .build();
    assertThat(RunningWebhook.send(client, request).statusCode()).isEqualTo(413);
  }

  @Test
  void wrongMethodsTypesAndPathsGetASentence() {
    var get =
        RunningWebhook.send(
            client, HttpRequest.newBuilder(webhook.admission("/mutate")).GET().build());
    assertThat(get.statusCode()).isEqualTo(405);
    assertThat(get.headers().firstValue("Allow")).contains("POST");
    assertSentence(get.body(), "POST");
    var yaml =
        RunningWebhook.send(
            client,
            HttpRequest.newBuilder(webhook.admission("/mutate"))
                .header("Content-Type", "application/yaml")
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build());
    assertThat(yaml.statusCode()).isEqualTo(415);
    assertSentence(yaml.body(), "application/json");
    var elsewhere =
        RunningWebhook.send(
            client, HttpRequest.newBuilder(webhook.admission("/elsewhere")).GET().build());
    assertThat(elsewhere.statusCode()).isEqualTo(404);
    assertSentence(elsewhere.body(), "/mutate and /validate");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void aSpoiltReviewNeverBringsTheWebhookDown(long seed) {
    var random = new Random(seed);
    var good = new Review().withClass("fast").json().toCharArray();
    for (int round = 0; round < 60; round++) {
      var spoilt = good.clone();
      for (int spot = 0; spot < 1 + random.nextInt(4); spot++) {
        spoilt[random.nextInt(spoilt.length)] = (char) (32 + random.nextInt(95));
      }
      var body = new String(spoilt);
      var response = post(random.nextBoolean() ? "/mutate" : "/validate", body);
      assertThat(response.statusCode()).as("seed %d, %s", seed, body).isIn(200, 400);
    }
  }

  @Test
  void theServerSpeaksTlsAlone() throws IOException {
    var plain =
        HttpRequest.newBuilder(
                URI.create(webhook.admission("/mutate").toString().replace("https:", "http:")))
            .build();
    assertThat(RunningWebhook.send(HttpClient.newHttpClient(), plain).statusCode()).isEqualTo(400);
    var context = client.sslContext();
    try (var socket =
        (SSLSocket)
            context
                .getSocketFactory()
                .createSocket("localhost", webhook.port("local.server.port"))) {
      socket.startHandshake();
      assertThat(socket.getSession().getProtocol()).isEqualTo("TLSv1.3");
    }
    try (var socket =
        (SSLSocket)
            context
                .getSocketFactory()
                .createSocket("localhost", webhook.port("local.server.port"))) {
      socket.setEnabledProtocols(new String[] {"TLSv1.2"});
      socket.startHandshake();
    }
  }

  @Test
  void theProbesAnswerInPlainHttpAndTellNoDetails() {
    assertThat(get("/livez").body()).isEqualTo("{\"status\":\"UP\"}");
    assertThat(get("/readyz").body()).isEqualTo("{\"status\":\"UP\"}");
    assertThat(get("/env").statusCode()).isEqualTo(404);
    assertThat(get("/actuator/env").statusCode()).isEqualTo(404);
  }

  @Test
  void anIdleConnectionIsClosedInTime() throws IOException {
    try (var socket = new Socket("localhost", webhook.port("local.server.port"))) {
      socket.setSoTimeout(30_000);
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void requestsRunOnVirtualThreads() {
    answer("/validate", new Review().ordinary());
    assertThat(webhook.threads()).isNotEmpty().allMatch(Thread::isVirtual);
  }

  @Test
  void theCertificateIsNotTrustedByWhoeverDoesNotHaveTheCa() {
    assertThatExceptionOfType(SSLHandshakeException.class)
        .isThrownBy(() ->
            HttpClient.newHttpClient()
                .send(
                    RunningWebhook.post(webhook.admission("/mutate"), "{}"),
                    HttpResponse.BodyHandlers.ofString()));
  }
}
