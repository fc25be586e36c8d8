package io.csiclone.testkit;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The Kubernetes API over HTTP on the loopback interface. Each request has a virtual thread of its
 * own: a webhook that is asked during a write can read from this server meanwhile.
 */
final class ApiServer implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ApiServer.class);

  /** As kube-apiserver's limit for request bodies. */
  private static final int MAX_BODY = 3 << 20;

  static {
    // Without it each small answer waits 40 ms for the client's delayed acknowledgement.
    if (System.getProperty("sun.net.httpserver.nodelay") == null) {
      System.setProperty("sun.net.httpserver.nodelay", "true");
    }
  }

  private final ObjectStore store;
  private final Registry registry;
  private final Predicate<ApiCall> authorizer;
  private final HttpServer http;
  private final Pages pages = new Pages();
  private final Set<HttpExchange> watches = ConcurrentHashMap.newKeySet();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  /**
   * @param authorizer asked about every request for a resource, on the thread of the request
   */
  ApiServer(ObjectStore store, Registry registry, Predicate<ApiCall> authorizer)
      throws IOException {
    this.store = store;
    this.registry = registry;
    this.authorizer = authorizer;
    this.http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 128);
    http.createContext("/", this::handle);
    http.setExecutor(threads);
  }

  URI start() {
    http.start();
    return URI.create("http://127.0.0.1:" + http.getAddress().getPort());
  }

  /** Ends the watches that are open now. */
  void cutWatches() {
    watches.forEach(HttpExchange::close);
  }

  private void handle(HttpExchange exchange) {
    try (exchange) {
      try {
        answer(exchange);
      } catch (ApiException e) {
        send(exchange, e.code(), e.status(), List.of());
      } catch (RuntimeException e) {
        log.error("{} {}", exchange.getRequestMethod(), exchange.getRequestURI(), e);
        ApiException internal = ApiException.internal(String.valueOf(e.getMessage()));
        send(exchange, internal.code(), internal.status(), List.of());
      }
    } catch (IOException e) {
      log.debug("the client of {} went away", exchange.getRequestURI(), e);
    }
  }

  private void answer(HttpExchange exchange) throws IOException {
    URI uri = exchange.getRequestURI();
    byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY + 1);
    if (body.length > MAX_BODY) {
      throw ApiException.of(413, "RequestEntityTooLarge", "limit is " + MAX_BODY);
    }
    if (header(exchange, "Upgrade").equalsIgnoreCase("websocket")) {
      // Not upgraded: the client falls back to a plain streaming watch at once. It would try again
      // for long on an error.
      sendBytes(exchange, 200, "application/json", new byte[0]);
      return;
    }
    Optional<ResourcePath> path = ResourcePath.parse(uri.getPath());
    if (path.isEmpty()) {
      answerNonResource(exchange, uri.getPath());
      return;
    }
    ApiRequest request =
        new ApiRequest(
            path.get(),
            ApiRequest.parseQuery(uri.getRawQuery() == null ? "" : uri.getRawQuery()),
            header(exchange, "Content-Type"),
            header(exchange, "User-Agent"),
            body);
    authorize(call(exchange, request));
    String sub = path.get().subresource();
    if (!sub.isEmpty() && !sub.equals("status")) {
      throw ApiException.notFound(path.get());
    }
    boolean collection = path.get().name().isEmpty();
    switch (exchange.getRequestMethod()) {
      case "GET" -> {
        if (request.watches()) {
          watches.add(exchange);
          try {
            new WatchStream(store, request).serve(exchange);
          } finally {
            watches.remove(exchange);
          }
        } else {
          send(exchange, 200, collection ? list(request) : get(request.path()), List.of());
        }
      }
      case "POST" -> send(exchange, registry.create(request));
      case "PUT" -> send(exchange, registry.put(request));
      case "PATCH" -> send(exchange, registry.patch(request));
      case "DELETE" -> send(exchange, collection ? deleteAll(request) : registry.delete(request));
      default -> throw ApiException.of(405, "MethodNotAllowed", exchange.getRequestMethod());
    }
  }

  private void authorize(ApiCall call) {
    if (!authorizer.test(call)) {
      throw ApiException.of(403, "Forbidden", "User \"%s\" cannot %s".formatted(call.user(), call));
    }
  }

  private static ApiCall call(HttpExchange exchange, ApiRequest request) {
    ResourcePath path = request.path();
    boolean collection = path.name().isEmpty();
    String verb =
        switch (exchange.getRequestMethod()) {
          case "GET" -> request.watches() ? "watch" : collection ? "list" : "get";
          case "POST" -> "create";
          case "PUT" -> "update";
          case "PATCH" -> "patch";
          case "DELETE" -> collection ? "deletecollection" : "delete";
          default -> exchange.getRequestMethod();
        };
    String authorization = header(exchange, "Authorization");
    return new ApiCall(
        authorization.startsWith("Bearer ") ? authorization.substring("Bearer ".length()) : "",
        verb,
        path.group(),
        path.subresource().isEmpty() ? path.plural() : path.plural() + "/" + path.subresource(),
        path.namespace(),
        collection ? Selectors.name(request.parameter("fieldSelector")) : path.name());
  }

  private void answerNonResource(HttpExchange exchange, String path) throws IOException {
    if (List.of("/livez", "/readyz", "/healthz").contains(path)) {
      sendBytes(
          exchange, 200, "text/plain", "ok".getBytes(java.nio.charset.StandardCharsets.UTF_8));
      return;
    }
    ObjectNode found =
        KnownResources.discover(path)
            .orElseThrow(() ->
                ApiException.of(
                    404, "NotFound", "the server could not find the requested resource"));
    send(exchange, 200, found, List.of());
  }

  private ObjectNode get(ResourcePath path) {
    return store.get(path.id()).orElseThrow(() -> ApiException.notFound(path));
  }

  private ObjectNode list(ApiRequest request) {
    ResourcePath path = request.path();
    Pages.Page page = pages.of(request, () -> listing(request));
    String kind =
        KnownResources.find(path)
            .map(KnownResources.Resource::kind)
            .or(() -> page.objects().stream().findFirst().map(o -> Json.text(o, "kind")))
            .orElse("");
    ObjectNode list = Json.object().put("kind", kind + "List").put("apiVersion", path.apiVersion());
    ObjectNode metadata =
        list.putObject("metadata").put("resourceVersion", Long.toString(page.version()));
    if (!page.next().isEmpty()) {
      metadata.put("continue", page.next());
    }
    list.putArray("items").addAll(page.objects());
    return list;
  }

  private ObjectStore.Listing listing(ApiRequest request) {
    ResourcePath path = request.path();
    ObjectStore.Listing all = store.list(path.group(), path.plural(), path.namespace());
    Predicate<JsonNode> selected = selector(request);
    return new ObjectStore.Listing(all.version(), all.objects().stream().filter(selected).toList());
  }

  private Registry.Written deleteAll(ApiRequest request) {
    ObjectNode before = list(request);
    before
        .path("items")
        .forEach(item ->
            registry.delete(
                new ApiRequest(
                    new ResourcePath(
                        request.path().group(),
                        request.path().version(),
                        Json.text(item, "metadata", "namespace"),
                        request.path().plural(),
                        Json.text(item, "metadata", "name"),
                        ""),
                    request.query(),
                    request.contentType(),
                    request.userAgent(),
                    request.body())));
    return new Registry.Written(200, before, List.of());
  }

  static Predicate<JsonNode> selector(ApiRequest request) {
    return Selectors.of(request.parameter("labelSelector"), request.parameter("fieldSelector"));
  }

  private static String header(HttpExchange exchange, String name) {
    String value = exchange.getRequestHeaders().getFirst(name);
    return value == null ? "" : value;
  }

  private static void send(HttpExchange exchange, Registry.Written written) throws IOException {
    send(exchange, written.code(), written.object(), written.warnings());
  }

  private static void send(HttpExchange exchange, int code, ObjectNode body, List<String> warnings)
      throws IOException {
    for (String warning : warnings) {
      String quoted =
          warning.replaceAll("\\p{Cntrl}", " ").replace("\\", "\\\\").replace("\"", "\\\"");
      exchange.getResponseHeaders().add("Warning", "299 - \"" + quoted + "\"");
    }
    sendBytes(exchange, code, "application/json", Json.bytes(body));
  }

  private static void sendBytes(HttpExchange exchange, int code, String type, byte[] body)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(code, body.length == 0 ? -1 : body.length);
    if (body.length > 0) {
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    http.stop(0);
    threads.shutdownNow();
  }
}
