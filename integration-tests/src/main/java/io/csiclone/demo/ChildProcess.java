package io.csiclone.demo;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A part that runs as a process of its own, on the same JDK as this one. */
final class ChildProcess implements AutoCloseable {

  /** For a quick start; these processes live for seconds. */
  private static final List<String> JVM =
      List.of(
          "-XX:TieredStopAtLevel=1",
          "-XX:+UseSerialGC",
          "-Xshare:auto",
          "-Xmx512m",
          "--enable-native-access=ALL-UNNAMED");

  private static final Duration POLL = Duration.ofMillis(50);
  private static final int TAIL_LINES = 40;

  private final String name;
  private final Process process;
  private final Path log;

  private ChildProcess(String name, Process process, Path log) {
    this.name = name;
    this.process = process;
    this.log = log;
  }

  /** Starts {@code java ARGUMENTS} with its output in {@code folder/NAME.log}. */
  static ChildProcess java(
      String name, Path folder, Map<String, String> environment, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(JVM);
    command.addAll(arguments);
    Path log = folder.resolve(name + ".log");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    // Options of whoever runs the demo are not meant for its parts.
    builder.environment().keySet().removeAll(List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS"));
    builder.environment().putAll(environment);
    return new ChildProcess(name, builder.start(), log);
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Waits until {@code url} answers 200. */
  void awaitReady(HttpClient http, URI url, Duration patience)
      throws InterruptedException, Steps.Differs {
    long end = System.nanoTime() + patience.toNanos();
    String last = "no answer";
    while (System.nanoTime() < end) {
      Steps.require(
          process.isAlive(),
          "the %s ended with exit code %d before it was ready"
              .formatted(name, process.isAlive() ? 0 : process.exitValue()));
      try {
        HttpRequest request = HttpRequest.newBuilder(url).timeout(Duration.ofSeconds(2)).build();
        HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() == 200) {
          return;
        }
        last = answer.statusCode() + " " + answer.body().strip();
      } catch (IOException e) {
        last = "no answer: " + e.getMessage();
      }
      Thread.sleep(POLL);
    }
    throw new Steps.Differs(
        "the %s was not ready within %s: %s said %s"
            .formatted(name, Steps.seconds(patience), url, last));
  }

  List<String> logLines() {
    try {
      return Files.readAllLines(log);
    } catch (IOException e) {
      return List.of("(the log cannot be read: " + e.getMessage() + ")");
    }
  }

  /** The end of what the process wrote. */
  String logTail() {
    List<String> lines = logLines();
    return "---- end of the %s's log ----%n%s"
        .formatted(
            name,
            String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size())));
  }

  /** Ends the process, politely first; it is gone when this returns. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor(5, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
