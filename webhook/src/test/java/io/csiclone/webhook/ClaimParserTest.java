package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.csiclone.facts.ClaimReader;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/** A claim is judged by its JSON as it would be by the model that a mapper makes of it. */
class ClaimParserTest {

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

  private static JsonParser parser(String json) {
    var parser = new JsonFactory().createParser(ObjectReadContext.empty(), json);
    parser.nextToken();
    return parser;
  }

  private static WrittenClaim claim(String json) {
    return Objects.requireNonNull(ClaimParser.read(parser(json), true)).claim("team-a");
  }

  private static PersistentVolumeClaim read(String json) {
    return claim(json).model();
  }

  private static AdmissionAttempt review(String text) throws IOException {
    var bytes = text.getBytes(StandardCharsets.UTF_8);
    return Reviews.ofWritten().read(new ByteArrayInputStream(bytes), bytes.length);
  }

  private static PersistentVolumeClaim mapped(String json) {
    var claim = MAPPER.unmarshal(json, PersistentVolumeClaim.class);
    claim.getMetadata().setNamespace("team-a");
    return claim;
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
    var read = read(json);
    var mapped = mapped(json);
    assertThat(ClaimReader.clone(read)).isEqualTo(ClaimReader.clone(mapped));
    assertThat(ClassOrigin.of(read, MAPPER)).isEqualTo(ClassOrigin.of(mapped, MAPPER));
    assertThat(read.getMetadata().getGenerateName())
        .isEqualTo(mapped.getMetadata().getGenerateName());
  }

  @Test
  void aManagedFieldTellsWhoNamedTheClass() {
    var byUser = FULL.replace("\"subresource\": \"status\",", "").replace("legacy", "");
    assertThat(ClassOrigin.of(read(byUser), MAPPER)).isEqualTo(ClassOrigin.USER);
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
    assertThatIllegalArgumentException().isThrownBy(() -> read(json));
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
    assertThatExceptionOfType(BadReviewException.class)
        .isThrownBy(() -> review(text))
        .withMessageMatching("The body is not (a JSON object|valid JSON)\\.");
  }

  @Test
  void aReferenceIsReadWhole() {
    var claim =
        claim(
            """
            {"spec": {"storageClassName": null,
              "dataSourceRef": {"kind": "Disk", "new": {"b": ["c", null, {}, 1.50]}, "d": false, "e": "ü"}}}
            """);
    assertThat(claim.dataSourceRef())
        .hasToString("{kind=Disk, new={b=[c, null, {}, JsonNumber[text=1.50]]}, d=false, e=ü}");
    assertThat(claim.hasClassField()).isTrue();
    assertThat(claim(FULL).hasClassField()).isTrue();
    assertThat(claim("{\"spec\": {\"dataSourceRef\": null}}"))
        .satisfies(none -> assertThat(none.dataSourceRef()).isNull())
        .satisfies(none -> assertThat(none.hasClassField()).isFalse());
  }

  /** As the bodies above are refused for what is wrong with their ends. */
  @Test
  void whatIsNotReadHasToBeJsonAllTheSame() throws IOException {
    var request =
        """
        {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "u",
          "options": %s, "object": {"status": {"a": %1$s}, "spec": {"other": %1$s}}}}
        """;
    assertThat(review(request.formatted("{\"a\": [1, \"\u00e4\"]}")).uid()).isEqualTo("u");
    for (var broken : List.of("{", "[1,]", "tru", "01", "\"\\x\"", "{\"a\" 1}", "\"\n\"", "nul")) {
      assertThatExceptionOfType(BadReviewException.class)
          .as(broken)
          .isThrownBy(() -> review(request.formatted(broken)));
    }
  }

  @Test
  void aBodyThatIsNestedWithoutEndIsRefused() {
    for (var start : List.of("{\"a\":", "{\"request\":", "{\"request\": {\"object\":")) {
      assertThatExceptionOfType(BadReviewException.class)
          .isThrownBy(() -> review(start.repeat(100_000)));
    }
    var reference = "{\"request\": {\"object\": {\"spec\": {\"dataSourceRef\":";
    assertThatExceptionOfType(BadReviewException.class)
        .isThrownBy(() -> review(reference + "{\"a\":".repeat(100_000)));
  }
}
