package io.csiclone.webhook;

import io.csiclone.webhook.JsonTree.JsonNumber;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes JSON without blanks. A generator takes buffers for each text from a pool that is made for
 * longer ones, which costs more than an answer.
 */
final class JsonWriter {

  private static final int USUAL_LENGTH = 512;
  private static final char[] HEX = "0123456789ABCDEF".toCharArray();

  private final StringBuilder text = new StringBuilder(USUAL_LENGTH);

  /** Whether something stands before what comes next, in the same object or list. */
  private boolean follows;

  JsonWriter startObject() {
    return start('{');
  }

  JsonWriter endObject() {
    return end('}');
  }

  JsonWriter startArray() {
    return start('[');
  }

  JsonWriter endArray() {
    return end(']');
  }

  /** The name of the member that comes next. */
  JsonWriter name(String name) {
    separate();
    quote(name);
    text.append(':');
    follows = false;
    return this;
  }

  JsonWriter property(String name, String value) {
    return name(name).string(value);
  }

  JsonWriter string(String value) {
    separate();
    quote(value);
    return this;
  }

  /** A number or a word that is JSON as it is. */
  JsonWriter bare(String value) {
    separate();
    text.append(value);
    return this;
  }

  /** What {@link JsonTree#object} has read. */
  JsonWriter tree(@Nullable Object value) {
    switch (value) {
      case null -> bare("null");
      case String string -> string(string);
      case JsonNumber number -> bare(number.text());
      case Boolean bit -> bare(bit.toString());
      case Map<?, ?> object -> {
        startObject();
        object.forEach((name, member) -> name((String) name).tree(member));
        endObject();
      }
      case List<?> list -> {
        startArray();
        list.forEach(this::tree);
        endArray();
      }
      default -> throw new IllegalArgumentException("not JSON: " + value.getClass());
    }
    return this;
  }

  private JsonWriter start(char bracket) {
    separate();
    text.append(bracket);
    follows = false;
    return this;
  }

  private JsonWriter end(char bracket) {
    text.append(bracket);
    follows = true;
    return this;
  }

  private void separate() {
    if (follows) {
      text.append(',');
    }
    follows = true;
  }

  private void quote(String value) {
    text.append('"');
    int from = 0;
    for (int i = 0; i < value.length(); i++) {
      char each = value.charAt(i);
      if (each < ' ' || each == '"' || each == '\\') {
        text.append(value, from, i);
        escape(each);
        from = i + 1;
      }
    }
    if (from == 0) {
      text.append(value);
    } else {
      text.append(value, from, value.length());
    }
    text.append('"');
  }

  private void escape(char each) {
    text.append('\\');
    switch (each) {
      case '\b' -> text.append('b');
      case '\f' -> text.append('f');
      case '\n' -> text.append('n');
      case '\r' -> text.append('r');
      case '\t' -> text.append('t');
      case '"', '\\' -> text.append(each);
      default -> text.append("u00").append(HEX[each >> 4]).append(HEX[each & 0xf]);
    }
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
