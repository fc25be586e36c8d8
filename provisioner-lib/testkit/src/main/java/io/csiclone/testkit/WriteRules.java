package io.csiclone.testkit;

import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What holds for every write, of whatever kind. */
final class WriteRules {

  private WriteRules() {}

  /** The namespace of a new object is the one of its URL. */
  static void placeInNamespace(ResourcePath path, ObjectNode metadata) {
    String named = Json.text(metadata, "namespace");
    if (path.namespace().isEmpty()) {
      if (KnownResources.find(path).filter(KnownResources.Resource::namespaced).isPresent()) {
        throw ApiException.badRequest("an empty namespace may not be set during creation");
      }
      metadata.remove("namespace");
    } else if (named.isEmpty()) {
      metadata.put("namespace", path.namespace());
    } else if (!named.equals(path.namespace())) {
      throw ApiException.badRequest(
          "the namespace of the provided object does not match the namespace sent on the request");
    }
  }

  /** The object is of the kind that the URL names. */
  static void checkType(ResourcePath path, ObjectNode object) {
    if (!Json.text(object, "apiVersion").equals(path.apiVersion())) {
      throw ApiException.badRequest(
          "the API version in the data (%s) does not match the expected API version (%s)"
              .formatted(Json.text(object, "apiVersion"), path.apiVersion()));
    }
    String kind = Json.text(object, "kind");
    KnownResources.find(path)
        .filter(known -> !known.kind().equals(kind))
        .ifPresent(known -> {
          throw ApiException.badRequest(
              "the kind in the data (%s) does not match the expected kind (%s)"
                  .formatted(kind, known.kind()));
        });
    if (kind.isEmpty()) {
      throw ApiException.badRequest("the object has no kind");
    }
  }

  /** The object is the one the client thinks it is, in the version it thinks. */
  static void checkPreconditions(ResourcePath path, ObjectNode current, ObjectNode desired) {
    JsonNode had = current.path("metadata");
    JsonNode wants = desired.path("metadata");
    for (String fixed : List.of("name", "namespace")) {
      if (!Json.text(wants, fixed).equals(Json.text(had, fixed))
          && !(fixed.equals("namespace") && Json.text(wants, fixed).isEmpty())) {
        throw ApiException.badRequest(
            "the %s of the object (%s) does not match the %s on the URL (%s)"
                .formatted(fixed, Json.text(wants, fixed), fixed, Json.text(had, fixed)));
      }
    }
    String uid = Json.text(wants, "uid");
    if (!uid.isEmpty() && !uid.equals(Json.text(had, "uid"))) {
      throw ApiException.conflict(
          path,
          "Precondition failed: UID in precondition: %s, UID in object meta: %s"
              .formatted(uid, Json.text(had, "uid")));
    }
    String version = Json.text(wants, "resourceVersion");
    if (!version.isEmpty() && !version.equals(Json.text(had, "resourceVersion"))) {
      throw ApiException.conflict(
          path,
          "the object has been modified; please apply your changes to the latest version and try again");
    }
  }

  /** System metadata stays; through the status door all but the status, else the status. */
  static void keepWhatClientsCannotChange(
      ResourcePath path, ObjectNode current, ObjectNode desired) {
    for (String field :
        List.of(
            "namespace",
            "uid",
            "resourceVersion",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "managedFields")) {
      Json.copyField(current.path("metadata"), Json.metadata(desired), field);
    }
    if (path.isStatus()) {
      // Through the status door only the status and the metadata change.
      List.copyOf(desired.propertyNames()).stream()
          .filter(f -> !f.equals("metadata") && !f.equals("status"))
          .forEach(f -> Json.copyField(current, desired, f));
      current.propertyNames().stream()
          .filter(f -> !f.equals("metadata") && !f.equals("status"))
          .forEach(f -> Json.copyField(current, desired, f));
    } else if (KnownResources.find(path).filter(KnownResources.Resource::hasStatus).isPresent()) {
      Json.copyField(current, desired, "status");
    }
  }

  /** An object that is being deleted gets no new finalizers. */
  static void checkFinalizers(ObjectNode current, ObjectNode desired) {
    if (current.path("metadata").has("deletionTimestamp")
        && desired.path("metadata").get("finalizers") instanceof ArrayNode wanted) {
      List<JsonNode> had = List.copyOf(current.path("metadata").path("finalizers").values());
      for (JsonNode finalizer : wanted) {
        if (!had.contains(finalizer)) {
          throw ApiException.invalid(
              Json.text(current, "kind"),
              Json.text(current, "metadata", "name"),
              "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{\"%s\"}"
                  .formatted(finalizer.asString()));
        }
      }
    }
  }
}
