package io.csiclone.rules;

import static io.csiclone.rules.Scene.GI;
import static io.csiclone.rules.Scene.pvc;
import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.rules.DriverFacts.CloneSupport;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What holds for each restriction alike. */
class EveryCodeTest {

  /** For each code a clone that has this fault. */
  private static final Map<RuleCode, Consumer<Scene>> FAULTS =
      Map.ofEntries(
          fault(RuleCode.SOURCE_NOT_FOUND, scene -> scene.sourceExists = false),
          fault(RuleCode.SOURCE_NOT_BOUND, scene -> scene.phase = "Pending"),
          fault(RuleCode.SOURCE_TERMINATING, scene -> scene.terminating = true),
          fault(
              RuleCode.CROSS_NAMESPACE,
              scene -> {
                scene.dataSource = null;
                scene.dataSourceRef = pvc("data", "team-b");
              }),
          fault(RuleCode.STORAGE_CLASS_MISMATCH, scene -> scene.className = "slow"),
          fault(RuleCode.NO_STORAGE_CLASS, scene -> scene.className = ""),
          fault(RuleCode.SOURCE_NOT_CSI, scene -> scene.onVolumeOf("flexVolume")),
          fault(
              RuleCode.STATIC_PROVISIONER,
              scene -> scene.provisioner = "kubernetes.io/no-provisioner"),
          fault(RuleCode.DRIVER_MISMATCH, scene -> scene.provisioner = "tape.example.com"),
          fault(RuleCode.CLONING_UNSUPPORTED, scene -> scene.cloneSupport = CloneSupport.NO),
          fault(RuleCode.SIZE_TOO_SMALL, scene -> scene.request = 1),
          fault(RuleCode.VOLUME_MODE_MISMATCH, scene -> scene.mode = VolumeMode.BLOCK),
          fault(RuleCode.PRE_BOUND, scene -> scene.wantedVolume = "pv-9"),
          fault(RuleCode.SELECTOR_SET, scene -> scene.selector = true),
          fault(RuleCode.SELF_REFERENCE, scene -> scene.dataSource = pvc("copy")),
          fault(
              RuleCode.UNKNOWN_DATA_SOURCE,
              scene -> scene.dataSource = new DataSource("", "ConfigMap", "thing", null)),
          fault(RuleCode.DATA_SOURCE_CONFLICT, scene -> scene.dataSourceRef = pvc("other")),
          fault(RuleCode.DRIVER_UNKNOWN, scene -> scene.cloneSupport = CloneSupport.UNKNOWN),
          fault(RuleCode.FS_TYPE_MISMATCH, scene -> scene.classFsType = "xfs"),
          fault(
              RuleCode.FREE_VOLUME_WOULD_BIND,
              scene ->
                  scene.freeVolume =
                      new FreeVolumeFacts(
                          "pv-7", "fast", GI, VolumeMode.FILESYSTEM, scene.accessModes, null)),
          fault(
              RuleCode.TOPOLOGY_CONFLICT,
              scene -> {
                scene.affinity = TopologyTest.in("zone", "a");
                scene.selectedNode = new NodeFacts("node-b", Map.of("zone", "b"));
              }),
          fault(
              RuleCode.ACCESS_MODE_NARROWING,
              scene -> scene.sourceModes = Set.of("ReadWriteMany", "ReadWriteOnce")),
          fault(RuleCode.SOURCE_IN_USE, scene -> scene.writers = List.of("db-0")));

  private static Map.Entry<RuleCode, Consumer<Scene>> fault(RuleCode code, Consumer<Scene> spoil) {
    return Map.entry(code, spoil);
  }

  private static Consumer<Scene> faultOf(RuleCode code) {
    return Objects.requireNonNull(FAULTS.get(code), () -> "a clone with the fault " + code.id());
  }

  private static Verdict judge(Consumer<Scene> spoil, RulePolicy policy) {
    var scene = new Scene();
    spoil.accept(scene);
    return CloneRules.judge(scene.facts(), policy);
  }

  @ParameterizedTest
  @EnumSource(RuleCode.class)
  void everyFaultIsToldInOneSentenceThatNamesTheObjectsAndAField(RuleCode code) {
    var spoil = faultOf(code);
    var verdict = judge(spoil, RulePolicy.defaults());
    var denied = code.defaultMode() == Mode.DENY;
    assertThat(denied ? verdict.denials() : verdict.warnings())
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.code()).isEqualTo(code);
          assertThat(finding.field()).startsWith(denied ? "spec." : "");
          assertThat(finding.field()).matches("(spec|metadata)\\.\\S+");
          assertThat(finding.message())
              .containsPattern("team-a/(copy|data)")
              .endsWith(".")
              .doesNotContain("null", "%", "\n");
          assertThat(finding.message().substring(0, finding.message().length() - 1))
              .as("one sentence")
              .doesNotContain(". ");
        });
    assertThat(denied ? verdict.warnings() : verdict.denials()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(RuleCode.class)
  void everyCodeCanBeRefusedWarnedOfOrSilenced(RuleCode code) {
    var spoil = faultOf(code);
    for (var mode : Mode.values()) {
      var verdict = judge(spoil, new RulePolicy(Map.of(code, mode), ClassPolicy.SAME_CLASS));
      assertThat(codes(verdict.denials()).contains(code))
          .as(mode.id())
          .isEqualTo(mode == Mode.DENY);
      assertThat(codes(verdict.warnings()).contains(code))
          .as(mode.id())
          .isEqualTo(mode == Mode.WARN);
    }
  }

  private static List<RuleCode> codes(List<Finding> findings) {
    return findings.stream().map(Finding::code).toList();
  }

  @ParameterizedTest
  @EnumSource(RuleCode.class)
  void whatTheStrictestPolicyAllowsEveryPolicyAllows(RuleCode code) {
    var spoil = faultOf(code);
    assertThat(codes(judge(spoil, RulePolicy.strictest()).denials())).contains(code);
    assertThat(judge(scene -> {}, RulePolicy.strictest()).allowed()).isTrue();
  }

  @Test
  void everyCodeHasItsPlaceInTheOrder() {
    assertThat(Findings.ORDER).containsExactlyInAnyOrder(RuleCode.values());
  }
}
