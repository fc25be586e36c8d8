package io.csiclone.bench;

import io.csiclone.bench.WrkLoad.Result;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * The webhook beside a constant answer of the same server and of a minimal one, under the same
 * load, in turns within each round; then its start and its memory.
 */
final class WebhookBench {

  private static final Path CHART = Path.of("charts/csi-clone-webhook/values.yaml");
  private static final int WARM_UP_SECONDS = 4;
  private static final int STARTS = 5;
  private static final int ADMISSIONS = 100_000;

  private final Path jar;
  private final int claims;
  private final int rounds;
  private final int seconds;

  WebhookBench(Path jar, int claims, int rounds, int seconds) {
    this.jar = jar;
    this.claims = claims;
    this.rounds = rounds;
    this.seconds = seconds;
  }

  /** One address under load, and what its rounds showed. */
  private record Target(
      String name, int port, String path, String review, List<Result> results, List<Double> bytes) {
    Target(String name, int port, String path, String review) {
      this(name, port, path, review, new ArrayList<>(), new ArrayList<>());
    }

    double median(ToDoubleFunction<Result> figure) {
      return WebhookBench.median(results.stream().mapToDouble(figure).toArray());
    }

    /**
     * How many times that of {@code other} a figure of this is: the median of the rounds, in each
     * of which both had the same machine to themselves.
     */
    double besides(Target other, ToDoubleFunction<Result> figure) {
      return WebhookBench.median(
          IntStream.range(0, results.size())
              .mapToDouble(round ->
                  figure.applyAsDouble(results.get(round))
                      / figure.applyAsDouble(other.results.get(round)))
              .toArray());
    }

    double kibPerRequest() {
      return WebhookBench.median(bytes.stream().mapToDouble(Double::doubleValue).toArray()) / 1024;
    }
  }

  List<Row> run() throws Exception {
    WrkLoad.require();
    Path work = Files.createTempDirectory(Path.of("benchmarks/target"), "webhook-bench");
    var layout = new WebhookImageLayout(Children.java(), work.toAbsolutePath().resolve("app"));
    try (Children children = new Children()) {
      say("unpacking the webhook and training its AOT cache");
      layout.unpack(jar);
      layout.train(work);
      say("starting a cluster of " + claims + " claims and as many volumes");
      Path kubeconfig = BenchCluster.start(children, claims, "2g");
      List<Row> rows = new ArrayList<>(underLoad(children, layout, kubeconfig, work));
      rows.addAll(startAndMemory(children, layout, kubeconfig, work));
      return rows;
    } finally {
      deleteTree(work);
    }
  }

  private List<Row> underLoad(
      Children children, WebhookImageLayout layout, Path kubeconfig, Path work) throws Exception {
    List<String> options = new ArrayList<>(chartOptions());
    options.addAll(layout.cached());
    var webhook =
        WebhookProcess.start(
            children,
            new WebhookProcess.Launch(
                layout.java(),
                options,
                List.of(
                    "-cp",
                    layout.app().resolve("webhook.jar")
                        + ":"
                        + Path.of("benchmarks/target/classes").toAbsolutePath(),
                    "io.csiclone.webhook.WebhookApplication"),
                List.of("--spring.main.sources=" + ConstantAnswer.class.getName()),
                kubeconfig,
                work.resolve("webhook.log")));
    checkAnswers(webhook.port());
    var validate = new Target("/validate", webhook.port(), "/validate", ReviewClient.NAMED);
    var mutate = new Target("/mutate", webhook.port(), "/mutate", ReviewClient.NAMED);
    var defaulted =
        new Target("/mutate, class filled in", webhook.port(), "/mutate", ReviewClient.DEFAULTED);
    var constant = new Target("constant", webhook.port(), "/constant", ReviewClient.NAMED);
    var minimal =
        new Target("minimal", minimalServer(children, work), "/constant", ReviewClient.NAMED);
    var all = List.of(validate, mutate, defaulted, constant, minimal);
    var load = new WrkLoad(work, Math.min(claims, 2_000));
    say("load: %d rounds of %d s for each of %d targets".formatted(rounds, seconds, all.size()));
    for (Target target : all) {
      load.run(target.port(), target.path(), target.review(), WARM_UP_SECONDS);
    }
    for (int round = 0; round < rounds; round++) {
      // Nobody always comes first, or after the same other.
      for (int i = 0; i < all.size(); i++) {
        Target target = all.get((i + round) % all.size());
        double before = allocated(webhook.port());
        Result result = load.run(target.port(), target.path(), target.review(), seconds);
        target.results().add(result);
        target.bytes().add((allocated(webhook.port()) - before) / result.requests());
      }
    }
    Children.end(webhook.process(), 30);
    List<Row> rows = new ArrayList<>();
    for (Target ours : List.of(validate, mutate, defaulted)) {
      rows.add(rate(ours, constant, "same server", 0.8));
      rows.add(
          Row.lessIsBetter(
                  ours.name() + ", p99",
                  "99th percentile of latency",
                  "ms",
                  ours.median(Result::p99Millis),
                  constant.median(Result::p99Millis),
                  "same server",
                  1 / 1.5)
              .withRatio(constant.besides(ours, Result::p99Millis)));
      rows.add(
          Row.lessIsBetter(
              ours.name() + ", allocation",
              "heap taken per request",
              "KiB",
              ours.kibPerRequest(),
              constant.kibPerRequest(),
              "same server",
              0));
      rows.add(rate(ours, minimal, "HttpsServer", 0));
    }
    return rows;
  }

