package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.code_intelligence.jazzer.api.BugDetectors;
import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.mock.web.MockHttpServletRequest;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * No body, whatever it is, gets anything but an answer to its review or a refusal as no review, and
 * none keeps the webhook busy. As a plain test it goes through the seeds: the recorded reviews,
 * those below, and what a campaign once found. {@code ./dev soak fuzz-webhook} is the campaign.
 */
class ReviewFuzzTest {

  /**
   * A hang is more than this of the processor's time in each of several tries; of the clock's time
   * a busy machine takes as much from any body.
   */
  private static final long HANG = TimeUnit.MILLISECONDS.toNanos(100);

  /** More than this by the clock is one on any machine. */
  private static final long HANG_BY_THE_CLOCK = TimeUnit.SECONDS.toNanos(5);

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private static final int TRIES = 5;

  /** Of so many inputs one goes through TLS and HTTP as well. */
  private static final int OVER_THE_WIRE = 16;

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final List<String> PATHS = List.of("/mutate", "/validate");

  private static final Map<String, Long> outcomes = new TreeMap<>();
  private static long inputs;
  private static long slowest;
  private static long slowestByTheClock;
  private static List<ObjectNode> templates;
  private static Cluster cluster;
  private static RunningWebhook webhook;
  private static AdmissionServlet servlet;
  private static HttpClient client;

