package io.csiclone.webhook;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.csiclone.facts.ClusterFacts;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.LivenessState;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.context.SmartLifecycle;

/**
 * Plain HTTP for the kubelet and for Prometheus: {@code /livez}, {@code /readyz} and {@code
 * /metrics}. Answers before reviews are served and until none is served any more.
 */
final class ProbeServer implements SmartLifecycle {

  /** The text format, which every Prometheus reads. */
  private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

  private static final Logger LOG = LoggerFactory.getLogger(ProbeServer.class);

  static {
    // Read once, when the first server is made. No caller here is slow or one of many.
    Map.of(
            "sun.net.httpserver.nodelay", "true",
            "sun.net.httpserver.maxReqTime", "10",
            "jdk.httpserver.maxConnections", "200")
        .forEach((name, value) -> {
          if (System.getProperty(name) == null) {
            System.setProperty(name, value);
          }
        });
  }

  /**
   * Where to listen.
   *
   * @param address null is every address
   * @param port 0 is any that is free
   */
  @ConfigurationProperties("management.server")
  record Address(@Nullable InetAddress address, int port) {}

  private final Address address;
  private final ApplicationAvailability availability;
  private final ClusterFacts facts;
  private final ServingCertificates certificates;
  private final Clock clock;
  private final PrometheusMeterRegistry metrics;
  private @Nullable HttpServer server;
  private @Nullable ExecutorService threads;

  ProbeServer(
      Address address,
      ApplicationAvailability availability,
      ClusterFacts facts,
      ServingCertificates certificates,
      Clock clock,
      PrometheusMeterRegistry metrics) {
    this.address = address;
    this.availability = availability;
    this.facts = facts;
    this.certificates = certificates;
    this.clock = clock;
    this.metrics = metrics;
  }

  /**
   * Only when every cache has been filled, and while the certificate that is served is in its time
   * and callers that have to show one can be told from others.
   */
  private boolean ready() {
    return availability.getReadinessState() == ReadinessState.ACCEPTING_TRAFFIC
        && facts.synced()
        && certificates.inOrder(clock.instant());
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      switch (exchange.getRequestURI().getPath()) {
        case "/livez" ->
            health(exchange, availability.getLivenessState() == LivenessState.CORRECT, "DOWN");
        case "/readyz" -> health(exchange, ready(), "OUT_OF_SERVICE");
        case "/metrics" -> metrics(exchange);
        case null, default -> exchange.sendResponseHeaders(404, -1);
      }
    } catch (RuntimeException e) {
      LOG.error("A probe failed", e);
      throw e;
    }
  }

  private static void health(HttpExchange exchange, boolean well, String otherwise)
      throws IOException {
    send(
        exchange,
        well ? 200 : 503,
        "application/json",
        "{\"status\":\"%s\"}".formatted(well ? "UP" : otherwise).getBytes(StandardCharsets.UTF_8));
  }

  private void metrics(HttpExchange exchange) throws IOException {
    send(exchange, 200, PROMETHEUS, metrics.scrape().getBytes(StandardCharsets.UTF_8));
  }

  private static void send(HttpExchange exchange, int status, String type, byte[] body)
      throws IOException {
    if (!exchange.getRequestMethod().equals("GET")) {
      exchange.getResponseHeaders().set("Allow", "GET");
      exchange.sendResponseHeaders(405, -1);
      return;
    }
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  /** The port in use. */
  int port() {
    if (server == null) {
      throw new IllegalStateException("not started");
    }
    return server.getAddress().getPort();
  }

  @Override
  public void start() {
    var at =
        address.address() == null
            ? new InetSocketAddress(address.port())
            : new InetSocketAddress(address.address(), address.port());
    try {
      server = HttpServer.create(at, 0);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot listen for probes at " + at, e);
    }
    threads = Executors.newVirtualThreadPerTaskExecutor();
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  @Override
  public void stop() {
    if (server != null && threads != null) {
      server.stop(0);
      threads.shutdownNow();
    }
    server = null;
  }

  @Override
  public boolean isRunning() {
    return server != null;
  }

  /** Started first and stopped last. */
  @Override
  public int getPhase() {
    return 0;
  }
}
