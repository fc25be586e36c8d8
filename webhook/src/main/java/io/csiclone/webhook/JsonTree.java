package io.csiclone.webhook;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * JSON as maps, lists, strings, numbers and booleans; numbers keep their text. A mapper would do
 * the same at a multiple of the price, and a review is read for every claim that is created.
 */
final class JsonTree {

  private static final JsonFactory JSON = new JsonFactory();

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
    try (var parser = JSON.createParser(ObjectReadContext.empty(), text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new IllegalArgumentException("not an object");
      }
      var object = object(parser, unread);
      if (parser.nextToken() != null) {
        throw new IllegalArgumentException("more than an object");
      }
      return object;
    } catch (JacksonException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** How deep a body may be nested, the parser bounds. */
  private static Map<String, @Nullable Object> object(JsonParser parser, Unread unread) {
    var name = parser.nextName();
    if (name == null) {
      return Map.of();
    }
    var object = new LinkedHashMap<String, @Nullable Object>();
    for (; name != null; name = parser.nextName()) {
      var token = parser.nextToken();
      var part = unread.in(name);
      if (part == Unread.ALL) {
        parser.skipChildren();
      } else {
        object.put(name, value(parser, token, part));
      }
    }
    return object;
  }

  private static List<@Nullable Object> list(JsonParser parser, Unread unread) {
    var list = new ArrayList<@Nullable Object>(4);
    for (var token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
      list.add(value(parser, token, unread));
    }
    return list;
  }

  private static @Nullable Object value(
      JsonParser parser, @Nullable JsonToken token, Unread unread) {
    return switch (token) {
      case START_OBJECT -> object(parser, unread);
      case START_ARRAY -> list(parser, unread);
      case VALUE_STRING -> parser.getString();
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new JsonNumber(parser.getString());
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      case null, default -> throw new IllegalArgumentException("cut off");
    };
  }

  /** Writes what {@link #object} has read. */
  static void write(JsonGenerator json, @Nullable Object value) {
    switch (value) {
      case null -> json.writeNull();
      case String text -> json.writeString(text);
      case JsonNumber number -> json.writeNumber(number.text());
      case Boolean bit -> json.writeBoolean(bit);
      case Map<?, ?> object -> {
        json.writeStartObject();
        object.forEach((name, member) -> {
          json.writeName((String) name);
          write(json, member);
        });
        json.writeEndObject();
      }
      case List<?> list -> {
        json.writeStartArray();
        list.forEach(element -> write(json, element));
        json.writeEndArray();
      }
      default -> throw new IllegalArgumentException("not JSON: " + value.getClass());
    }
  }

  /** A number as it was written. */
  record JsonNumber(String text) {}
}
