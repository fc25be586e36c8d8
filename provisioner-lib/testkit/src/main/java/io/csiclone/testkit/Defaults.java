package io.csiclone.testkit;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import tools.jackson.databind.node.ObjectNode;

/** The defaults the server fills in when it reads an object, before anything else sees it. */
final class Defaults {

  private Defaults() {}

  static void fill(ObjectNode object) {
    switch (Json.text(object, "kind")) {
      case "PersistentVolumeClaim" ->
          Json.putIfAbsent(Json.child(object, "spec"), "volumeMode", "Filesystem");
      case "PersistentVolume" -> {
        ObjectNode spec = Json.child(object, "spec");
        Json.putIfAbsent(spec, "volumeMode", "Filesystem");
        Json.putIfAbsent(spec, "persistentVolumeReclaimPolicy", "Retain");
      }
      case "StorageClass" -> {
        Json.putIfAbsent(object, "reclaimPolicy", "Delete");
        Json.putIfAbsent(object, "volumeBindingMode", "Immediate");
      }
      case "CSIDriver" -> {
        ObjectNode spec = Json.child(object, "spec");
        Json.putIfAbsent(spec, "fsGroupPolicy", "ReadWriteOnceWithFSType");
        for (String flag :
            new String[] {"podInfoOnMount", "storageCapacity", "requiresRepublish"}) {
          if (!spec.has(flag)) {
            spec.put(flag, false);
          }
        }
        if (!spec.has("attachRequired")) {
          spec.put("attachRequired", true);
        }
      }
      case "Secret" -> secret(object);
      case "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration" -> webhooks(object);
      default -> {}
    }
  }

  /** {@code stringData} is write-only: it is stored as {@code data}. */
  private static void secret(ObjectNode object) {
    Json.putIfAbsent(object, "type", "Opaque");
    if (object.remove("stringData") instanceof ObjectNode plain) {
      ObjectNode data = Json.child(object, "data");
      plain
          .properties()
          .forEach(e ->
              data.put(
                  e.getKey(),
                  Base64.getEncoder()
                      .encodeToString(e.getValue().asString().getBytes(StandardCharsets.UTF_8))));
    }
  }

  private static void webhooks(ObjectNode object) {
    object
        .path("webhooks")
        .forEach(node -> {
          if (node instanceof ObjectNode webhook) {
            Json.putIfAbsent(webhook, "failurePolicy", "Fail");
            Json.putIfAbsent(webhook, "matchPolicy", "Equivalent");
            if (!webhook.has("timeoutSeconds")) {
              webhook.put("timeoutSeconds", 10);
            }
            Json.child(webhook, "namespaceSelector");
            Json.child(webhook, "objectSelector");
            if (Json.text(object, "kind").startsWith("Mutating")) {
              Json.putIfAbsent(webhook, "reinvocationPolicy", "Never");
            }
          }
        });
  }
}
