package io.csiclone.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.csiclone.facts.ClaimReader;
import io.csiclone.rules.ClassPolicy;
import io.csiclone.rules.CloneRules;
import io.csiclone.rules.Finding;
import io.csiclone.rules.Mode;
import io.csiclone.rules.RuleCode;
import io.csiclone.rules.RulePolicy;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MatchCondition;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicy;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicyBinding;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfiguration;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The CEL expressions that the webhook's chart renders, and the rules, are of one mind on generated
 * claims.
 */
class AdmissionPolicyTest {

  private static final KubernetesSerialization JSON = new KubernetesSerialization();
  private static final String NEWEST = "v1.36.0";
  private static final int CLAIMS = 500;

  /** What can be wrong with a claim that nothing has to be looked up for. */
  private static final List<RuleCode> STATIC =
      List.of(
          RuleCode.PRE_BOUND,
          RuleCode.NO_STORAGE_CLASS,
          RuleCode.UNKNOWN_DATA_SOURCE,
          RuleCode.DATA_SOURCE_CONFLICT,
          RuleCode.CROSS_NAMESPACE,
          RuleCode.SELF_REFERENCE,
          RuleCode.SELECTOR_SET);

  private static List<HasMetadata> render(Map<String, Object> values) {
    return ChartRenderTest.render(ChartRenderTest.WEBHOOK, NEWEST, values);
  }

  private static ValidatingAdmissionPolicy policy(Map<String, Object> values) {
    return ChartRenderTest.one(ValidatingAdmissionPolicy.class, render(values));
  }

  /** A claim, and the labels of its namespace. */
  private record Case(int seed, PersistentVolumeClaim claim, Map<String, String> labels) {

    @SuppressWarnings("unchecked")
    Map<String, Object> tree() {
      return JSON.convertValue(claim, Map.class);
    }

    boolean hasDataSource() {
      return claim.getSpec().getDataSource() != null || claim.getSpec().getDataSourceRef() != null;
    }

    List<Finding> denials(RulePolicy cluster) {
      return CloneRules.judgeAlone(ClaimReader.clone(claim), cluster.inNamespace("team-a", labels))
          .denials();
    }

    @Override
    public String toString() {
      return "claim of seed " + seed + ": " + JSON.asJson(claim) + " in a namespace with " + labels;
    }
  }

  private static List<Case> cases() {
    return IntStream.range(0, CLAIMS).mapToObj(AdmissionPolicyTest::generated).toList();
  }

  private static Case generated(int seed) {
    var random = new Random(seed);
    var metadata = new LinkedHashMap<String, Object>();
    metadata.put("namespace", "team-a");
    switch (random.nextInt(5)) {
      case 0 -> metadata.put("generateName", "copy-");
      case 1 -> metadata.put("name", "data");
      default -> metadata.put("name", "copy");
    }
    var annotations = new HashMap<String, String>();
    if (random.nextInt(6) == 0) {
      annotations.put(
          "volume.beta.kubernetes.io/storage-class", random.nextBoolean() ? "" : "fast");
    }
    if (random.nextInt(3) == 0) {
      annotations.put("example.com/note", "kept");
    }
    if (!annotations.isEmpty()) {
      metadata.put("annotations", annotations);
    }
    var spec = new LinkedHashMap<String, Object>();
    spec.put("accessModes", List.of("ReadWriteOnce"));
    put(spec, "storageClassName", one(random, null, "fast", "fast", "fast", ""));
    put(spec, "volumeName", one(random, null, null, null, null, "", "pv-9"));
    switch (random.nextInt(8)) {
      case 0 -> spec.put("selector", Map.of());
      case 1 -> spec.put("selector", Map.of("matchLabels", Map.of("tier", "fast")));
      default -> {}
    }
    if (random.nextInt(4) > 0) {
      put(spec, "dataSource", source(random, false));
    }
    if (random.nextInt(3) == 0) {
      put(spec, "dataSourceRef", source(random, true));
    }
    var claim =
        JSON.convertValue(
            Map.of(
                "apiVersion",
                "v1",
                "kind",
                "PersistentVolumeClaim",
                "metadata",
                metadata,
                "spec",
                spec),
            PersistentVolumeClaim.class);
    return new Case(seed, claim, labels(random));
  }

