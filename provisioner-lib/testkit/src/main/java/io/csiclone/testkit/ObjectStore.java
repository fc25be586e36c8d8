package io.csiclone.testkit;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * The objects and their history, as etcd keeps them: one version counter for all, compare-and-set
 * writes, watches that start at any remembered version without a gap. Objects handed in belong to
 * the store and are never changed again; readers must copy before they change anything.
 */
final class ObjectStore {

  /** Enough for any test; who asks for older events gets "410 Gone" and lists again. */
  private static final int HISTORY = 50_000;

  record Id(String group, String plural, String namespace, String name) {}

  /** What happened to an object; {@code before} is null when it was created. */
  record Event(long version, Id id, @Nullable ObjectNode before, ObjectNode after, boolean gone) {}

  record Listing(long version, List<ObjectNode> objects) {}

  /** A subscription: events from a version on, in order. */
  final class Subscription implements AutoCloseable {
    final BlockingQueue<Event> events = new LinkedBlockingQueue<>();

    @Override
    public void close() {
      subscriptions.remove(this);
    }
  }

  private final TreeMap<Id, ObjectNode> objects =
      new TreeMap<>(
          Comparator.comparing(Id::group)
              .thenComparing(Id::plural)
              .thenComparing(Id::namespace)
              .thenComparing(Id::name));
  private final Deque<Event> history = new ArrayDeque<>();
  private final Set<Subscription> subscriptions = ConcurrentHashMap.newKeySet();
  private long version = 1;

  synchronized Optional<ObjectNode> get(Id id) {
    return Optional.ofNullable(objects.get(id));
  }

  /** The objects of a kind, in one namespace or (empty) in all, with the version they are of. */
  synchronized Listing list(String group, String plural, String namespace) {
    return new Listing(
        version,
        objects.entrySet().stream()
            .filter(e -> e.getKey().group().equals(group) && e.getKey().plural().equals(plural))
            .filter(e -> namespace.isEmpty() || e.getKey().namespace().equals(namespace))
            .map(java.util.Map.Entry::getValue)
            .toList());
  }

  /** Stores a new object, or returns empty when one of that name exists. */
  synchronized Optional<ObjectNode> create(Id id, ObjectNode object) {
    if (objects.containsKey(id)) {
      return Optional.empty();
    }
    objects.put(id, stamped(object));
    publish(new Event(version, id, null, object, false));
    return Optional.of(object);
  }

  /** Replaces {@code expected} by what {@code change} returns, or returns empty when it changed. */
  synchronized Optional<ObjectNode> replace(Id id, ObjectNode expected, ObjectNode object) {
    if (objects.get(id) != expected) {
      return Optional.empty();
    }
    objects.put(id, stamped(object));
    publish(new Event(version, id, expected, object, false));
    return Optional.of(object);
  }

  /** Removes {@code expected} leaving {@code last} as its final state; false when it changed. */
  synchronized boolean remove(Id id, ObjectNode expected, ObjectNode last) {
    if (objects.get(id) != expected) {
      return false;
    }
    objects.remove(id);
    publish(new Event(bumped(last), id, expected, last, true));
    return true;
  }

  /**
   * Follows everything that happens from here on. {@code start} runs in the same instant, with the
   * current version: what it lists and what the subscription delivers have no gap between them.
   */
  synchronized <T> T subscribe(Subscription subscription, Function<Long, T> start) {
    subscriptions.add(subscription);
    return start.apply(version);
  }

  /** Follows everything after {@code from}; false when that is too long ago. */
  synchronized boolean subscribe(Subscription subscription, long from) {
    Event oldest = history.peekFirst();
    if (history.size() >= HISTORY && oldest != null && from < oldest.version() - 1) {
      return false;
    }
    history.stream().filter(e -> e.version() > from).forEach(subscription.events::add);
    subscriptions.add(subscription);
    return true;
  }

  Subscription newSubscription() {
    return new Subscription();
  }

  synchronized long version() {
    return version;
  }

  private ObjectNode stamped(ObjectNode object) {
    bumped(object);
    return object;
  }

  private long bumped(ObjectNode object) {
    version++;
    Json.metadata(object).put("resourceVersion", Long.toString(version));
    return version;
  }

  private void publish(Event event) {
    history.addLast(event);
    if (history.size() > HISTORY) {
      history.removeFirst();
    }
    subscriptions.forEach(s -> s.events.add(event));
  }
}
