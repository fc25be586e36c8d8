package io.csiclone.testkit;

import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Calls the webhooks that the stored configurations name, in the order of the API server: mutating
 * ones by configuration name, once more those that ask for it when a later one changed the object,
 * then the validating ones. {@code matchConditions} are not evaluated: such a webhook is asked
 * about more than on a real server, never about less.
 */
final class Admission {

  private static final String GROUP = "admissionregistration.k8s.io";

  /** A write that is to be admitted; {@code old} is null for a create. */
  record Attributes(ApiRequest request, String operation, @Nullable ObjectNode old) {}

  private final ObjectStore store;
  private final WebhookCalls calls;

  Admission(ObjectStore store, WebhookCalls calls) {
    this.store = store;
    this.calls = calls;
  }

  ObjectNode mutate(Attributes attributes, ObjectNode object, List<String> warnings) {
    ObjectNode admitted = object;
    List<ObjectNode> asked = new ArrayList<>();
    int lastChange = -1;
    for (ObjectNode webhook : webhooks("mutatingwebhookconfigurations")) {
      if (WebhookRules.match(webhook, attributes, admitted, store)) {
        ObjectNode result = callMutating(webhook, attributes, admitted, warnings);
        if (!result.equals(admitted)) {
          lastChange = asked.size();
          admitted = result;
        }
        asked.add(webhook);
      }
    }
    for (ObjectNode webhook : asked.subList(0, Math.max(lastChange, 0))) {
      if (Json.text(webhook, "reinvocationPolicy").equals("IfNeeded")) {
        admitted = callMutating(webhook, attributes, admitted, warnings);
      }
    }
    return admitted;
  }

  /** Asks the validating webhooks; {@code object} is null for a delete. */
  void validate(Attributes attributes, @Nullable ObjectNode object, List<String> warnings) {
    for (ObjectNode webhook : webhooks("validatingwebhookconfigurations")) {
      if (WebhookRules.match(webhook, attributes, object, store)) {
        call(webhook, attributes, object, warnings);
      }
    }
  }

  private List<ObjectNode> webhooks(String plural) {
    List<ObjectNode> webhooks = new ArrayList<>();
    store.list(GROUP, plural, "").objects().stream()
        .sorted(Comparator.comparing(c -> Json.text(c, "metadata", "name")))
        .forEach(c -> c.path("webhooks").forEach(w -> webhooks.add((ObjectNode) w)));
    return webhooks;
  }

  private ObjectNode callMutating(
      ObjectNode webhook, Attributes attributes, ObjectNode object, List<String> warnings) {
    JsonNode response = call(webhook, attributes, object, warnings);
    String patch = Json.text(response, "patch");
    if (patch.isEmpty()) {
      return object;
    }
    String name = Json.text(webhook, "name");
    if (!Json.text(response, "patchType").equals("JSONPatch")) {
      throw ApiException.internal(
          "admission webhook \"%s\" returned a patch of an unknown type".formatted(name));
    }
    try {
      return Patches.jsonPatch(Json.parse(Base64.getDecoder().decode(patch)), object);
    } catch (ApiException | IllegalArgumentException e) {
      throw ApiException.internal(
          "admission webhook \"%s\" returned a bad patch: %s".formatted(name, e.getMessage()));
    }
  }

  /** Asks one webhook. Returns its response, an empty object when its failure is to be ignored. */
  private JsonNode call(
      ObjectNode webhook,
      Attributes attributes,
      @Nullable ObjectNode object,
      List<String> warnings) {
    String name = Json.text(webhook, "name");
    if (attributes.request().dryRun()
        && !List.of("None", "NoneOnDryRun").contains(Json.text(webhook, "sideEffects"))) {
      throw ApiException.badRequest(
          "admission webhook \"%s\" does not support dry run".formatted(name));
    }
    String uid = UUID.randomUUID().toString();
    JsonNode response;
    try {
      response = calls.ask(webhook, review(uid, attributes, object));
      if (!Json.text(response, "uid").equals(uid)) {
        throw new WebhookCalls.FailedException("the response's uid is not the request's");
      }
    } catch (WebhookCalls.FailedException e) {
      if (Json.text(webhook, "failurePolicy").equals("Ignore")) {
        return Json.object();
      }
      throw ApiException.internal(
          "failed calling webhook \"%s\": failed to call webhook: %s"
              .formatted(name, e.getMessage()));
    }
    response.path("warnings").forEach(w -> warnings.add(w.asString()));
    if (!response.path("allowed").asBoolean(false)) {
      throw denied(name, response.path("status"));
    }
    return response;
  }

  /** Worded as kube-apiserver does. */
  private static ApiException denied(String webhook, JsonNode given) {
    ObjectNode status = given instanceof ObjectNode object ? object.deepCopy() : Json.object();
    status.put("kind", "Status").put("apiVersion", "v1").put("status", "Failure");
    Json.child(status, "metadata");
    status.put("code", Math.max(400, status.path("code").asInt(0)));
    String by = "admission webhook \"%s\" denied the request".formatted(webhook);
    String message = Json.text(status, "message");
    String reason = Json.text(status, "reason");
    String why = message.isEmpty() ? reason : message;
    status.put("message", why.isEmpty() ? by + " without explanation" : by + ": " + why);
    return ApiException.ofStatus(status);
  }

  private static ObjectNode review(String uid, Attributes attributes, @Nullable ObjectNode object) {
    ApiRequest request = attributes.request();
    ResourcePath path = request.path();
    ObjectNode review =
        Json.object().put("kind", "AdmissionReview").put("apiVersion", "admission.k8s.io/v1");
    ObjectNode body = review.putObject("request").put("uid", uid);
    ObjectNode subject = object != null ? object : attributes.old();
    String kind = subject == null ? "" : Json.text(subject, "kind");
    for (String field : List.of("kind", "requestKind")) {
      body.putObject(field)
          .put("group", path.group())
          .put("version", path.version())
          .put("kind", kind);
    }
    for (String field : List.of("resource", "requestResource")) {
      body.putObject(field)
          .put("group", path.group())
          .put("version", path.version())
          .put("resource", path.plural());
    }
    if (!path.subresource().isEmpty()) {
      body.put("subResource", path.subresource()).put("requestSubResource", path.subresource());
    }
    String name =
        path.name().isEmpty() && subject != null
            ? Json.text(subject, "metadata", "name")
            : path.name();
    if (!name.isEmpty()) {
      body.put("name", name);
    }
    if (!path.namespace().isEmpty()) {
      body.put("namespace", path.namespace());
    }
    body.put("operation", attributes.operation());
    body.putObject("userInfo")
        .put("username", "kubernetes-admin")
        .putArray("groups")
        .add("system:masters");
    body.set("object", object);
    body.set("oldObject", attributes.old());
    body.put("dryRun", request.dryRun());
    String options =
        attributes.operation().charAt(0)
            + attributes.operation().substring(1).toLowerCase(java.util.Locale.ROOT)
            + "Options";
    body.putObject("options").put("kind", options).put("apiVersion", "meta.k8s.io/v1");
    return review;
  }
}
