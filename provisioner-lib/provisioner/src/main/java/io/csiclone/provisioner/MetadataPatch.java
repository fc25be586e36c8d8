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
 * A change of an object's finalizers and annotations that only succeeds while the object is as it
 * was read: the API server answers 409 otherwise.
 */
final class MetadataPatch {

  private final KubernetesClient client;
  private final HasMetadata object;
  private final List<Map<String, Object>> operations = new ArrayList<>();

  MetadataPatch(KubernetesClient client, HasMetadata object) {
    this.client = client;
    this.object = object;
    set("/metadata/resourceVersion", object.getMetadata().getResourceVersion());
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
    operations.add(Map.of("op", "add", "path", path, "value", value));
    return this;
  }

  void send() {
    String patch = client.getKubernetesSerialization().asJson(operations);
    client.resource(object).patch(PatchContext.of(PatchType.JSON), patch);
  }
}
