package io.csiclone.webhook;

import io.csiclone.webhook.JsonTree.JsonNumber;
import io.csiclone.webhook.JsonTree.Unread;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads JSON (RFC 8259) from the bytes of a body. What is not of interest is checked and passed
 * over where it stands: a parser of tokens decodes and looks up the names in there as well, which
 * are most of a review.
 *
 * <p>The loops have their position in a local variable, since the first compiler, the only one that
 * runs here, keeps no field in a register.
 */
final class JsonReader {

  /** As deep as Jackson goes. */
  private static final int DEEPEST = 500;

  /** Digits cost more than in proportion to their number. */
  private static final int LONGEST_NUMBER = 1_000;

  private final byte[] text;
  private int at;
  private int depth;

  JsonReader(byte[] text) {
    this.text = text;
  }

  /**
   * The object that is all of the text.
   *
   * @throws IllegalArgumentException when it is anything else
   */
  Map<String, @Nullable Object> whole(Unread unread) {
    try {
      at = blanks(at);
      if (text[at] != '{') {
        throw wrong("not an object");
      }
      var object = object(unread);
      // Nothing may follow, so this must run to the end.
      int end = at;
      while (end < text.length && isBlank(text[end])) {
        end++;
      }
      if (end < text.length) {
        throw wrong("more than an object");
      }
      return object;
    } catch (ArrayIndexOutOfBoundsException e) {
      // The array knows its end; to ask before each byte would be to ask twice.
      throw new IllegalArgumentException("cut off", e);
    }
  }

  private Map<String, @Nullable Object> object(Unread unread) {
    if (isEmpty('}')) {
      return Map.of();
    }
    var object = new LinkedHashMap<String, @Nullable Object>();
    while (true) {
      var name = name();
      at = blanks(at);
      expect(':');
      at = blanks(at);
      var part = unread.in(name);
      if (part == Unread.ALL) {
        skip();
      } else {
        object.put(name, value(part));
      }
      if (isLast('}')) {
        depth--;
        return object;
      }
    }
  }

  private List<@Nullable Object> list(Unread unread) {
    var list = new ArrayList<@Nullable Object>(4);
    if (isEmpty(']')) {
      return list;
    }
    do {
      list.add(value(unread));
    } while (!isLast(']'));
    depth--;
    return list;
  }

  private @Nullable Object value(Unread unread) {
    switch (text[at]) {
      case '{' -> {
        return object(unread);
      }
      case '[' -> {
        return list(unread);
      }
      case '"' -> {
        return string();
      }
      case 't' -> {
        word("true");
        return true;
      }
      case 'f' -> {
        word("false");
        return false;
      }
      case 'n' -> {
        word("null");
        return null;
      }
      default -> {
        int from = at;
        skipNumber();
        return new JsonNumber(new String(text, from, at - from, StandardCharsets.ISO_8859_1));
      }
    }
  }

  /** Goes past a value, which has to be one. */
  private void skip() {
    switch (text[at]) {
      case '{' -> skipObject();
      case '[' -> skipList();
      case '"' -> skipString();
      case 't' -> word("true");
      case 'f' -> word("false");
      case 'n' -> word("null");
      default -> skipNumber();
    }
  }

  private void skipObject() {
    if (isEmpty('}')) {
      return;
    }
    do {
      skipString();
      at = blanks(at);
      expect(':');
      at = blanks(at);
      skip();
    } while (!isLast('}'));
    depth--;
  }

  private void skipList() {
    if (isEmpty(']')) {
      return;
    }
    do {
      skip();
    } while (!isLast(']'));
    depth--;
  }

  /** After a member or an element: whether it was the last, else the next one begins here. */
  private boolean isLast(char end) {
    at = blanks(at);
    byte each = text[at++];
    if (each == end) {
      return true;
    }
    if (each != ',') {
      throw wrong("neither a comma nor an end");
    }
    at = blanks(at);
    return false;
  }

