package io.csiclone.provisioner;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A change of an object's finalizers and annotations that only succeeds on what it was made for.
 */
final class MetadataPatch {

  private final KubernetesClient client;
  private final HasMetadata object;
  private final List<Map<String, Object>> operations = new ArrayList<>();

  private MetadataPatch(KubernetesClient client, HasMetadata object) {
    this.client = client;
    this.object = object;
  }

  /** Succeeds while {@code object} is as it was read; the API server answers 409 otherwise. */
  static MetadataPatch ifUnchanged(KubernetesClient client, HasMetadata object) {
    return new MetadataPatch(client, object)
        .set("/metadata/resourceVersion", object.getMetadata().getResourceVersion());
  }

  /**
   * Succeeds while {@code object} is the same one with the finalizers it was read with, whatever
   * else changed; the API server answers 422 otherwise.
   */
  static MetadataPatch ifFinalizersAreSame(KubernetesClient client, HasMetadata object) {
    var patch = new MetadataPatch(client, object);
    patch.operation("test", "/metadata/uid", object.getMetadata().getUid());
    return patch.operation("test", "/metadata/finalizers", patch.finalizers());
  }

  MetadataPatch with(String finalizer) {
    var finalizers = new ArrayList<>(finalizers());
    finalizers.remove(finalizer);
    finalizers.add(finalizer);
    return set("/metadata/finalizers", finalizers);
  }

  MetadataPatch without(String finalizer) {
    return set(
        "/metadata/finalizers", finalizers().stream().filter(f -> !f.equals(finalizer)).toList());
  }

  private List<String> finalizers() {
    List<String> finalizers = object.getMetadata().getFinalizers();
    return finalizers == null ? List.of() : finalizers;
  }

  /** Sets {@code annotation}, or removes it if {@code value} is null. */
  MetadataPatch annotate(String annotation, @Nullable String value) {
    Map<String, String> present = object.getMetadata().getAnnotations();
    String path = "/metadata/annotations/" + annotation.replace("~", "~0").replace("/", "~1");
    if (value == null) {
      if (present != null && present.containsKey(annotation)) {
        operations.add(Map.of("op", "remove", "path", path));
      }
      return this;
    }
    if ((present == null || present.isEmpty())
        && operations.stream().noneMatch(o -> "/metadata/annotations".equals(o.get("path")))) {
      set("/metadata/annotations", Map.of());
    }
    return set(path, value);
  }

  private MetadataPatch set(String path, Object value) {
    return operation("add", path, value);
  }

  private MetadataPatch operation(String name, String path, Object value) {
    operations.add(Map.of("op", name, "path", path, "value", value));
    return this;
  }

  /** Returns the object as it is now. */
  HasMetadata send() {
    String patch = client.getKubernetesSerialization().asJson(operations);
    return client.resource(object).patch(PatchContext.of(PatchType.JSON), patch);
  }
}
