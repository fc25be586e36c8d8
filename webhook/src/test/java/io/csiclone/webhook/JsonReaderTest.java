package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.csiclone.webhook.JsonTree.JsonNumber;
import io.csiclone.webhook.JsonTree.Unread;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/** What is JSON and what it says, Jackson's parser and this reader agree on. */
class JsonReaderTest {

  private static final JsonFactory JACKSON = new JsonFactory();
  private static final int MUTANTS = 20_000;

  private static final Unread SOME =
      Unread.all("metadata", "f:spec")
          .and("object", Unread.all("spec").and("metadata", Unread.all("annotations", "labels")))
          .and("request", Unread.all("userInfo").and("kind", Unread.all("group")));

  /** What a byte or two of JSON may be replaced by. */
  private static final List<String> PIECES =
      List.of(
          "\"",
          "\\",
          "{",
          "}",
          "[",
          "]",
          ",",
          ":",
          " ",
          "\n",
          "\t",
          "\f",
          "\u0000",
          "\u001f",
          "\u007f",
          "0",
          "9",
          "-",
          "+",
          ".",
          "e",
          "E",
          "1e5",
          "-0",
          "01",
          "1.",
          ".5",
          "true",
          "fals",
          "null",
          "NaN",
          "\\u0041",
          "\\u00e9",
          "\\u12",
          "\\uzzzz",
          "\\n",
          "\\x",
          "\\\"",
          "\\\\",
          "é",
          "€",
          "\ud83d\ude00",
          "/*",
          "//",
          "'",
          "{}",
          "[]",
          "\"a\":1",
          "\"a\":1,",
          ",\"kind\":{}",
          "\"k\\u0069nd\"");

  static IntStream seeds() {
    return IntStream.range(0, 20);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void mutantsOfReviewsAreReadAsJacksonReadsThem(int seed) {
    var random = new Random(seed);
    var originals = new ArrayList<String>();
    Recording.all().forEach(recording -> originals.add(recording.body()));
    originals.add(
        "{\"a\": [1, -2.5e+7, {\"b\": null}, [], \"\\u20ac\\n\", \"ü\"], \"f:spec\": {\"x\": [0]}}");
    int accepted = 0;
    for (int i = 0; i < MUTANTS / 20; i++) {
      var bytes =
          mutant(originals.get(random.nextInt(originals.size())), random)
              .getBytes(StandardCharsets.UTF_8);
      for (var unread : List.of(Unread.NOTHING, SOME)) {
        var wanted = byJackson(bytes, unread);
        assertThat(read(bytes, unread))
            .as(() -> new String(bytes, StandardCharsets.UTF_8))
            .isEqualTo(wanted);
        accepted += wanted == null ? 0 : 1;
      }
    }
    // Else both would agree on nothing but refusals.
    assertThat(accepted).isBetween(MUTANTS / 200, MUTANTS / 10 - MUTANTS / 200);
  }

  private static String mutant(String original, Random random) {
    var text = new StringBuilder(original);
    for (int edits = random.nextInt(3); edits >= 0; edits--) {
      int at = random.nextInt(1, text.length());
      int end = Math.min(text.length(), at + random.nextInt(3));
      switch (random.nextInt(4)) {
        case 0 -> text.replace(at, end, "");
        case 1 -> text.insert(at, text.substring(at, end));
        default -> text.replace(at, end, PIECES.get(random.nextInt(PIECES.size())));
      }
    }
    return text.toString();
  }

  /** A byte changed here and there may make it anything but UTF-8, which is no JSON either. */
  @Test
  void whatIsNotUtf8IsRefused() {
    var random = new Random(1);
    var original =
        "{\"aü€\": [\"é😀\", {\"f:spec\": \"ö😀\\n\"}]}".getBytes(StandardCharsets.UTF_8);
    int foreign = 0;
    for (int i = 0; i < MUTANTS; i++) {
      var bytes = original.clone();
      bytes[random.nextInt(1, bytes.length)] = (byte) random.nextInt(256);
      if (isUtf8(bytes)) {
        assertThat(read(bytes, SOME)).isEqualTo(byJackson(bytes, SOME));
      } else {
        foreign++;
        assertThat(read(bytes, SOME)).isNull();
        assertThat(read(bytes, Unread.all("aü€"))).isNull();
      }
    }
    assertThat(foreign).isGreaterThan(MUTANTS / 10);
  }

  private static boolean isUtf8(byte[] bytes) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  @Test
  void everyBeginningOfAReviewIsRefusedAsCutOff() {
    var bytes = Recording.all().getFirst().bytes();
    for (int length = 0; length < bytes.length; length++) {
      assertThat(read(Arrays.copyOf(bytes, length), SOME)).isNull();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"a\":", "{\"a\":[", "{\"u\":"})
  void nestingIsAsDeepAsJacksonHasIt(String step) {
    for (int depth : new int[] {249, 250, 251, 499, 500, 501, 502}) {
      for (var core : List.of("0", "{}", "[]", "[0]")) {
        var end = new StringBuilder(step.replaceAll("[^{\\[]", "").repeat(depth)).reverse();
        var bytes =
            (step.repeat(depth) + core + end.toString().replace('{', '}').replace('[', ']'))
                .getBytes(StandardCharsets.UTF_8);
        var unread = Unread.all("u");
        assertThat(read(bytes, unread)).isEqualTo(byJackson(bytes, unread));
      }
    }
  }

  @Test
  void aNumberOfVeryManyDigitsIsRefused() {
    assertThat(read(("{\"a\":" + "1".repeat(1_000) + "}").getBytes(StandardCharsets.UTF_8), SOME))
        .isEqualTo(Map.of("a", new JsonNumber("1".repeat(1_000))));
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            new JsonReader(("{\"a\":" + "1".repeat(1_001) + "}").getBytes(StandardCharsets.UTF_8))
                .whole(SOME));
  }

