package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.webhook.JsonTree.JsonNumber;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/** What is written says to a mapper what it was told. */
class JsonWriterTest {

  private static final JsonMapper JSON = JsonMapper.shared();

  @Test
  void everyCharacterComesBack() {
    var text = new StringBuilder();
    for (char each = 0; each < 0x300; each++) {
      text.append(each);
    }
    var whole = text.append("€ 😀").toString();
    assertThat(JSON.readTree(new JsonWriter().string(whole).toString()).asString())
        .isEqualTo(whole);
  }

  @Test
  void escapesStandWhereverTheyAreWanted() {
    var random = new Random(1);
    var letters = "a\"\\\n\u0001é".toCharArray();
    for (int i = 0; i < 2_000; i++) {
      var text = new StringBuilder();
      for (int length = random.nextInt(6); length > 0; length--) {
        text.append(letters[random.nextInt(letters.length)]);
      }
      var name = text.toString();
      var json = new JsonWriter().startObject().property(name, name).endObject().toString();
      assertThat(JSON.readValue(json, Map.class)).isEqualTo(Map.of(name, name));
    }
  }

  @Test
  void commasStandBetweenAndNowhereElse() {
    var json = new JsonWriter().startObject();
    json.name("a").startArray().startObject().endObject().startArray().endArray();
    json.string("b").bare("1").endArray();
    json.name("c").startObject().property("d", "e").name("f").bare("true").endObject();
    json.name("g").tree(List.of(Map.of("h", new JsonNumber("1.50")), List.of(), false));
    assertThat(json.endObject())
        .hasToString(
            "{\"a\":[{},[],\"b\",1],\"c\":{\"d\":\"e\",\"f\":true},\"g\":[{\"h\":1.50},[],false]}");
  }
}
