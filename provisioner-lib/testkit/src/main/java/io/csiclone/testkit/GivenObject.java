package io.csiclone.testkit;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import tools.jackson.databind.node.ObjectNode;

/** An object that a test puts into the store, past admission and defaults. */
record GivenObject(HasMetadata object) {

  private static final KubernetesSerialization MODEL = new KubernetesSerialization();

  void putInto(ObjectStore store) {
    ObjectNode node = Json.parseObject(MODEL.asJson(object).getBytes(StandardCharsets.UTF_8));
    ObjectNode metadata = Json.metadata(node);
    Json.putIfAbsent(metadata, "uid", UUID.randomUUID().toString());
    Json.putIfAbsent(metadata, "creationTimestamp", Registry.now());
    String version = object.getApiVersion();
    String group = version.contains("/") ? version.substring(0, version.indexOf('/')) : "";
    var id =
        new ObjectStore.Id(
            group,
            object.getPlural(),
            Json.text(metadata, "namespace"),
            Json.text(metadata, "name"));
    if (store.create(id, node).isEmpty()) {
      throw new IllegalArgumentException("there are two of " + id);
    }
  }
}