  /** Jackson has it so of texts and not of names; the way to bytes mends both. */
  @Test
  void halfACharacterIsNoReasonToRefuse() {
    var bytes = "{\"a\":\"x\\ud800y\",\"b\":\"\\ude00\"}".getBytes(StandardCharsets.UTF_8);
    assertThat(read(bytes, SOME))
        .isEqualTo(byJackson(bytes, SOME))
        .isEqualTo(Map.of("a", "x\ud800y", "b", "\ude00"));
  }

  @Test
  void ofTwoMembersOfOneNameTheLastCounts() {
    assertThat(read("{\"a\":1,\"b\":2,\"a\":3}".getBytes(StandardCharsets.UTF_8), SOME))
        .hasToString("{a=JsonNumber[text=3], b=JsonNumber[text=2]}");
  }

  /** Null when it is refused. */
  private static @Nullable Map<String, @Nullable Object> read(byte[] bytes, Unread unread) {
    try {
      return new JsonReader(bytes).whole(unread);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static @Nullable Map<String, @Nullable Object> byJackson(byte[] bytes, Unread unread) {
    // From characters, so that it does not take UTF-16 for what this is.
    try (var parser =
        JACKSON.createParser(
            ObjectReadContext.empty(), new String(bytes, StandardCharsets.UTF_8))) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return null;
      }
      var object = object(parser, unread);
      return parser.nextToken() == null ? object : null;
    } catch (JacksonException e) {
      return null;
    }
  }

  private static Map<String, @Nullable Object> object(JsonParser parser, Unread unread) {
    var object = new LinkedHashMap<String, @Nullable Object>();
    for (var name = parser.nextName(); name != null; name = parser.nextName()) {
      var token = parser.nextToken();
      var part = unread.in(name);
      var value = value(parser, token, part);
      if (part != Unread.ALL) {
        object.put(name, value);
      }
    }
    return object;
  }

  private static @Nullable Object value(
      JsonParser parser, @Nullable JsonToken token, Unread unread) {
    return switch (token) {
      case START_OBJECT -> object(parser, unread);
      case START_ARRAY -> {
        var list = new ArrayList<@Nullable Object>();
        for (var next = parser.nextToken();
            next != JsonToken.END_ARRAY;
            next = parser.nextToken()) {
          list.add(value(parser, next, unread));
        }
        yield list;
      }
      case VALUE_STRING -> parser.getString();
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new JsonNumber(parser.getString());
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      case null, default -> throw new AssertionError(token);
    };
  }
}
