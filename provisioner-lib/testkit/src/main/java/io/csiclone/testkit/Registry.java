package io.csiclone.testkit;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes objects the way an API server does: defaults, admission, system metadata, optimistic
 * locking, status apart from the rest, finalizers before removal.
 */
final class Registry {

  /** How often a change that names no version is tried again when another one came first. */
  private static final int ATTEMPTS = 10;

  /** A written object and what the client is warned about. */
  record Written(int code, ObjectNode object, List<String> warnings) {}

  private final ObjectStore store;
  private final Admission admission;
  private final boolean crossNamespaceDataSources;

  Registry(ObjectStore store, Admission admission, boolean crossNamespaceDataSources) {
    this.store = store;
    this.admission = admission;
    this.crossNamespaceDataSources = crossNamespaceDataSources;
  }

  Written create(ApiRequest request) {
    ResourcePath path = request.path();
    ObjectNode object = Json.parseObject(request.body());
    WriteRules.checkType(path, object);
    ObjectNode metadata = Json.metadata(object);
    if (!Json.text(metadata, "resourceVersion").isEmpty()) {
      throw ApiException.badRequest("resourceVersion should not be set on objects to be created");
    }
    if (Json.text(metadata, "name").isEmpty() && Json.text(metadata, "generateName").isEmpty()) {
      throw ApiException.invalid(
          Json.text(object, "kind"),
          "",
          "metadata.name: Required value: name or generateName is required");
    }
    WriteRules.placeInNamespace(path, metadata);
    for (String system :
        List.of("uid", "creationTimestamp", "deletionTimestamp", "managedFields")) {
      metadata.remove(system);
    }
    Defaults.fill(object);
    ManagedFields.record(object, request.fieldManager());

    boolean claim = Claims.isClaim(path);
    if (claim) {
      Claims.fillDefaultClass(object, store);
    }
    List<String> warnings = new ArrayList<>();
    Admission.Attributes attributes = new Admission.Attributes(request, "CREATE", null);
    object = admission.mutate(attributes, object, warnings);
    prepareForCreate(path, object);
    if (claim) {
      Claims.prepareForCreate(object, crossNamespaceDataSources);
      Claims.validateCreate(object);
    }
    admission.validate(attributes, object, warnings);

    String name = Json.text(object, "metadata", "name");
    ObjectStore.Id id = path.withName(name).id();
    if (request.dryRun()) {
      if (store.get(id).isPresent()) {
        throw ApiException.alreadyExists(path, name);
      }
      return new Written(201, object, warnings);
    }
    ObjectNode stored =
        store.create(id, object).orElseThrow(() -> ApiException.alreadyExists(path, name));
    return new Written(201, stored, warnings);
  }

  Written put(ApiRequest request) {
    byte[] body = request.body();
    return update(request, current -> Json.parseObject(body));
  }

  Written patch(ApiRequest request) {
    return update(
        request, current -> Patches.apply(request.contentType(), request.body(), current));
  }

  private Written update(ApiRequest request, UnaryOperator<ObjectNode> change) {
    ResourcePath path = request.path();
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      ObjectNode current = store.get(path.id()).orElseThrow(() -> ApiException.notFound(path));
      ObjectNode desired = change.apply(current);
      WriteRules.checkType(path, desired);
      WriteRules.checkPreconditions(path, current, desired);
      WriteRules.keepWhatClientsCannotChange(path, current, desired);
      Defaults.fill(desired);

      List<String> warnings = new ArrayList<>();
      Admission.Attributes attributes = new Admission.Attributes(request, "UPDATE", current);
      desired = admission.mutate(attributes, desired, warnings);
      WriteRules.checkFinalizers(current, desired);
      if (Claims.isClaim(path)) {
        Claims.validateUpdate(current, desired);
      }
      admission.validate(attributes, desired, warnings);
      if (request.dryRun() || desired.equals(current)) {
        return new Written(200, desired, warnings);
      }
      Optional<ObjectNode> stored = store(path, current, desired);
      if (stored.isPresent()) {
        return new Written(200, stored.get(), warnings);
      }
    }
    throw ApiException.conflict(path, "it changed all the time");
  }

  /** Stores the changed object, or removes it when it was only waiting for its finalizers. */
  private Optional<ObjectNode> store(ResourcePath path, ObjectNode current, ObjectNode desired) {
    JsonNode metadata = desired.path("metadata");
    if (metadata.has("deletionTimestamp") && Json.isEmpty(metadata, "finalizers")) {
      return store.remove(path.id(), current, desired) ? Optional.of(desired) : Optional.empty();
    }
    return store.replace(path.id(), current, desired);
  }

  /** Deletes an object, or marks it as being deleted while it has finalizers. */
  Written delete(ApiRequest request) {
    ResourcePath path = request.path();
    JsonNode options = request.body().length == 0 ? Json.object() : Json.parse(request.body());
    boolean dryRun = request.dryRun() || options.path("dryRun").toString().contains("All");
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      ObjectNode current = store.get(path.id()).orElseThrow(() -> ApiException.notFound(path));
      for (String field : List.of("uid", "resourceVersion")) {
        String wanted = Json.text(options, "preconditions", field);
        if (!wanted.isEmpty() && !wanted.equals(Json.text(current, "metadata", field))) {
          throw ApiException.conflict(
              path, "the %s in the precondition is not the object's".formatted(field));
        }
      }
      List<String> warnings = new ArrayList<>();
      admission.validate(new Admission.Attributes(request, "DELETE", current), null, warnings);
      ObjectNode last = current.deepCopy();
      if (dryRun) {
        return new Written(200, last, warnings);
      }
      JsonNode metadata = current.path("metadata");
      if (Json.isEmpty(metadata, "finalizers")) {
        if (store.remove(path.id(), current, last)) {
          return new Written(200, deleted(path, current), warnings);
        }
      } else if (metadata.has("deletionTimestamp")) {
        return new Written(200, last, warnings);
      } else {
        Json.metadata(last).put("deletionTimestamp", now()).put("deletionGracePeriodSeconds", 0);
        Optional<ObjectNode> marked = store.replace(path.id(), current, last);
        if (marked.isPresent()) {
          return new Written(200, marked.get(), warnings);
        }
      }
    }
    throw ApiException.conflict(path, "it changed all the time");
  }

  private static ObjectNode deleted(ResourcePath path, ObjectNode object) {
    ObjectNode status =
        Json.object().put("kind", "Status").put("apiVersion", "v1").put("status", "Success");
    status.putObject("metadata");
    status
        .putObject("details")
        .put("name", path.name())
        .put("group", path.group())
        .put("kind", path.plural())
        .put("uid", Json.text(object, "metadata", "uid"));
    return status;
  }

  private static void prepareForCreate(ResourcePath path, ObjectNode object) {
    ObjectNode metadata = Json.metadata(object);
    if (Json.text(metadata, "name").isEmpty()) {
      String suffix = UUID.randomUUID().toString().replace("-", "").substring(0, 5);
      metadata.put("name", Json.text(metadata, "generateName") + suffix);
    }
    metadata.put("uid", UUID.randomUUID().toString()).put("creationTimestamp", now());
    if (KnownResources.find(path).filter(KnownResources.Resource::hasStatus).isPresent()) {
      object.remove("status");
      if (path.plural().equals("persistentvolumes")) {
        object.putObject("status").put("phase", "Pending");
      }
    }
  }

  static String now() {
    return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
  }
}
