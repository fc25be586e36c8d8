package io.csiclone.testkit;

import io.fabric8.kubernetes.api.model.Quantity;
import java.math.BigDecimal;
import java.util.Comparator;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What the API server does to claims around the webhooks. */
final class Claims {

  private static final String DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";
  private static final String LEGACY_CLASS = "volume.beta.kubernetes.io/storage-class";

  private Claims() {}

  static boolean isClaim(ResourcePath path) {
    return path.group().isEmpty() && path.plural().equals("persistentvolumeclaims");
  }

  /**
   * The DefaultStorageClass admission plugin, which runs before the mutating webhooks: a claim that
   * names no class gets the newest class that is marked as the default.
   */
  static void fillDefaultClass(ObjectNode claim, ObjectStore store) {
    ObjectNode spec = Json.child(claim, "spec");
    if (spec.hasNonNull("storageClassName")
        || claim.path("metadata").path("annotations").has(LEGACY_CLASS)) {
      return;
    }
    store.list("storage.k8s.io", "storageclasses", "").objects().stream()
        .filter(
            c -> Json.text(c.path("metadata").path("annotations"), DEFAULT_CLASS).equals("true"))
        .max(
            Comparator.comparing((ObjectNode c) -> Json.text(c, "metadata", "creationTimestamp"))
                .thenComparing(c -> Json.text(c, "metadata", "name"), Comparator.reverseOrder()))
        .ifPresent(c -> spec.put("storageClassName", Json.text(c, "metadata", "name")));
  }

  /**
   * Between the mutating and the validating webhooks: fields whose feature is off are dropped
   * without a word, {@code dataSource} and {@code dataSourceRef} are made to agree.
   */
  static void prepareForCreate(ObjectNode claim, boolean crossNamespaceDataSources) {
    ObjectNode spec = Json.child(claim, "spec");
    if (!crossNamespaceDataSources && !Json.text(spec, "dataSourceRef", "namespace").isEmpty()) {
      spec.remove("dataSourceRef");
    }
    JsonNode source = spec.path("dataSource");
    boolean known =
        Json.text(source, "kind").equals("PersistentVolumeClaim")
                && Json.text(source, "apiGroup").isEmpty()
            || Json.text(source, "kind").equals("VolumeSnapshot")
                && Json.text(source, "apiGroup").equals("snapshot.storage.k8s.io");
    if (!known) {
      spec.remove("dataSource");
    }
    if (spec.has("dataSource") && !spec.has("dataSourceRef")) {
      Json.copyField(
          Json.object().set("dataSourceRef", spec.get("dataSource")), spec, "dataSourceRef");
    } else if (!spec.has("dataSource")
        && spec.get("dataSourceRef") instanceof ObjectNode ref
        && Json.text(ref, "namespace").isEmpty()) {
      spec.set("dataSource", ref.deepCopy());
    }
    claim.putObject("status").put("phase", "Pending");
  }

  static void validateCreate(ObjectNode claim) {
    JsonNode spec = claim.path("spec");
    if (Json.isEmpty(spec, "accessModes")) {
      throw invalid(claim, "spec.accessModes: Required value: at least 1 access mode is required");
    }
    if (Json.isEmpty(spec.path("resources").path("requests"), "storage")) {
      throw invalid(claim, "spec.resources[storage]: Required value");
    }
  }

  /** A claim's spec is immutable but for growing, for being bound and for getting a class late. */
  static void validateUpdate(ObjectNode before, ObjectNode after) {
    JsonNode old = before.path("spec");
    ObjectNode allowed = old.deepCopy().asObject();
    Json.copyField(after.path("spec"), allowed, "resources");
    Json.copyField(after.path("spec"), allowed, "volumeAttributesClassName");
    for (String onceSet : List.of("volumeName", "storageClassName")) {
      if (!old.hasNonNull(onceSet)) {
        Json.copyField(after.path("spec"), allowed, onceSet);
      }
    }
    if (!allowed.equals(after.path("spec"))) {
      throw invalid(
          after,
          "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims");
    }
    if (request(after).compareTo(request(before)) < 0) {
      throw invalid(
          after,
          "spec.resources.requests.storage: Forbidden: field can not be less than previous value");
    }
  }

  private static BigDecimal request(ObjectNode claim) {
    String text = Json.text(claim, "spec", "resources", "requests", "storage");
    try {
      return text.isEmpty() ? BigDecimal.ZERO : Quantity.getAmountInBytes(Quantity.parse(text));
    } catch (IllegalArgumentException e) {
      throw invalid(claim, "spec.resources[storage]: Invalid value: \"" + text + "\"");
    }
  }

  private static ApiException invalid(ObjectNode claim, String why) {
    return ApiException.invalid("PersistentVolumeClaim", Json.text(claim, "metadata", "name"), why);
  }
}
