package io.csiclone.bench;

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

/**
 * A webhook that runs from the layout of its image.
 *
 * @param process the process
 * @param port where it serves reviews
 * @param readyMillis how long it took from the start of the process until it said it is ready
 */
record WebhookProcess(Process process, int port, long readyMillis) {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** What a webhook is started with. */
  record Launch(
      Path java,
      List<String> options,
      List<String> program,
      List<String> arguments,
      Path kubeconfig,
      Path log) {}

  static WebhookProcess start(Children children, Launch launch)
      throws IOException, InterruptedException {
    int port = Children.freePort();
    int probes = Children.freePort();
    List<String> command = new ArrayList<>();
    command.add(launch.java().toString());
    command.addAll(launch.options());
    command.addAll(launch.program());
    command.addAll(
        List.of(
            "--server.address=127.0.0.1",
            "--server.port=" + port,
            "--management.server.address=127.0.0.1",
            "--management.server.port=" + probes,
            "--csi-clone.webhook.dns-names=127.0.0.1"));
    command.addAll(launch.arguments());
    long start = System.nanoTime();
    Process process = children.start(asInAPod(launch.kubeconfig()), launch.log(), command);
    awaitReady(process, URI.create("http://127.0.0.1:" + probes + "/readyz"), launch.log());
    return new WebhookProcess(process, port, (System.nanoTime() - start) / 1_000_000);
  }

  /** A pod has no kubeconfig, and reading one takes longer than all other configuration. */
  private static Map<String, String> asInAPod(Path kubeconfig) throws IOException {
    String server = "server:";
    for (String line : Files.readAllLines(kubeconfig)) {
      if (line.strip().startsWith(server)) {
        return Map.of(
            "KUBERNETES_MASTER",
            line.strip().substring(server.length()).strip(),
            "KUBERNETES_AUTH_TRYKUBECONFIG",
            "false");
      }
    }
    throw new IOException("no server in " + kubeconfig);
  }

  private static void awaitReady(Process process, URI readiness, Path log)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    try (HttpClient http = HttpClient.newHttpClient()) {
      HttpRequest request =
          HttpRequest.newBuilder(readiness).timeout(Duration.ofSeconds(2)).build();
      while (System.nanoTime() < end && process.isAlive()) {
        try {
          if (http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200) {
            return;
          }
        } catch (IOException e) {
          // Nobody listens yet.
        }
        Thread.sleep(5);
      }
    }
    throw new IOException("the webhook did not become ready; its log:\n" + Files.readString(log));
  }

  /** A line of {@code /proc/PID/status}, such as VmRSS, in MiB. */
  double memoryMib(String line) throws IOException {
    for (String each :
        Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
      if (each.startsWith(line + ":")) {
        return Long.parseLong(each.replaceAll("\\D", "")) / 1024.0;
      }
    }
    throw new IOException("no " + line + " of process " + process.pid());
  }
}