  private static Row rate(Target ours, Target peer, String peerName, double aim) {
    return Row.moreIsBetter(
            ours.name() + ", requests",
            "requests",
            "1/s",
            ours.median(Result::perSecond),
            peer.median(Result::perSecond),
            peerName,
            aim)
        .withRatio(ours.besides(peer, Result::perSecond));
  }

  /** A wrong answer would be quick, too. */
  private static void checkAnswers(int port) throws IOException, InterruptedException {
    try (var client = new ReviewClient(port)) {
      String source = ClonableClaims.name(0);
      require(client.send("/validate", ReviewClient.NAMED, source), "\"allowed\":true", "allowed");
      require(client.send("/mutate", ReviewClient.NAMED, source), "\"allowed\":true", "allowed");
      require(client.send("/mutate", ReviewClient.DEFAULTED, source), "\"patch\":", "patched");
      require(client.send("/validate", ReviewClient.NAMED, "none"), "SourceNotFound", "refused");
    }
  }

  private static void require(String answer, String part, String what) throws IOException {
    if (!answer.contains(part)) {
      throw new IOException("a clone that should be " + what + " was not: " + answer);
    }
  }

  private static double allocated(int port) throws IOException, InterruptedException {
    try (var client = new ReviewClient(port)) {
      return Double.parseDouble(client.get("/allocated"));
    }
  }

