package io.csiclone.demo;

import io.csiclone.testkit.EmbeddedControlPlane;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Everything the demo starts, and the promise that all of it goes away again. */
final class Stage implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String METHOD = "clones are made by ";

  private final Deque<AutoCloseable> parts = new ArrayDeque<>();
  private final HttpClient http = HttpClient.newHttpClient();
  private final List<ChildProcess> processes = new ArrayList<>();
  private final List<Path> folders = new ArrayList<>();
  private boolean closed;

  /** What makes a part holds this object's lock, so that closing waits for what is half made. */
  private <T extends AutoCloseable> T keep(T part) {
    parts.push(part);
    return part;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("interrupted");
    }
  }

  HttpClient http() {
    return http;
  }

  /** A folder of its own in that one. */
  synchronized Path folder(Path parent) throws IOException {
    requireOpen();
    Path folder = Files.createTempDirectory(parent, "csi-clone-demo-");
    folders.add(folder);
    keep(() -> deleteTree(folder));
    return folder;
  }

  synchronized EmbeddedControlPlane controlPlane() {
    requireOpen();
    return keep(EmbeddedControlPlane.start());
  }

  /** Starts the webhook with certificates of its own making; it is not ready yet. */
  Part webhook(Path jar, Path folder, Path kubeconfig, int port) throws IOException {
    int health = freePort();
    List<String> arguments =
        List.of(
            "-jar",
            jar.toString(),
            "--server.address=127.0.0.1",
            "--server.port=" + port,
            "--management.server.address=127.0.0.1",
            "--management.server.port=" + health,
            "--csi-clone.webhook.namespace=csi-clone-system",
            "--csi-clone.webhook.dns-names=127.0.0.1");
    return part("webhook", folder, Map.of("KUBECONFIG", kubeconfig.toString()), arguments, health);
  }

  Part driver(String classPath, Path folder, Path kubeconfig, Path pool) throws IOException {
    int health = freePort();
    List<String> arguments =
        List.of(
            "-cp",
            classPath,
            "io.csiclone.driver.ReflinkDriver",
            "--endpoint=unix://" + folder.resolve("csi.sock"),
            "--pool=" + pool,
            "--node-id=demo-node",
            "--kubeconfig=" + kubeconfig,
            "--health-port=" + health);
    return part("driver", folder, Map.of(), arguments, health);
  }

  private synchronized Part part(
      String name, Path folder, Map<String, String> environment, List<String> arguments, int port)
      throws IOException {
    requireOpen();
    ChildProcess process = keep(ChildProcess.java(name, folder, environment, arguments));
    processes.add(process);
    return new Part(process, URI.create("http://127.0.0.1:" + port + "/readyz"));
  }

  /** A part that was started, and where it says that it is ready. */
  record Part(ChildProcess process, URI readiness) {

    void awaitReady(HttpClient http) throws InterruptedException, Steps.Differs {
      process.awaitReady(http, readiness, PATIENCE);
    }

    /** How the driver said at its start that it clones. */
    String cloneMethod() {
      return process.logLines().stream()
          .filter(line -> line.contains(METHOD))
          .map(line -> line.substring(line.indexOf(METHOD) + METHOD.length()))
          .findFirst()
          .orElse("a method the driver did not tell");
    }
  }

  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** The ends of the processes' logs. */
  List<String> logTails() {
    return processes.stream().map(ChildProcess::logTail).toList();
  }

  /** What is still there; nothing, after {@link #close()}. */
  List<String> leftovers() {
    return Stream.concat(
            processes.stream().filter(ChildProcess::isAlive).map(p -> "process " + p.pid()),
            folders.stream().filter(Files::exists).map(folder -> "folder " + folder))
        .toList();
  }

  /** Ends the processes and removes the files. May be called again and from any thread. */
  @Override
  public void close() {
    List<AutoCloseable> all;
    synchronized (this) {
      closed = true;
      all = List.copyOf(parts);
      parts.clear();
    }
    // In the order of their start backwards: processes, then the server they talk to, then files.
    all.forEach(Stage::closeQuietly);
    http.close();
  }

  private static void closeQuietly(AutoCloseable part) {
    try {
      part.close();
    } catch (Exception e) {
      System.err.println("cleaning up: " + e.getMessage());
    }
  }

  private static void deleteTree(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
