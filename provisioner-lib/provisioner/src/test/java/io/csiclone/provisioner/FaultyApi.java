package io.csiclone.provisioner;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The way from one client to the API server, and what can befall it there: restarts, lost requests
 * and answers, a busy server, a clock that differs.
 */
final class FaultyApi implements AutoCloseable {

  /** What becomes of one request. */
  sealed interface Fate {
    /** It is passed on. */
    record Passed() implements Fate {}

    /** It is answered with this code, and the server with how many seconds to wait, if not 0. */
    record Refused(int code, int retryAfter) implements Fate {}

    /** It is passed on, and the connection breaks before the answer. */
    record AnswerLost() implements Fate {}

    Fate PASSED = new Passed();
    Fate ANSWER_LOST = new AnswerLost();
  }

  /** Below the ports that the system gives to outgoing connections. */
  private static final AtomicInteger NEXT_PORT = new AtomicInteger(23_000);

  private static final Pattern RENEWED = Pattern.compile("\"renewTime\"\\s*:\\s*\"([^\"]+)\"");

  /** Each request so far: method or WATCH, and path. */
  final Queue<String> requests = new ConcurrentLinkedQueue<>();

  /** Decides about each request, of which it is told what {@link #requests} holds. */
  volatile Function<String, Fate> fate = request -> Fate.PASSED;

  /** How far the client's clock is ahead of everybody else's, as Leases show. */
  volatile Duration ahead = Duration.ZERO;

  private final URI server;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .executor(Executors.newVirtualThreadPerTaskExecutor())
          .build();
  private final Set<InputStream> answers = ConcurrentHashMap.newKeySet();
  private final int port;
  private HttpServer listening;
  private ExecutorService threads;

  FaultyApi(URI server) throws IOException {
    this.server = server;
    threads = Executors.newVirtualThreadPerTaskExecutor();
    HttpServer bound = null;
    int candidate = 0;
    while (bound == null) {
      candidate = NEXT_PORT.getAndIncrement();
      bound = listen(candidate);
    }
    port = candidate;
    listening = bound;
  }

  /** A client that goes this way, with the settings of a driver's. */
  KubernetesClient client() {
    Config config =
        new ConfigBuilder(Config.empty()).withMasterUrl("http://127.0.0.1:" + port).build();
    return new KubernetesClientBuilder().withConfig(config).build();
  }

  private @Nullable HttpServer listen(int wanted) throws IOException {
    try {
      var bound =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), wanted), 256);
      bound.createContext("/", this::handle);
      bound.setExecutor(threads);
      bound.start();
      return bound;
    } catch (BindException taken) {
      return null;
    }
  }

  /** Breaks every connection and lets none be made for a while. */
  void restart(Duration down) throws Exception {
    goDown();
    Thread.sleep(down);
    comeBack();
  }

  void goDown() {
    listening.stop(0);
    threads.shutdownNow();
    answers.forEach(FaultyApi::close);
  }

  void comeBack() throws Exception {
    threads = Executors.newVirtualThreadPerTaskExecutor();
    HttpServer back = listen(port);
    while (back == null) {
      Thread.sleep(10);
      back = listen(port);
    }
    listening = back;
  }

  private static void close(InputStream answer) {
    try {
      answer.close();
    } catch (IOException e) {
      // It is closed all the same.
    }
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      URI uri = exchange.getRequestURI();
      byte[] body = exchange.getRequestBody().readAllBytes();
      if ("websocket".equalsIgnoreCase(exchange.getRequestHeaders().getFirst("Upgrade"))) {
        // No WebSockets, as at the server itself; the client then watches over plain HTTP.
        exchange.sendResponseHeaders(200, -1);
        return;
      }
      boolean watch = String.valueOf(uri.getQuery()).contains("watch=true");
      String request = (watch ? "WATCH" : exchange.getRequestMethod()) + " " + uri.getPath();
      requests.add(request);
      switch (fate.apply(request)) {
        case Fate.Refused(int code, int retryAfter) -> refuse(exchange, code, retryAfter);
        case Fate.AnswerLost() -> {
          try (InputStream answer = pass(exchange, uri, body).body()) {
            answer.readAllBytes();
          }
        }
        case Fate.Passed() -> answer(exchange, pass(exchange, uri, body));
      }
    } catch (InterruptedException goesDown) {
      Thread.currentThread().interrupt();
    }
  }

  private static void refuse(HttpExchange exchange, int code, int retryAfter) throws IOException {
    if (retryAfter > 0) {
      exchange.getResponseHeaders().set("Retry-After", Integer.toString(retryAfter));
    }
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    byte[] status =
        "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"code\":%d}"
            .formatted(code)
            .getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(code, status.length);
    exchange.getResponseBody().write(status);
  }

  private HttpResponse<InputStream> pass(HttpExchange exchange, URI uri, byte[] body)
      throws IOException, InterruptedException {
    byte[] sent = shifted(uri, body, ahead);
    var request =
        HttpRequest.newBuilder(server.resolve(uri.toString()))
            .method(
                exchange.getRequestMethod(),
                sent.length == 0
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofByteArray(sent));
    String type = exchange.getRequestHeaders().getFirst("Content-Type");
    if (type != null) {
      request.header("Content-Type", type);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
  }

  private void answer(HttpExchange exchange, HttpResponse<InputStream> response)
      throws IOException {
    InputStream answer = response.body();
    answers.add(answer);
    try (answer) {
      response
          .headers()
          .firstValue("Content-Type")
          .ifPresent(type -> exchange.getResponseHeaders().set("Content-Type", type));
      exchange.sendResponseHeaders(response.statusCode(), 0);
      OutputStream out = exchange.getResponseBody();
      if (exchange.getRequestURI().getPath().contains("/leases")) {
        out.write(shifted(exchange.getRequestURI(), answer.readAllBytes(), ahead.negated()));
        return;
      }
      byte[] buffer = new byte[8192];
      // At once whatever there is: it may be a watch.
      for (int read = answer.read(buffer); read >= 0; read = answer.read(buffer)) {
        out.write(buffer, 0, read);
        out.flush();
      }
    } finally {
      answers.remove(answer);
    }
  }

  /** What is said of a Lease's renewal, by the other clock. */
  private static byte[] shifted(URI uri, byte[] json, Duration by) {
    if (by.isZero() || !uri.getPath().contains("/leases")) {
      return json;
    }
    return RENEWED
        .matcher(new String(json, StandardCharsets.UTF_8))
        .replaceAll(
            found -> "\"renewTime\":\"%s\"".formatted(Instant.parse(found.group(1)).plus(by)))
        .getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    goDown();
    http.shutdownNow();
  }
}
