package io.csiclone.testkit;

import tools.jackson.databind.node.ObjectNode;

/** A request the server refuses, as the Status object the client gets. */
final class ApiException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final int code;
  private final transient ObjectNode status;

  private ApiException(int code, ObjectNode status) {
    super(Json.text(status, "message"), null, false, false);
    this.code = code;
    this.status = status;
  }

  static ApiException of(int code, String reason, String message) {
    ObjectNode status =
        Json.object().put("kind", "Status").put("apiVersion", "v1").put("status", "Failure");
    status.putObject("metadata");
    return new ApiException(
        code, status.put("message", message).put("reason", reason).put("code", code));
  }

  /** A Status made elsewhere, for instance by a webhook. */
  static ApiException ofStatus(ObjectNode status) {
    return new ApiException(status.path("code").asInt(500), status);
  }

  static ApiException badRequest(String message) {
    return of(400, "BadRequest", message);
  }

  static ApiException notFound(ResourcePath path) {
    ApiException e =
        of(404, "NotFound", "%s \"%s\" not found".formatted(path.qualifiedPlural(), path.name()));
    e.status.putObject("details").put("name", path.name()).put("kind", path.plural());
    return e;
  }

  static ApiException alreadyExists(ResourcePath path, String name) {
    return of(
        409, "AlreadyExists", "%s \"%s\" already exists".formatted(path.qualifiedPlural(), name));
  }

  static ApiException conflict(ResourcePath path, String why) {
    return of(
        409,
        "Conflict",
        "Operation cannot be fulfilled on %s \"%s\": %s"
            .formatted(path.qualifiedPlural(), path.name(), why));
  }

  static ApiException invalid(String kind, String name, String why) {
    return of(422, "Invalid", "%s \"%s\" is invalid: %s".formatted(kind, name, why));
  }

  static ApiException internal(String message) {
    return of(500, "InternalError", "Internal error occurred: " + message);
  }

  int code() {
    return code;
  }

  ObjectNode status() {
    return status;
  }
}
