package io.csiclone.testkit;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Who set which field, as the server records it for a plain create: one entry of the requester with
 * every field it sent. A webhook reads from it whether the user named a storage class or the
 * DefaultStorageClass plugin did. Later updates are not attributed.
 */
final class ManagedFields {

  private static final Set<String> SYSTEM =
      Set.of(
          "name",
          "namespace",
          "uid",
          "creationTimestamp",
          "deletionTimestamp",
          "resourceVersion",
          "generation",
          "selfLink",
          "managedFields");

  /** Maps of free keys: their entries are owned one by one, and so is the map. */
  private static final Set<String> GRANULAR_MAPS =
      Set.of("labels", "annotations", "requests", "limits", "capacity", "data", "parameters");

  /** Structs that are owned as a whole. */
  private static final Set<String> ATOMIC = Set.of("dataSource", "selector", "parameters");

  private ManagedFields() {}

  static void record(ObjectNode object, String manager) {
    ObjectNode fields = Json.object();
    for (var entry : object.properties()) {
      switch (entry.getKey()) {
        case "apiVersion", "kind", "status" -> {}
        case "metadata" -> {
          ObjectNode metadata = Json.object();
          entry.getValue().properties().stream()
              .filter(e -> !SYSTEM.contains(e.getKey()))
              .forEach(e -> own(metadata, e.getKey(), e.getValue()));
          if (!metadata.isEmpty()) {
            fields.set("f:metadata", metadata);
          }
        }
        default -> own(fields, entry.getKey(), entry.getValue());
      }
    }
    ObjectNode entry =
        Json.object()
            .put("manager", manager)
            .put("operation", "Update")
            .put("apiVersion", Json.text(object, "apiVersion"))
            .put("time", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString())
            .put("fieldsType", "FieldsV1");
    entry.set("fieldsV1", fields);
    Json.metadata(object).putArray("managedFields").add(entry);
  }

  private static void own(ObjectNode owned, String name, JsonNode value) {
    if (value.isNull()) {
      return;
    }
    ObjectNode inside = owned.putObject("f:" + name);
    if (name.equals("finalizers")) {
      inside.putObject(".");
      value.forEach(v -> inside.putObject("v:\"" + v.asString() + "\""));
    } else if (value.isObject() && !ATOMIC.contains(name)) {
      if (GRANULAR_MAPS.contains(name)) {
        inside.putObject(".");
      }
      value.properties().forEach(e -> own(inside, e.getKey(), e.getValue()));
    }
  }
}
