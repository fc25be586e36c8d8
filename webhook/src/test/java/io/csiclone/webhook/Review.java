package io.csiclone.webhook;

import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An admission review of a clone of team-a/data as an API server sends it; a test changes it. */
final class Review {

  private static final KubernetesSerialization JSON = new KubernetesSerialization();

  final Map<String, @Nullable Object> metadata =
      new LinkedHashMap<>(Map.of("name", "copy", "namespace", "team-a"));
  final Map<String, @Nullable Object> spec = new LinkedHashMap<>();
  final Map<String, @Nullable Object> request = new LinkedHashMap<>();
  final Map<String, @Nullable Object> review = new LinkedHashMap<>();

  Review() {
    // Explicit nulls and fields no model knows yet do come.
    metadata.put("creationTimestamp", null);
    spec.put("fieldOfTheFuture", "kept");
    spec.put("accessModes", List.of("ReadWriteOnce"));
    spec.put("resources", Map.of("requests", Map.of("storage", "1Gi")));
    spec.put("dataSource", Map.of("kind", "PersistentVolumeClaim", "name", "data"));
    request.put("uid", "11111111-2222-3333-4444-555555555555");
    request.put("kind", Map.of("group", "", "version", "v1", "kind", "PersistentVolumeClaim"));
    request.put("operation", "CREATE");
    request.put("namespace", "team-a");
    request.put("name", "copy");
    request.put("dryRun", false);
    request.put("options", Map.of("apiVersion", "meta.k8s.io/v1", "kind", "CreateOptions"));
    var object = new LinkedHashMap<String, @Nullable Object>();
    object.put("apiVersion", "v1");
    object.put("kind", "PersistentVolumeClaim");
    object.put("metadata", metadata);
    object.put("spec", spec);
    request.put("object", object);
    request.put("oldObject", null);
    review.put("apiVersion", "admission.k8s.io/v1");
    review.put("kind", "AdmissionReview");
    review.put("request", request);
  }

  Review withClass(@Nullable String name) {
    spec.put("storageClassName", name);
    return this;
  }

  Review sized(String size) {
    spec.put("resources", Map.of("requests", Map.of("storage", size)));
    return this;
  }

  Review ordinary() {
    spec.remove("dataSource");
    return this;
  }

  Review from(String group, String kind, String name) {
    spec.put("dataSource", Map.of("apiGroup", group, "kind", kind, "name", name));
    return this;
  }

  Review fromClaim(String name) {
    spec.put("dataSource", Map.of("kind", "PersistentVolumeClaim", "name", name));
    return this;
  }

  Review fromRef(String name, String namespace) {
    spec.remove("dataSource");
    spec.put(
        "dataSourceRef",
        Map.of("kind", "PersistentVolumeClaim", "name", name, "namespace", namespace));
    return this;
  }

  /** As an API server records it: the fields of the spec that the requester sent. */
  Review sentByUser(String... fields) {
    var owned = new LinkedHashMap<String, Object>();
    for (var field : fields) {
      owned.put("f:" + field, Map.of());
    }
    metadata.put(
        "managedFields",
        List.of(
            Map.of(
                "manager",
                "kubectl-create",
                "operation",
                "Update",
                "apiVersion",
                "v1",
                "fieldsType",
                "FieldsV1",
                "fieldsV1",
                Map.of("f:spec", owned))));
    return this;
  }

  Review annotated(String key, String value) {
    metadata.put("annotations", Map.of(key, value));
    return this;
  }

  String json() {
    return JSON.asJson(review);
  }
}
