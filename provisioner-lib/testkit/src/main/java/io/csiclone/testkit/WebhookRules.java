package io.csiclone.testkit;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Whether a webhook is to be asked about a write. */
final class WebhookRules {

  private WebhookRules() {}

  static boolean match(
      ObjectNode webhook,
      Admission.Attributes attributes,
      @Nullable ObjectNode object,
      ObjectStore store) {
    ResourcePath path = attributes.request().path();
    // The server never asks webhooks about webhook configurations, so that nobody locks himself
    // out.
    if (path.group().equals("admissionregistration.k8s.io")) {
      return false;
    }
    boolean ruled = false;
    for (JsonNode rule : webhook.path("rules")) {
      ruled |= matches(rule, attributes.operation(), path);
    }
    return ruled
        && Selectors.matches(webhook.path("namespaceSelector"), namespaceLabels(path, store))
        && (Selectors.matches(webhook.path("objectSelector"), labels(object))
            || Selectors.matches(webhook.path("objectSelector"), labels(attributes.old())));
  }

  private static boolean matches(JsonNode rule, String operation, ResourcePath path) {
    String resource =
        path.subresource().isEmpty() ? path.plural() : path.plural() + "/" + path.subresource();
    String scope = Json.text(rule, "scope");
    return lists(rule.path("operations"), operation)
        && lists(rule.path("apiGroups"), path.group())
        && lists(rule.path("apiVersions"), path.version())
        && (lists(rule.path("resources"), resource)
            || hasValue(rule.path("resources"), path.plural() + "/*")
            || hasValue(rule.path("resources"), "*/*"))
        && switch (scope) {
          case "Namespaced" -> !path.namespace().isEmpty();
          case "Cluster" -> path.namespace().isEmpty();
          default -> true;
        };
  }

  /** Whether the list holds the value or the star; the star does not reach subresources. */
  private static boolean lists(JsonNode list, String value) {
    return hasValue(list, value) || (hasValue(list, "*") && !value.contains("/"));
  }

  private static boolean hasValue(JsonNode list, String value) {
    for (JsonNode entry : list) {
      if (entry.asString().equals(value)) {
        return true;
      }
    }
    return false;
  }

  /** A namespace nobody created has the one label that each namespace has. */
  private static JsonNode namespaceLabels(ResourcePath path, ObjectStore store) {
    String namespace = path.namespace();
    ObjectNode labels =
        store
            .get(new ObjectStore.Id("", "namespaces", "", namespace))
            .map(n -> labels(n).deepCopy())
            .filter(ObjectNode.class::isInstance)
            .map(ObjectNode.class::cast)
            .orElseGet(Json::object);
    return labels.put("kubernetes.io/metadata.name", namespace);
  }

  private static JsonNode labels(@Nullable ObjectNode object) {
    return object == null ? Json.object() : object.path("metadata").path("labels");
  }
}
