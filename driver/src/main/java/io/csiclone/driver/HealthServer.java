package io.csiclone.driver;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * Answers over plain HTTP: the kubelet's probes {@code /livez}, {@code /readyz}, {@code /metrics}.
 */
final class HealthServer implements AutoCloseable {

  private final HttpServer server;

  private HealthServer(HttpServer server) {
    this.server = server;
  }

  /**
   * @param port the TCP port, 0 for any free one
   * @param live what is wrong when the process should be restarted, else empty
   * @param ready what is still missing before it can do its work, else empty
   * @param metrics in the text format of Prometheus
   */
  static HealthServer start(
      int port,
      Supplier<Optional<String>> live,
      Supplier<Optional<String>> ready,
      Supplier<String> metrics)
      throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress(port), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/livez", exchange -> answer(exchange, live.get()));
    server.createContext("/readyz", exchange -> answer(exchange, ready.get()));
    server.createContext("/metrics", exchange -> answerMetrics(exchange, metrics.get()));
    server.start();
    return new HealthServer(server);
  }

  int port() {
    return server.getAddress().getPort();
  }

  private static void answer(HttpExchange exchange, Optional<String> problem) throws IOException {
    try (exchange) {
      byte[] text = (problem.orElse("ok") + "\n").getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(problem.isPresent() ? 503 : 200, text.length);
      exchange.getResponseBody().write(text);
    }
  }

  private static void answerMetrics(HttpExchange exchange, String metrics) throws IOException {
    try (exchange) {
      byte[] text = metrics.getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
      exchange.sendResponseHeaders(200, text.length);
      exchange.getResponseBody().write(text);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
