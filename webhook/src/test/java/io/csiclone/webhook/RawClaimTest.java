package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.csiclone.facts.ClaimReader;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A claim is judged by its JSON as it would be by the model that a mapper makes of it. */
class RawClaimTest {

  private static final KubernetesSerialization MAPPER = new KubernetesSerialization();

  /** Every field that a claim can have when it is created. */
  private static final String FULL =
      """
      {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "fieldOfTheFuture": [1, 2.5e3, true, null, {}],
       "metadata": {"name": "copy", "generateName": "copy-", "namespace": "team-a", "creationTimestamp": null,
         "labels": {"app": "db"}, "finalizers": ["kubernetes.io/pvc-protection"],
         "annotations": {"volume.beta.kubernetes.io/storage-class": "legacy",
           "volume.kubernetes.io/selected-node": "node-1", "a": "b"},
         "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "uid": "u"}],
         "managedFields": [{"manager": "kubectl", "operation": "Update", "apiVersion": "v1",
           "time": "2026-01-02T03:04:05Z", "fieldsType": "FieldsV1", "subresource": "status",
           "fieldsV1": {"f:spec": {"f:storageClassName": {}}}}]},
       "spec": {"accessModes": ["ReadWriteOnce", "ReadOnlyMany"], "storageClassName": "fast",
         "dataSource": {"apiGroup": "a.example.com", "kind": "Snapshot", "name": "one"},
         "dataSourceRef": {"apiGroup": "b.example.com", "kind": "Other", "name": "two", "namespace": "team-b"},
         "resources": {"requests": {"storage": "1536Mi"}, "limits": {"storage": "4Gi"}},
         "selector": {"matchLabels": {"a": "b"}}, "volumeAttributesClassName": "gold",
         "volumeMode": "Block", "volumeName": "pv-1"},
       "status": {"phase": "Pending"}}
      """;

  private static Map<String, @Nullable Object> tree(String json) {
    return JsonTree.object(json.getBytes(StandardCharsets.UTF_8), JsonTree.Unread.NOTHING);
  }

  private static PersistentVolumeClaim raw(String json) {
    return RawClaim.model(tree(json));
  }

  private static PersistentVolumeClaim mapped(String json) {
    return MAPPER.unmarshal(json, PersistentVolumeClaim.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        FULL,
        "{\"metadata\": {\"name\": \"a\"}, \"spec\": {}}",
        "{\"metadata\": {\"name\": \"a\", \"annotations\": null, \"managedFields\": null},"
            + " \"spec\": {\"accessModes\": null, \"resources\": null, \"storageClassName\": \"\"}}",
        "{\"metadata\": {}, \"spec\": {\"resources\": {\"requests\": {\"storage\": 1073741824}},"
            + " \"dataSource\": {\"kind\": \"PersistentVolumeClaim\", \"name\": \"data\"}}}"
      })
  void whatIsReadOfAClaimIsWhatAMapperReads(String json) {
    var raw = raw(json);
    var mapped = mapped(json);
    assertThat(ClaimReader.clone(raw)).isEqualTo(ClaimReader.clone(mapped));
    assertThat(ClassOrigin.of(raw, MAPPER)).isEqualTo(ClassOrigin.of(mapped, MAPPER));
    assertThat(raw.getMetadata().getGenerateName())
        .isEqualTo(mapped.getMetadata().getGenerateName());
  }

  @Test
  void aManagedFieldTellsWhoNamedTheClass() {
    var byUser = FULL.replace("\"subresource\": \"status\",", "").replace("legacy", "");
    assertThat(ClassOrigin.of(raw(byUser), MAPPER)).isEqualTo(ClassOrigin.USER);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"metadata\": [], \"spec\": {}}",
        "{\"metadata\": {\"name\": 1}, \"spec\": {}}",
        "{\"metadata\": {\"managedFields\": {}}, \"spec\": {}}",
        "{\"metadata\": {\"annotations\": {\"a\": {}}}, \"spec\": {}}",
        "{\"spec\": {\"accessModes\": \"ReadWriteOnce\"}}",
        "{\"spec\": {\"accessModes\": [{}]}}",
        "{\"spec\": {\"dataSource\": \"data\"}}",
        "{\"spec\": {\"dataSource\": {\"name\": true}}}",
        "{\"spec\": {\"storageClassName\": 7}}"
      })
  void aFieldOfAnotherTypeIsNoClaim(String json) {
    assertThatIllegalArgumentException().isThrownBy(() -> raw(json));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "null",
        "[]",
        "\"text\"",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\": 1",
        "{\"a\": [1",
        "{\"a\": 1}{",
        "{\"a\": 1} x",
        "{a: 1}",
        "{\"a\": 01}",
        "{\"a\": \"\\u12\"}",
        "kind: Claim"
      })
  void whatIsNotOneJsonObjectIsRefused(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> tree(text));
  }

  @Test
  void anObjectIsReadWhole() {
    assertThat(tree("{\"a\": {\"b\": [\"c\", null, {}]}, \"d\": false, \"e\": \"ü\"} \n"))
        .hasToString("{a={b=[c, null, {}]}, d=false, e=ü}");
  }

  @Test
  void aBodyThatIsNestedWithoutEndIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tree("{\"a\":".repeat(100_000)))
        .withMessageContaining("nesting");
  }
}
