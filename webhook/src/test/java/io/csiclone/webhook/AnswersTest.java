package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.facts.FactsUnavailableException.Reason;
import io.csiclone.rules.Finding;
import io.csiclone.rules.RuleCode;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionReview;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/** Answers are written by hand; the model of an AdmissionReview has to find itself in them. */
class AnswersTest {

  private static final KubernetesSerialization MODEL = new KubernetesSerialization();
  private static final JsonMapper JSON = new JsonMapper();

  private static final AdmissionAttempt CLONE =
      new AdmissionAttempt(
          "a-uid",
          "team-a",
          new WrittenClaim(
              new PersistentVolumeClaimBuilder()
                  .withNewMetadata()
                  .withName("copy")
                  .endMetadata()
                  .build(),
              false,
              null),
          null);

  private static Stream<Decision> decisions() {
    var basis = new Decision.Basis(List.of(RuleCode.SOURCE_IN_USE, RuleCode.SOURCE_IN_USE));
    var findings =
        List.of(
            new Finding(RuleCode.SOURCE_NOT_BOUND, "spec.dataSource.name", "it is \"Pending\".\n"),
            new Finding(RuleCode.SIZE_TOO_SMALL, "spec.resources", "ask for 1Gi; ü, \u2028"));
    return Stream.of(
        Decision.allowed(),
        new Decision.Allowed(List.of("one", "two"), basis),
        new Decision.Patched(
            List.of(PatchOperation.add("/spec/storageClassName", "fast")), List.of("set"), basis),
        new Decision.Denied(findings, List.of("beside"), basis),
        new Decision.Unjudged(
            "no word from the cluster",
            List.of(),
            new Decision.Basis(List.of(), Reason.API_SERVER_SLOW)));
  }

  @ParameterizedTest
  @MethodSource("decisions")
  void nothingIsWrittenThatTheModelDoesNotKnow(Decision decision) {
    var answer = new Answers().write(CLONE, decision);
    var understood =
        MODEL.unmarshal(new String(answer, StandardCharsets.UTF_8), AdmissionReview.class);
    assertThat(understood.getResponse().getUid()).isEqualTo("a-uid");
    assertThat(understood.getResponse().getWarnings()).isEqualTo(decision.warnings());
    assertThat(understood.getResponse().getAdditionalProperties()).isEmpty();
    assertThat(JSON.readTree(answer)).isEqualTo(JSON.readTree(MODEL.asJson(understood)));
  }

  @Test
  void eachOfManyClassesIsFilledInForEachClaim() {
    var answers = new Answers();
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 300; i++) {
        var uid = "uid-" + round + "-" + i;
        var patch = List.of(PatchOperation.add("/spec/storageClassName", "class-" + i));
        var attempt = new AdmissionAttempt(uid, "team-a", CLONE.claim(), null);

        var warning = i % 7 == 0 ? "\"of\" ü <uid> " + i : "of <warning> " + i;
        var response =
            JSON.readTree(answers.write(attempt, new Decision.Patched(patch, List.of(warning))))
                .get("response");

        assertThat(response.get("uid").asString()).isEqualTo(uid);
        assertThat(
                new String(
                    Base64.getDecoder().decode(response.get("patch").asString()),
                    StandardCharsets.UTF_8))
            .isEqualTo(
                "[{\"op\":\"add\",\"path\":\"/spec/storageClassName\",\"value\":\"class-%d\"}]"
                    .formatted(i));
        assertThat(response.at("/warnings/0").asString()).isEqualTo(warning);
        assertThat(response.at("/auditAnnotations/verdict").asString()).isEqualTo("patched");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "7f1d3c52-5a55-4c7c-9d5e-0d8f7a3f6c11",
        "UID",
        "<uid>",
        "\"",
        "a\\u0041\",\"b",
        ""
      })
  void theUidComesBackToTheLetter(String uid) {
    for (var claim : Arrays.asList(CLONE.claim(), null)) {
      var attempt = new AdmissionAttempt(uid, "team-a", claim, null);
      var response =
          JSON.readTree(new Answers().write(attempt, Decision.allowed())).get("response");
      assertThat(response.get("uid").asString()).isEqualTo(uid);
      assertThat(response.get("allowed").asBoolean()).isTrue();
      assertThat(response.has("auditAnnotations"))
          .as("of a claim of ours")
          .isEqualTo(claim != null);
    }
  }

  @Test
  void aPatchKeepsItsValuesToTheLetter() {
    var value = new LinkedHashMap<String, Object>();
    value.put("apiGroup", null);
    value.put("kind", "PersistentVolumeClaim");
    value.put("later", Arrays.asList(new JsonTree.JsonNumber("1.50"), true, null, Map.of()));
    var patch =
        List.of(
            PatchOperation.add("/spec/dataSource", value),
            PatchOperation.replace("/spec/storageClassName", "fast"),
            PatchOperation.remove("/spec/dataSourceRef/namespace"));
    var answer = JSON.readTree(new Answers().write(CLONE, new Decision.Patched(patch, List.of())));
    assertThat(answer.at("/response/patchType").asString()).isEqualTo("JSONPatch");
    assertThat(
            new String(
                Base64.getDecoder().decode(answer.at("/response/patch").asString()),
                StandardCharsets.UTF_8))
        .isEqualTo(
            """
            [{"op":"add","path":"/spec/dataSource","value":{"apiGroup":null,"kind":"PersistentVolumeClaim","later":[1.50,true,null,{}]}},\
            {"op":"replace","path":"/spec/storageClassName","value":"fast"},\
            {"op":"remove","path":"/spec/dataSourceRef/namespace"}]\
            """);
  }
}
