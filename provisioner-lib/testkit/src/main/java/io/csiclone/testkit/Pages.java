package io.csiclone.testkit;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import tools.jackson.databind.node.ObjectNode;

/**
 * Lists in parts, for clients that ask with a limit. All parts are of the moment at which the first
 * was asked for, as with a real server.
 */
final class Pages {

  /** Lists that nobody reads to the end are given up, oldest first. */
  private static final int MOST_UNREAD = 100;

  /** One part; {@code next} is the token for the part after it, empty after the last. */
  record Page(long version, List<ObjectNode> objects, String next) {}

  private record Rest(ObjectStore.Listing listing, int from) {}

  private final Map<String, Rest> unread =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Rest> eldest) {
          return size() > MOST_UNREAD;
        }
      };

  /** The part that a request asks for, from {@code list} if it is the first. */
  Page of(ApiRequest request, Supplier<ObjectStore.Listing> list) {
    String token = request.parameter("continue");
    int limit = limit(request.parameter("limit"));
    return token.isEmpty() ? page(new Rest(list.get(), 0), limit) : page(rest(token), limit);
  }

  private static int limit(String limit) {
    try {
      int number = limit.isEmpty() ? 0 : Integer.parseInt(limit);
      return number <= 0 ? Integer.MAX_VALUE : number;
    } catch (NumberFormatException e) {
      throw ApiException.badRequest("limit is not a number: " + limit);
    }
  }

  private synchronized Rest rest(String token) {
    Rest rest = unread.get(token);
    if (rest == null) {
      throw ApiException.of(410, "Expired", "The provided continue parameter is too old");
    }
    return rest;
  }

  private synchronized Page page(Rest rest, int limit) {
    List<ObjectNode> objects = rest.listing().objects();
    int to = (int) Math.min(objects.size(), (long) rest.from() + limit);
    String next = "";
    if (to < objects.size()) {
      next = UUID.randomUUID().toString();
      unread.put(next, new Rest(rest.listing(), to));
    }
    return new Page(rest.listing().version(), objects.subList(rest.from(), to), next);
  }
}
