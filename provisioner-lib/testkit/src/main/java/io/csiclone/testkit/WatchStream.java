package io.csiclone.testkit;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** One watch: a stream of JSON events, one a line, until the client goes or its time is over. */
final class WatchStream {

  /**
   * Real servers take about a minute; a client on plain HTTP waits for it to see the watch work.
   */
  private static final long BOOKMARK_NANOS = TimeUnit.SECONDS.toNanos(2);

  private static final long DEFAULT_SECONDS = 1800;

  private final ObjectStore store;
  private final ApiRequest request;
  private final Predicate<JsonNode> selected;

  WatchStream(ObjectStore store, ApiRequest request) {
    this.store = store;
    this.request = request;
    String name = request.path().name();
    Predicate<JsonNode> named =
        object -> name.isEmpty() || Json.text(object, "metadata", "name").equals(name);
    this.selected = named.and(ApiServer.selector(request));
  }

  void serve(HttpExchange exchange) throws IOException {
    String from = request.parameter("resourceVersion");
    boolean initial =
        from.isEmpty() || from.equals("0") || request.parameter("sendInitialEvents").equals("true");
    try (ObjectStore.Subscription subscription = store.newSubscription()) {
      if (initial) {
        ObjectStore.Listing listing = subscribeWithList(subscription);
        OutputStream out = open(exchange);
        for (ObjectNode object : listing.objects()) {
          if (selected.test(object)) {
            write(out, "ADDED", object);
          }
        }
        if (request.parameter("sendInitialEvents").equals("true")) {
          write(out, "BOOKMARK", bookmark(listing.version(), true));
        }
        out.flush();
        follow(subscription, out);
      } else {
        boolean remembered;
        try {
          remembered = store.subscribe(subscription, Long.parseLong(from));
        } catch (NumberFormatException e) {
          throw ApiException.badRequest("Invalid value: \"" + from + "\": resourceVersion");
        }
        OutputStream out = open(exchange);
        if (remembered) {
          follow(subscription, out);
        } else {
          write(out, "ERROR", ApiException.of(410, "Expired", "too old resource version").status());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the server is closing
    }
  }

  private ObjectStore.Listing subscribeWithList(ObjectStore.Subscription subscription) {
    ResourcePath path = request.path();
    return store.subscribe(
        subscription, version -> store.list(path.group(), path.plural(), path.namespace()));
  }

  private static OutputStream open(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, 0);
    OutputStream out = exchange.getResponseBody();
    out.flush(); // the client learns at once that the watch is open
    return out;
  }

  private void follow(ObjectStore.Subscription subscription, OutputStream out)
      throws IOException, InterruptedException {
    String asked = request.parameter("timeoutSeconds");
    long seconds = asked.isEmpty() ? DEFAULT_SECONDS : Long.parseLong(asked);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    boolean bookmarks = request.parameter("allowWatchBookmarks").equals("true");
    long told = System.nanoTime();
    while (System.nanoTime() < end) {
      long due = Math.min(end, told + BOOKMARK_NANOS) - System.nanoTime();
      ObjectStore.Event event = subscription.events.poll(due, TimeUnit.NANOSECONDS);
      if (event != null && deliver(event, out)) {
        told = System.nanoTime();
      } else if (System.nanoTime() - told >= BOOKMARK_NANOS) {
        // However much happens to objects that this client does not watch. Also how a client that
        // is gone gets noticed.
        ObjectNode bookmark = bookmark(store.version(), false);
        if (subscription.events.isEmpty()) {
          if (bookmarks) {
            write(out, "BOOKMARK", bookmark);
            out.flush();
          }
          told = System.nanoTime();
        }
      }
    }
  }

  /** Whether the event was one for this client. */
  private boolean deliver(ObjectStore.Event event, OutputStream out) throws IOException {
    ResourcePath path = request.path();
    ObjectStore.Id id = event.id();
    if (!List.of(id.group(), id.plural()).equals(List.of(path.group(), path.plural()))
        || (!path.namespace().isEmpty() && !path.namespace().equals(id.namespace()))) {
      return false;
    }
    boolean was = matches(event.before());
    boolean is = !event.gone() && selected.test(event.after());
    if (was || is) {
      write(out, !was ? "ADDED" : is ? "MODIFIED" : "DELETED", event.after());
      out.flush();
    }
    return was || is;
  }

  private boolean matches(@Nullable ObjectNode object) {
    return object != null && selected.test(object);
  }

  private ObjectNode bookmark(long version, boolean endOfInitialEvents) {
    ObjectNode object = Json.object();
    KnownResources.find(request.path()).ifPresent(known -> object.put("kind", known.kind()));
    object.put("apiVersion", request.path().apiVersion());
    ObjectNode metadata =
        object.putObject("metadata").put("resourceVersion", Long.toString(version));
    if (endOfInitialEvents) {
      metadata.putObject("annotations").put("k8s.io/initial-events-end", "true");
    }
    return object;
  }

  private static void write(OutputStream out, String type, ObjectNode object) throws IOException {
    ObjectNode event = Json.object().put("type", type);
    event.set("object", object);
    byte[] text = Json.bytes(event);
    byte[] line = java.util.Arrays.copyOf(text, text.length + 1);
    line[text.length] = '\n';
    out.write(line);
  }
}
