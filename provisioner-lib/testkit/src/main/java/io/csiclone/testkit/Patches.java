package io.csiclone.testkit;

import io.fabric8.zjsonpatch.JsonPatch;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Applies the body of a PATCH. */
final class Patches {

  /** Lists that strategic merge patches as sets; every other list is replaced. */
  private static final Set<String> SETS = Set.of("finalizers");

  private Patches() {}

  static ObjectNode apply(String contentType, byte[] patch, ObjectNode current) {
    String type = contentType.split(";")[0].trim();
    return switch (type) {
      case "application/json-patch+json" -> jsonPatch(Json.parse(patch), current);
      case "application/merge-patch+json" ->
          merged(current.deepCopy(), Json.parseObject(patch), false);
      case "application/strategic-merge-patch+json" ->
          merged(current.deepCopy(), Json.parseObject(patch), true);
      default ->
          throw ApiException.of(
              415,
              "UnsupportedMediaType",
              "patch type \"%s\" is not served here: use a JSON patch, a merge patch or a strategic merge patch"
                  .formatted(type));
    };
  }

  /** Applies an RFC 6902 patch, strictly: a missing parent or a failed test refuses all of it. */
  static ObjectNode jsonPatch(JsonNode operations, ObjectNode current) {
    if (!operations.isArray()) {
      throw ApiException.badRequest("a JSON patch is an array of operations");
    }
    JsonNode patched;
    try {
      patched = JsonPatch.apply(operations, current.deepCopy());
    } catch (RuntimeException e) {
      throw ApiException.of(422, "Invalid", "the patch does not apply: " + e.getMessage());
    }
    if (patched instanceof ObjectNode object) {
      return object;
    }
    throw ApiException.of(422, "Invalid", "the patch leaves no object");
  }

  private static ObjectNode merged(ObjectNode target, ObjectNode patch, boolean strategic) {
    for (var entry : patch.properties()) {
      String field = entry.getKey();
      JsonNode value = entry.getValue();
      if (strategic && field.startsWith("$deleteFromPrimitiveList/")) {
        remove(target, field.substring(field.indexOf('/') + 1), value);
      } else if (strategic && field.startsWith("$")) {
        continue; // order hints
      } else if (value.isNull()) {
        target.remove(field);
      } else if (value instanceof ObjectNode object) {
        target.set(field, merged(Json.child(target, field), object, strategic));
      } else if (strategic
          && SETS.contains(field)
          && value instanceof ArrayNode added
          && target.get(field) instanceof ArrayNode present) {
        added.forEach(v -> {
          if (present.values().stream().noneMatch(v::equals)) {
            present.add(v);
          }
        });
      } else {
        target.set(field, value.deepCopy());
      }
    }
    return target;
  }

  private static void remove(ObjectNode target, String field, JsonNode values) {
    if (target.get(field) instanceof ArrayNode present) {
      ArrayNode kept = Json.object().arrayNode();
      present.forEach(v -> {
        if (values.values().stream().noneMatch(v::equals)) {
          kept.add(v);
        }
      });
      target.set(field, kept);
    }
  }
}
