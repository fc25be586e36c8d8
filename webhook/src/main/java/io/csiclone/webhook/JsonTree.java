package io.csiclone.webhook;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON as maps, lists, strings, numbers and booleans; numbers keep their text. A mapper would do
 * the same at a multiple of the price, and a review is read for every claim that is created.
 */
final class JsonTree {

  private JsonTree() {}

  /**
   * Members that are of no interest: they have to be JSON, but no object is made of them.
   *
   * @param within by the name of the member; elements of a list count as the list
   */
  record Unread(Map<String, Unread> within) {
    /** All of it. */
    static final Unread ALL = new Unread(Map.of());

    static final Unread NOTHING = new Unread(Map.of());

    /** Nothing of these members. */
    static Unread all(String... names) {
      var within = new HashMap<String, Unread>();
      for (var name : names) {
        within.put(name, ALL);
      }
      return new Unread(within);
    }

    /** This, and in that member something. */
    Unread and(String name, Unread unread) {
      var more = new HashMap<>(within);
      more.put(name, unread);
      return new Unread(more);
    }

    Unread in(String name) {
      return within.isEmpty() ? NOTHING : within.getOrDefault(name, NOTHING);
    }
  }

  /**
   * The object that is all of {@code text}.
   *
   * @param unread what is left out
   * @throws IllegalArgumentException when it is anything else
   */
  static Map<String, @Nullable Object> object(byte[] text, Unread unread) {
    return new JsonReader(text).whole(unread);
  }

  /** A number as it was written. */
  record JsonNumber(String text) {}
}
