package io.csiclone.testkit;

import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Kubernetes objects as JSON trees: a server must keep fields it does not know. */
final class Json {

  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private Json() {}

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  static JsonNode parse(byte[] text) {
    try {
      return MAPPER.readTree(text);
    } catch (JacksonException e) {
      throw ApiException.badRequest("the body is not JSON: " + e.getOriginalMessage());
    }
  }

  static JsonNode parse(String text) {
    return parse(text.getBytes(StandardCharsets.UTF_8));
  }

  static ObjectNode parseObject(byte[] text) {
    if (parse(text) instanceof ObjectNode object) {
      return object;
    }
    throw ApiException.badRequest("the body is not a JSON object");
  }

  static byte[] bytes(JsonNode node) {
    return MAPPER.writeValueAsBytes(node);
  }

  /** The text at that path; empty when there is none. */
  static String text(JsonNode node, String... path) {
    JsonNode at = node;
    for (String field : path) {
      at = at.path(field);
    }
    return at.isString() ? at.stringValue() : at.isNumber() || at.isBoolean() ? at.asString() : "";
  }

  /** The object in that field, made when absent. */
  static ObjectNode child(ObjectNode parent, String field) {
    return parent.get(field) instanceof ObjectNode object ? object : parent.putObject(field);
  }

  static ObjectNode metadata(ObjectNode object) {
    return child(object, "metadata");
  }

  static boolean isEmpty(JsonNode node, String field) {
    JsonNode value = node.path(field);
    return value.isMissingNode() || value.isNull() || (value.isContainer() && value.isEmpty());
  }

  static void putIfAbsent(ObjectNode object, String field, String value) {
    if (text(object, field).isEmpty()) {
      object.put(field, value);
    }
  }

  /** Gives {@code to} the field as {@code from} has it, which may be: not at all. */
  static void copyField(JsonNode from, ObjectNode to, String field) {
    JsonNode value = from.get(field);
    if (value == null) {
      to.remove(field);
    } else {
      to.set(field, value.deepCopy());
    }
  }
}
