package io.csiclone.webhook;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.sym.BinaryNameMatcher;
import tools.jackson.core.sym.PropertyNameMatcher;

/**
 * The members of a JSON object that somebody reads. All others have to be JSON, but nothing is made
 * of them, not even of their names: a review is read for every claim that is created.
 */
final class Members {

  private final String[] names;
  private final PropertyNameMatcher matcher;

  private Members(String[] names) {
    this.names = names;
    this.matcher = BinaryNameMatcher.construct(List.of(names));
  }

  static Members of(String... names) {
    return new Members(names);
  }

  /**
   * The next one, whose value the parser is at then; null at the end of the object.
   *
   * @throws IllegalArgumentException when the object is cut off
   */
  @Nullable String next(JsonParser json) {
    while (true) {
      int found = json.nextNameMatch(matcher);
      if (found >= 0) {
        json.nextToken();
        return names[found];
      }
      switch (found) {
        case PropertyNameMatcher.MATCH_END_OBJECT -> {
          return null;
        }
        case PropertyNameMatcher.MATCH_UNKNOWN_NAME -> {
          json.nextToken();
          json.skipChildren();
        }
        default -> throw new IllegalArgumentException("cut off");
      }
    }
  }

  /** Whether the parser is at an object; it is past it if it is at anything else. */
  static boolean entered(JsonParser json) {
    if (json.hasToken(JsonToken.START_OBJECT)) {
      return true;
    }
    json.skipChildren();
    return false;
  }

  /** The text that the parser is at; empty for anything else, which it is past then. */
  static String text(JsonParser json) {
    if (json.hasToken(JsonToken.VALUE_STRING)) {
      return json.getString();
    }
    json.skipChildren();
    return "";
  }
}