  @BeforeAll
  static void start() throws IOException {
    cluster = new Cluster();
    cluster.hasBoundClaim("pvc-1", "fast", "pv-2", "64Mi");
    webhook =
        new RunningWebhook(
            cluster.client, "--csi-clone.webhook.patience=20s", "--logging.level.io.csiclone=off");
    servlet = webhook.servlet();
    client = RunningWebhook.trusting(cluster.caPem());
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() ->
            RunningWebhook.send(
                        HttpClient.newHttpClient(),
                        HttpRequest.newBuilder(webhook.management("/readyz")).build())
                    .statusCode()
                == 200);
    templates = Recording.all().stream().map(Recording::review).toList();
    // What is slow once because it is new is no hang.
    for (var recording : Recording.named("kubectl-create\\..*")) {
      for (var path : PATHS) {
        ask(path, recording.bytes());
        overTheWire(path, recording.bytes());
      }
    }
  }

  @AfterAll
  static void stop() throws IOException {
    webhook.close();
    cluster.close();
    if (System.getenv("JAZZER_FUZZ") != null) {
      Files.writeString(Path.of("target", "fuzz-webhook.json"), result());
    }
  }

  private static String result() {
    var result = JSON.createObjectNode();
    result.put("inputs", inputs);
    var counts = result.putObject("answers");
    outcomes.forEach(counts::put);
    result.put("slowestProcessorMillis", Math.round(slowest / 1e5) / 10.0);
    result.put("slowestClockMillis", Math.round(slowestByTheClock / 1e5) / 10.0);
    return result.toString() + "\n";
  }

  static Stream<byte[]> seeds() {
    var strange =
        Stream.of(
                "",
                "{",
                "[]",
                "null",
                "{}",
                "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\"}",
                "--- a: yaml",
                "{".repeat(50_000),
                "{\"a\":".repeat(20_000),
                "{\"kind\":\"AdmissionReview\",\"request\":[]}",
                "\u0000\u0001\u0002")
            .map(text -> text.getBytes(StandardCharsets.UTF_8));
    var quantities =
        Stream.of(
                "1e999999999",
                "1E999999999",
                "1e100000000",
                "1e-100000000",
                "1e2147483647",
                "1e-999999999",
                "9".repeat(5_000),
                "-1",
                "0x1",
                "1E",
                "Ki",
                "１Gi")
            .map(size -> with("/request/object/spec/resources/requests/storage", size));
    var names =
        Stream.of("", "..", "a/b", "x".repeat(100_000), "\ud800", "%2e%2e", "a\u0000b", "?x=1")
            .map(name -> with("/request/object/spec/dataSource/name", name));
    var others =
        Stream.of(
            with("/request/namespace", "../kube-system"),
            with("/request/object/spec/storageClassName", "s".repeat(100_000)),
            with("/request/object/spec/storageClassName", "../../namespaces/kube-system"),
            with("/request/object/spec/dataSource/name", "../../../namespaces/kube-system"),
            with("/request/uid", "u".repeat(100_000)),
            with("/request/object/spec/volumeMode", "Sideways"),
            with("/request/object/metadata/name", "n".repeat(100_000)));
    var lists =
        Stream.of("/request/object/spec/accessModes", "/request/object/metadata/managedFields")
            .map(ReviewFuzzTest::withNull);
    return Stream.of(
            Recording.all().stream().map(Recording::bytes),
            strange,
            quantities,
            names,
            others,
            lists)
        .flatMap(seed -> seed);
  }

  /** A recorded review with another text at one place. */
  private static byte[] with(String pointer, String text) {
    var review = Recording.named("kubectl-create\\.sources-class\\.mutate").getFirst().review();
    int slash = pointer.lastIndexOf('/');
    ((ObjectNode) review.at(pointer.substring(0, slash))).put(pointer.substring(slash + 1), text);
    return review.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** A recorded review with null for the first element of a list. */
  private static byte[] withNull(String list) {
    var review = Recording.named("kubectl-create\\.nothing\\.mutate").getFirst().review();
    ((ArrayNode) review.at(list)).setNull(0);
    return review.toString().getBytes(StandardCharsets.UTF_8);
  }

  @MethodSource("seeds")
  @DictionaryEntries({
    "\"request\":",
    "\"object\":",
    "\"oldObject\":",
    "\"spec\":",
    "\"metadata\":",
    "\"dataSource\":",
    "\"dataSourceRef\":",
    "\"apiGroup\":",
    "\"namespace\":",
    "\"uid\":",
    "\"storageClassName\":",
    "\"managedFields\":",
    "\"fieldsV1\":",
    "\"f:spec\":",
    "\"annotations\":",
    "\"operation\":\"UPDATE\"",
    "\"CREATE\"",
    "PersistentVolumeClaim",
    "VolumeSnapshot",
    "\"resources\":{\"requests\":{\"storage\":",
    "\"1e999999999\"",
    "\"Block\"",
    "\"accessModes\":[",
    "\"selector\":",
    "\"volumeName\":",
    "null",
    "{}",
    "[]",
    "\\ud800"
  })
  @FuzzTest(maxDuration = "10m")
  void everyBodyIsAnsweredOrRefusedAtOnce(byte[] input) throws IOException {
    // The cluster and the webhook; whatever a body made it connect to else would be found.
    BugDetectors.allowNetworkConnections(
        (host, port) -> host.equals("localhost") || host.equals("127.0.0.1"));
    inputs++;
    byte[] body = shaped(input);
    for (var path : PATHS) {
      var answer = ask(path, body);
      outcomes.merge(answer.outcome(), 1L, Long::sum);
      slowest = Math.max(slowest, answer.nanos());
      slowestByTheClock = Math.max(slowestByTheClock, answer.byTheClock());
      assertThat(answer.nanos())
          .as("nanoseconds of processor time that %s takes for %s", path, text(body))
          .isLessThan(HANG);
      assertThat(answer.byTheClock())
          .as("nanoseconds that %s takes for %s", path, text(body))
          .isLessThan(HANG_BY_THE_CLOCK);
      if (inputs % OVER_THE_WIRE == 0) {
        overTheWire(path, body);
      }
    }
  }

  /**
   * What begins like an object is sent as it is. Anything else says how to change a recorded
   * review, which keeps it JSON and gets further: which review, which of its values, and by what.
   */
  private static byte[] shaped(byte[] input) {
    if (input.length < 5 || input[0] == '{' || templates.isEmpty()) {
      return input;
    }
    var review = templates.get(Byte.toUnsignedInt(input[0]) % templates.size()).deepCopy();
    var places = new ArrayList<Place>();
    collect(review, places);
    int which = (Byte.toUnsignedInt(input[1]) << 8) | Byte.toUnsignedInt(input[2]);
    var place = places.get(which % places.size());
    var rest = new String(input, 4, input.length - 4, StandardCharsets.UTF_8);
    place.set(
        switch (input[3] % 5) {
          case 0 -> JSON.getNodeFactory().stringNode(rest);
          case 1 -> JSON.getNodeFactory().nullNode();
          case 2 -> JSON.createObjectNode().put(rest, rest);
          case 3 -> JSON.createArrayNode().add(rest);
          default -> parsed(rest);
        });
    return review.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static JsonNode parsed(String text) {
    try {
      var node = JSON.readTree(text);
      return node.isMissingNode() ? JSON.getNodeFactory().nullNode() : node;
    } catch (JacksonException e) {
      return JSON.getNodeFactory().numberNode(text.length());
    }
  }

  /** A value in a review that can be replaced. */
  private record Place(JsonNode parent, String field, int index) {
    void set(JsonNode value) {
      if (parent instanceof ObjectNode object) {
        object.set(field, value);
      } else if (parent instanceof ArrayNode array) {
        array.set(index, value);
      }
    }
  }

  private static void collect(JsonNode node, List<Place> places) {
    if (node instanceof ObjectNode object) {
      object
          .properties()
          .forEach(entry -> {
            places.add(new Place(object, entry.getKey(), 0));
            collect(entry.getValue(), places);
          });
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        places.add(new Place(array, "", i));
        collect(array.get(i), places);
      }
    }
  }

  /** What came of it, and how long it took at its quickest. */
  private record Answer(String outcome, long nanos, long byTheClock) {}

  private static Answer ask(String path, byte[] body) throws IOException {
    long quickest = Long.MAX_VALUE;
    long byTheClock = Long.MAX_VALUE;
    var outcome = "";
    // What is slow only once was not slowed by the body, but by what runs the first time.
    for (int i = 0; i < TRIES && (quickest >= HANG || byTheClock >= HANG); i++) {
      long start = System.nanoTime();
      long processor = THREADS.getCurrentThreadCpuTime();
      outcome = outcome(path, body);
      quickest = Math.min(quickest, THREADS.getCurrentThreadCpuTime() - processor);
      byTheClock = Math.min(byTheClock, System.nanoTime() - start);
    }
    return new Answer(outcome, quickest, byTheClock);
  }

  /** Straight to the servlet; only what is not a review may end otherwise than by an answer. */
  private static String outcome(String path, byte[] body) throws IOException {
    var request = new MockHttpServletRequest("POST", path);
    request.setServletPath(path);
    request.setContentType("application/json");
    request.setContent(body);
    try {
      return verdict(body, servlet.answer(request));
    } catch (BadReviewException e) {
      assertThat(e.status()).isBetween(400, 499);
      return Integer.toString(e.status());
    }
  }

  private static void overTheWire(String path, byte[] body) {
    HttpResponse<String> response =
        RunningWebhook.send(
            client,
            HttpRequest.newBuilder(webhook.admission(path))
                .timeout(Duration.ofSeconds(30))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build());
    assertThat(response.statusCode()).as(response.body()).isIn(200, 400, 413);
    if (response.statusCode() == 200) {
      verdict(body, response.body().getBytes(StandardCharsets.UTF_8));
    }
  }

  /** The answer can be read and is one to this request. */
  private static String verdict(byte[] body, byte[] answer) {
    var response = JSON.readTree(answer).path("response");
    assertThat(response.path("uid").asString())
        .as("uid of the answer to %s", text(body))
        .isNotEmpty()
        .isEqualTo(JSON.readTree(body).at("/request/uid").asString());
    assertThat(response.path("allowed").isBoolean()).as("%s has a verdict", response).isTrue();
    return response.path("allowed").asBoolean()
        ? response.has("patch") ? "patched" : "allowed"
        : "refused";
  }

  private static String text(byte[] body) {
    var text = new String(body, StandardCharsets.UTF_8);
    return text.length() <= 4_000 ? text : text.substring(0, 4_000) + "…";
  }
}
