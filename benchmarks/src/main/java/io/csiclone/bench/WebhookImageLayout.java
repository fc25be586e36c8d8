package io.csiclone.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * The webhook as its image holds it: jars side by side, and beside them an AOT cache that was made
 * by a training run on exactly these files.
 *
 * @param java the runtime, which the cache is bound to
 * @param app the folder with {@code webhook.jar}
 */
record WebhookImageLayout(Path java, Path app) {

  /** With these options the cache was made, and without them it cannot be used. */
  private static final List<String> CACHE_OPTIONS =
      List.of("-XX:+UseSerialGC", "-XX:+UseCompactObjectHeaders");

  private static final int TRAINING_CLAIMS = 200;
  private static final int TRAINING_REVIEWS = 600;

  Path cache() {
    return app.resolve("webhook.aot");
  }

  List<String> jar() {
    return List.of("-jar", app.resolve("webhook.jar").toString());
  }

  /** Options under which the cache is used; the process ends at once if it cannot be. */
  List<String> cached() {
    List<String> options = new ArrayList<>(CACHE_OPTIONS);
    options.add("-XX:AOTCache=" + cache());
    options.add("-XX:AOTMode=on");
    return options;
  }

  /** Unpacks an executable jar into this layout. */
  void unpack(Path jar) throws IOException, InterruptedException {
    run(
        List.of(
            java.toString(),
            "-Djarmode=tools",
            "-jar",
            jar.toString(),
            "extract",
            "--force",
            "--destination",
            app.toString(),
            "--application-filename",
            "webhook.jar"));
  }

  /**
   * Makes the cache: takes the signatures off the jars, starts the webhook on a small cluster that
   * has a certificate already, has it judge reviews of every kind, and ends it.
   *
   * @param work a folder for what is left over
   */
  void train(Path work) throws Exception {
    UnsignedJar.makeAll(app.resolve("lib"));
    Path log = work.resolve("training.log");
    List<String> options = new ArrayList<>(CACHE_OPTIONS);
    options.add("-XX:TieredStopAtLevel=1");
    // What is remembered of each method is for the second compiler, which the webhook does without.
    options.add("-XX:+UnlockDiagnosticVMOptions");
    options.add("-XX:-AOTRecordTraining");
    options.add("-XX:AOTCacheOutput=" + cache());
    options.add("-Xlog:aot=error,cds=error");
    Files.deleteIfExists(cache());
    try (Children children = new Children()) {
      var kubeconfig = BenchCluster.start(children, TRAINING_CLAIMS, "256m");
      // A certificate is made once in a cluster's life and renewed twice a year; the classes for it
      // would be in memory for ever.
      var first =
          WebhookProcess.start(
              children,
              new WebhookProcess.Launch(java, CACHE_OPTIONS, jar(), List.of(), kubeconfig, log));
      Children.end(first.process(), 60);
      var webhook =
          WebhookProcess.start(
              children,
              new WebhookProcess.Launch(java, options, jar(), List.of(), kubeconfig, log));
      try (var reviews = new ReviewClient(webhook.port())) {
        reviews.sendAll(TRAINING_REVIEWS, TRAINING_CLAIMS);
      }
      // The cache is written when the process ends.
      boolean ended = Children.end(webhook.process(), 60);
      if (!ended || !Files.exists(cache())) {
        throw new IOException("training made no AOT cache; its log:\n" + Files.readString(log));
      }
    }
    System.err.printf(Locale.ROOT, "AOT cache: %d MiB%n", Files.size(cache()) / (1 << 20));
  }

  /** Fails unless a process can use the cache. */
  void checkCache() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(java.toString()));
    command.addAll(cached());
    command.addAll(jar());
    command.add("--help");
    run(command);
  }

  private static void run(List<String> command) throws IOException, InterruptedException {
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeAll(List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS"));
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes());
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      process.destroyForcibly();
      throw new IOException("failed: " + String.join(" ", command) + "\n" + said);
    }
  }

  /** For the image: {@code JAVA APP WORK}, the runtime, the unpacked application, a work folder. */
  public static void main(String[] args) throws Exception {
    var layout = new WebhookImageLayout(Path.of(args[0]), Path.of(args[1]));
    layout.train(Path.of(args[2]));
    layout.checkCache();
  }
}
