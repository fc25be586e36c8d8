package io.csiclone.webhook;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
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
   * The object that is all of {@code text}.
   *
   * @throws IllegalArgumentException when it is anything else
   */
  static Map<String, @Nullable Object> object(byte[] text) {
    try (var parser = JSON.createParser(ObjectReadContext.empty(), text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new IllegalArgumentException("not an object");
      }
      var object = object(parser);
      if (parser.nextToken() != null) {
        throw new IllegalArgumentException("more than an object");
      }
      return object;
    } catch (JacksonException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** How deep a body may be nested, the parser bounds. */
  private static Map<String, @Nullable Object> object(JsonParser parser) {
    var name = parser.nextName();
    if (name == null) {
      return Map.of();
    }
    var object = new LinkedHashMap<String, @Nullable Object>();
    for (; name != null; name = parser.nextName()) {
      object.put(name, value(parser, parser.nextToken()));
    }
    return object;
  }

  private static List<@Nullable Object> list(JsonParser parser) {
    var list = new ArrayList<@Nullable Object>(4);
    for (var token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
      list.add(value(parser, token));
    }
    return list;
  }

  private static @Nullable Object value(JsonParser parser, @Nullable JsonToken token) {
    return switch (token) {
      case START_OBJECT -> object(parser);
      case START_ARRAY -> list(parser);
      case VALUE_STRING -> parser.getString();
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new JsonNumber(parser.getString());
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      case null, default -> throw new IllegalArgumentException("cut off");
    };
  }

  /** A number as it was written. */
  record JsonNumber(String text) {}
}