  private static Map<String, Object> source(Random random, boolean reference) {
    var source = new LinkedHashMap<String, Object>();
    switch (random.nextInt(10)) {
      case 0 -> {
        source.put("apiGroup", "snapshot.storage.k8s.io");
        source.put("kind", "VolumeSnapshot");
      }
      case 1 -> source.put("kind", "VolumeSnapshot");
      case 2 -> {
        source.put("apiGroup", "example.com");
        source.put("kind", "Image");
      }
      case 3 -> {
        source.put("apiGroup", "v1");
        source.put("kind", "PersistentVolumeClaim");
      }
      default -> {
        put(source, "apiGroup", one(random, null, null, ""));
        source.put("kind", "PersistentVolumeClaim");
      }
    }
    source.put("name", one(random, "data", "data", "data", "copy", "other"));
    if (reference) {
      put(source, "namespace", one(random, null, null, "", "team-a", "team-b"));
    }
    return source;
  }

  /** Mostly none; else a mode, right or wrong, for some restriction. */
  private static Map<String, String> labels(Random random) {
    var labels = new HashMap<String, String>();
    if (random.nextInt(3) == 0) {
      labels.put("kubernetes.io/metadata.name", "team-a");
    }
    for (var code : STATIC) {
      if (random.nextInt(10) == 0) {
        labels.put(
            "csi-clone.io/mode." + code.id(),
            String.valueOf(one(random, "deny", "warn", "off", "never", "DENY", "")));
      }
    }
    return labels;
  }

  private static void put(Map<String, Object> map, String key, @Nullable Object value) {
    if (value != null) {
      map.put(key, value);
    }
  }

  private static @Nullable String one(Random random, @Nullable String... of) {
    return of[random.nextInt(of.length)];
  }

  @Test
  void thePolicyAndTheRulesAgree() {
    var seen = assertAgreement(Map.of(), RulePolicy.defaults());
    // Else the claims would not show much.
    assertThat(seen.keySet()).containsExactlyInAnyOrderElementsOf(STATIC);
    assertThat(seen.values()).allMatch(times -> times >= 3);
    assertThat(cases())
        .filteredOn(each -> each.hasDataSource() && each.denials(RulePolicy.defaults()).isEmpty())
        .hasSizeGreaterThan(CLAIMS / 10);
  }

  @Test
  void thePolicyAndTheRulesAgreeOnWhatTheClusterDoesNotRefuse() {
    assertAgreement(
        Map.of(
            "policy.modes.PreBound", "off",
            "policy.modes.SelectorSet", "warn",
            "policy.modes.CrossNamespace", "warn",
            "policy.modes.Selfreference", "off",
            "policy.modes.NoStorageClass", "deny"),
        new RulePolicy(
            Map.of(
                RuleCode.PRE_BOUND, Mode.OFF,
                RuleCode.SELECTOR_SET, Mode.WARN,
                RuleCode.CROSS_NAMESPACE, Mode.WARN,
                RuleCode.SELF_REFERENCE, Mode.OFF),
            ClassPolicy.SAME_CLASS));
  }

  /** How often each restriction was broken. */
  private static Map<RuleCode, Integer> assertAgreement(
      Map<String, Object> values, RulePolicy cluster) {
    var expressions = CelExpressions.of(policy(values));
    var seen = new EnumMap<RuleCode, Integer>(RuleCode.class);
    for (var each : cases()) {
      var denials = each.denials(cluster);
      denials.forEach(finding -> seen.merge(finding.code(), 1, Integer::sum));
      var told =
          denials.stream()
              .map(finding -> finding.code().id() + ": " + finding.message())
              .collect(Collectors.joining(" "));
      assertThat(expressions.refusal(each.tree(), each.labels()).orElse(""))
          .as(each.toString())
          .isEqualTo(told);
    }
    return seen;
  }