  /** Goes into an object or a list, unless nothing is in it. */
  private boolean isEmpty(char end) {
    if (++depth > DEEPEST) {
      throw new IllegalArgumentException("the nesting is deeper than " + DEEPEST);
    }
    at = blanks(at + 1);
    if (text[at] != end) {
      return false;
    }
    at++;
    depth--;
    return true;
  }

  /** The name of a member: of the usual ones there is one instance, whose hash is known. */
  private String name() {
    expect('"');
    int from = at;
    int hash = 0;
    int i = from;
    byte each = text[i];
    while (each >= ' ' && each != '"' && each != '\\') {
      hash = JsonNames.hash(hash, each);
      each = text[++i];
    }
    if (each == '"') {
      at = i + 1;
      var known = JsonNames.known(hash, text, from, i);
      return known == null ? new String(text, from, i - from, StandardCharsets.ISO_8859_1) : known;
    }
    at = from - 1;
    return string();
  }

  private String string() {
    int from = at + 1;
    int i = plain(from);
    if (text[i] == '"') {
      at = i + 1;
      return new String(text, from, i - from, StandardCharsets.ISO_8859_1);
    }
    boolean foreign = passString();
    return foreign
        ? JsonStrings.unescaped(JsonStrings.decoded(text, from, at - 1))
        : JsonStrings.unescaped(text, from, at - 1);
  }

  /** The end of what stands for itself, a byte for a character. */
  private int plain(int from) {
    byte[] bytes = text;
    int i = from;
    byte each = bytes[i];
    while (each >= ' ' && each != '"' && each != '\\') {
      each = bytes[++i];
    }
    return i;
  }

  private void skipString() {
    int from = at + 1;
    if (passString()) {
      JsonStrings.decoded(text, from, at - 1);
    }
  }

  /** Goes past a string; true if some of it is not ASCII, and has yet to be checked. */
  private boolean passString() {
    expect('"');
    byte[] bytes = text;
    int i = at;
    boolean foreign = false;
    while (true) {
      byte each = bytes[i++];
      if (each == '"') {
        break;
      } else if (each == '\\') {
        i = escape(i);
      } else if (each < 0) {
        foreign = true;
      } else if (each < ' ') {
        throw wrong("a control character");
      }
    }
    at = i;
    return foreign;
  }

  /** The end of the escape whose letter is here. */
  private int escape(int from) {
    switch (text[from]) {
      case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> {
        return from + 1;
      }
      case 'u' -> {
        for (int i = from + 1; i < from + 5; i++) {
          if (JsonStrings.digit(text[i]) < 0) {
            throw wrong("not a hexadecimal digit");
          }
        }
        return from + 5;
      }
      default -> throw wrong("no escape");
    }
  }

  private void skipNumber() {
    int from = at;
    if (text[at] == '-') {
      at++;
    }
    if (text[at] == '0') {
      at++;
    } else {
      digits();
    }
    if (text[at] == '.') {
      at++;
      digits();
    }
    if (text[at] == 'e' || text[at] == 'E') {
      at++;
      if (text[at] == '+' || text[at] == '-') {
        at++;
      }
      digits();
    }
    if (at - from > LONGEST_NUMBER) {
      throw new IllegalArgumentException("a number of " + (at - from) + " digits");
    }
  }

  private void digits() {
    int i = at;
    while (text[i] >= '0' && text[i] <= '9') {
      i++;
    }
    if (i == at) {
      throw wrong("not a digit");
    }
    at = i;
  }

  private void word(String word) {
    for (int i = 0; i < word.length(); i++) {
      expect(word.charAt(i));
    }
  }

  private void expect(char wanted) {
    if (text[at] != wanted) {
      throw wrong("not " + wanted);
    }
    at++;
  }

  private int blanks(int from) {
    int i = from;
    while (isBlank(text[i])) {
      i++;
    }
    return i;
  }

  private static boolean isBlank(byte each) {
    return each <= ' ' && (each == ' ' || each == '\n' || each == '\r' || each == '\t');
  }

  private IllegalArgumentException wrong(String what) {
    return new IllegalArgumentException("byte " + at + ": " + what);
  }
}