  private static int minimalServer(Children children, Path work) throws Exception {
    Path keys = work.resolve("keys.p12").toAbsolutePath();
    Path keytool = Children.java().resolveSibling("keytool");
    String made =
        ("-genkeypair -alias a -keyalg EC -groupname secp256r1 -dname CN=localhost -validity 2"
            + " -storetype PKCS12 -storepass "
            + new String(ConstantHttpsServer.PASSWORD));
    List<String> command = new ArrayList<>(List.of(keytool.toString()));
    command.addAll(List.of(made.split(" ")));
    command.addAll(List.of("-keystore", keys.toString()));
    if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
      throw new IOException("keytool failed");
    }
    List<String> server = new ArrayList<>(List.of(Children.java().toString()));
    server.addAll(chartOptions());
    server.addAll(
        List.of(
            "-XX:+UseSerialGC",
            "-XX:+UseCompactObjectHeaders",
            "-cp",
            Children.classPath(),
            ConstantHttpsServer.class.getName(),
            keys.toString()));
    Process process = children.start(Map.of(), server);
    var out = new BufferedReader(process.inputReader(StandardCharsets.UTF_8));
    return Integer.parseInt(String.valueOf(out.readLine()));
  }

  private List<Row> startAndMemory(
      Children children, WebhookImageLayout layout, Path kubeconfig, Path work) throws Exception {
    List<String> options = new ArrayList<>(chartOptions());
    options.addAll(layout.cached());
    double[] millis = new double[STARTS];
    WebhookProcess last = null;
    // Ready with the small caches of a new cluster: how long a list of claims takes is another
    // question.
    Path small = BenchCluster.start(children, 10, "256m");
    say("starting " + STARTS + " times");
    for (int i = 0; i < STARTS; i++) {
      var launch =
          new WebhookProcess.Launch(
              layout.java(), options, layout.jar(), List.of(), small, work.resolve("start.log"));
      WebhookProcess started = WebhookProcess.start(children, launch);
      millis[i] = started.readyMillis();
      Children.end(started.process(), 30);
    }
    last =
        WebhookProcess.start(
            children,
            new WebhookProcess.Launch(
                layout.java(),
                options,
                layout.jar(),
                List.of(),
                kubeconfig,
                work.resolve("memory.log")));
    say(ADMISSIONS + " admissions");
    var load = new WrkLoad(work, Math.min(claims, 2_000));
    long done = 0;
    for (boolean mutate = false; done < ADMISSIONS; mutate = !mutate) {
      done +=
          mutate
              ? load.run(last.port(), "/mutate", ReviewClient.DEFAULTED, 5).requests()
              : load.run(last.port(), "/validate", ReviewClient.NAMED, 5).requests();
    }
    double resident = last.memoryMib("VmRSS");
    Children.end(last.process(), 30);
    return List.of(
        Row.lessIsBetter(
            "start to Ready", "start to Ready", "ms", median(millis), 1000, "the aim", 1),
        Row.lessIsBetter(
            "memory after %,d admissions".formatted(done),
            "resident memory",
            "MiB",
            resident,
            160,
            "the aim",
            1));
  }

  /** The options that the chart gives the JVM, in a container of the size that it asks for. */
  static List<String> chartOptions() throws IOException {
    var values = new KubernetesSerialization().unmarshal(Files.readString(CHART), Map.class);
    List<String> options =
        new ArrayList<>(List.of(String.valueOf(values.get("javaOptions")).trim().split("\\s+")));
    if (values.get("resources") instanceof Map<?, ?> resources
        && resources.get("limits") instanceof Map<?, ?> limits) {
      String memory = String.valueOf(limits.get("memory"));
      options.add("-XX:MaxRAM=" + memory.replace("Mi", "m").replace("Gi", "g"));
    }
    return options;
  }

  private static void say(String what) {
    System.err.println(what + "...");
  }

  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  static void deleteTree(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /**
   * The memory that a large cluster takes: the webhook's own, with the chart's options, once it is
   * ready.
   */
  static void printMemory(Path jar, int claims) throws Exception {
    Path work = Files.createTempDirectory(Path.of("benchmarks/target"), "webhook-memory");
    var layout = new WebhookImageLayout(Children.java(), work.toAbsolutePath().resolve("app"));
    try (Children children = new Children()) {
      layout.unpack(jar);
      layout.train(work);
      say("starting a cluster of " + claims + " claims and as many volumes");
      Path kubeconfig = BenchCluster.start(children, claims, "6g");
      List<String> options = new ArrayList<>(chartOptions());
      options.addAll(layout.cached());
      var webhook =
          WebhookProcess.start(
              children,
              new WebhookProcess.Launch(
                  layout.java(),
                  options,
                  layout.jar(),
                  List.of(),
                  kubeconfig,
                  work.resolve("memory.log")));
      checkAnswers(webhook.port());
      System.out.printf(
          Locale.ROOT,
          "%d claims and volumes: ready after %d ms, resident %.0f MiB, at most %.0f MiB%n",
          claims,
          webhook.readyMillis(),
          webhook.memoryMib("VmRSS"),
          webhook.memoryMib("VmHWM"));
      System.out.println(heapAfterCollection(webhook));
    } finally {
      deleteTree(work);
    }
  }

  private static String heapAfterCollection(WebhookProcess webhook) throws Exception {
    String pid = Long.toString(webhook.process().pid());
    String jcmd = Children.java().resolveSibling("jcmd").toString();
    new ProcessBuilder(jcmd, pid, "GC.run").start().waitFor();
    Process process = new ProcessBuilder(jcmd, pid, "GC.heap_info").start();
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }
}