  @Test
  void exactlyTheClaimsWithADataSourceReachTheWebhooks() {
    var objects = render(Map.of());
    List<List<MatchCondition>> conditions =
        List.of(
            ChartRenderTest.one(MutatingWebhookConfiguration.class, objects)
                .getWebhooks()
                .getFirst()
                .getMatchConditions(),
            ChartRenderTest.one(ValidatingWebhookConfiguration.class, objects)
                .getWebhooks()
                .getFirst()
                .getMatchConditions(),
            policy(Map.of()).getSpec().getMatchConditions());
    for (var each : conditions) {
      assertThat(each).isNotEmpty();
      var expressions = CelExpressions.of(each);
      assertThat(cases())
          .allSatisfy(
              one -> assertThat(expressions.match(one.tree())).isEqualTo(one.hasDataSource()));
    }
    assertThat(cases()).anyMatch(Case::hasDataSource).anyMatch(one -> !one.hasDataSource());
  }

  @Test
  void aMessageFitsIntoWhatTheServerTakes() {
    var expressions = CelExpressions.of(policy(Map.of()));
    assertThat(cases())
        .allSatisfy(each ->
            assertThat(expressions.refusal(each.tree(), each.labels()).orElse(""))
                .as("the server takes 5 KiB in one line")
                .hasSizeLessThan(5 * 1024)
                .doesNotContain("\n"));
  }

  /** Else agreement would be no proof that the server takes the expressions. */
  @Test
  void anExpressionWithAWrongFieldOrTypeIsFound() {
    for (var wrong :
        List.of(
            "has(object.spec.dataSauce)",
            "object.spec.dataSource.kind == 1",
            "object.spec.dataSourceRef.namespace == ''",
            "variables.later == ''")) {
      assertThatThrownBy(() -> CelExpressions.of(List.of(new MatchCondition(wrong, "wrong"))))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(wrong);
    }
  }

  @Test
  void thePolicyLooksWhereTheWebhooksLookAndRefuses() {
    var objects =
        render(
            Map.of(
                "webhook.exemptNamespaces[0]", "kube-system",
                "webhook.exemptNamespaces[1]", "backup"));
    var spec = ChartRenderTest.one(ValidatingAdmissionPolicy.class, objects).getSpec();
    var hook =
        ChartRenderTest.one(ValidatingWebhookConfiguration.class, objects).getWebhooks().getFirst();
    var binding = ChartRenderTest.one(ValidatingAdmissionPolicyBinding.class, objects);

    assertThat(spec.getMatchConstraints().getNamespaceSelector())
        .isEqualTo(hook.getNamespaceSelector());
    assertThat(spec.getMatchConstraints().getResourceRules())
        .singleElement()
        .satisfies(rule -> {
          var asked = hook.getRules().getFirst();
          assertThat(rule.getOperations()).isEqualTo(asked.getOperations());
          assertThat(rule.getResources()).isEqualTo(asked.getResources());
          assertThat(rule.getApiGroups()).isEqualTo(asked.getApiGroups());
          assertThat(rule.getApiVersions()).isEqualTo(asked.getApiVersions());
        });
    assertThat(spec.getFailurePolicy()).isEqualTo("Ignore");
    assertThat(binding.getSpec().getPolicyName()).isEqualTo(ChartRenderTest.WEBHOOK);
    assertThat(binding.getSpec().getValidationActions()).containsExactly("Deny", "Audit");
  }

  @ParameterizedTest
  @ValueSource(strings = {"v1.20.2", "v1.29.6", "v1.30.0", "v1.31.4+k3s1", NEWEST})
  void thePolicyIsRenderedWhereTheServerHasIt(String server) {
    var kinds =
        ChartRenderTest.render(ChartRenderTest.WEBHOOK, server, Map.of()).stream()
            .map(HasMetadata::getKind)
            .filter(kind -> kind.startsWith("ValidatingAdmissionPolicy"))
            .toList();
    if (ChartRenderTest.minor(server) >= 30) {
      assertThat(kinds)
          .containsExactlyInAnyOrder(
              "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding");
    } else {
      assertThat(kinds).isEmpty();
    }
  }

  @Test
  void thePolicyCanBeSwitchedOff() {
    assertThat(render(Map.of("policy.validatingAdmissionPolicy", false)))
        .extracting(HasMetadata::getKind)
        .contains("ValidatingWebhookConfiguration")
        .doesNotContain("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding");
  }
}
