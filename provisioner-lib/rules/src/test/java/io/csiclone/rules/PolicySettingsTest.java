package io.csiclone.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PolicySettingsTest {

  private static final RulePolicy BASE =
      new RulePolicy(Map.of(RuleCode.PRE_BOUND, Mode.WARN), ClassPolicy.SAME_CLASS);

  @Test
  void aNamespaceSetsModesAndLeavesTheOthersAsTheyAre() {
    var policy =
        BASE.inNamespace(
            "team-a",
            Map.of(
                "csi-clone.io/mode.SizeTooSmall", "off",
                "csi-clone.io/mode.SourceInUse", "deny",
                "kubernetes.io/metadata.name", "team-a"));
    assertThat(policy.mode(RuleCode.SIZE_TOO_SMALL)).isEqualTo(Mode.OFF);
    assertThat(policy.mode(RuleCode.SOURCE_IN_USE)).isEqualTo(Mode.DENY);
    assertThat(policy.mode(RuleCode.PRE_BOUND)).isEqualTo(Mode.WARN);
    assertThat(policy.mode(RuleCode.SELF_REFERENCE)).isEqualTo(Mode.DENY);
    assertThat(policy.classPolicy()).isEqualTo(ClassPolicy.SAME_CLASS);
    assertThat(policy.ignored()).isEmpty();
  }

  @Test
  void aClassHasTheLastWord() {
    var policy =
        BASE.inNamespace("team-a", Map.of("csi-clone.io/mode.PreBound", "off"))
            .forClass(
                "fast",
                Map.of(
                    "csi-clone.io/mode.PreBound", "deny",
                    "csi-clone.io/class-policy", "same-driver"));
    assertThat(policy.mode(RuleCode.PRE_BOUND)).isEqualTo(Mode.DENY);
    assertThat(policy.classPolicy()).isEqualTo(ClassPolicy.SAME_DRIVER);
  }

  @Test
  void objectsThatSayNothingChangeNothing() {
    assertThat(BASE.inNamespace("team-a", null)).isEqualTo(BASE);
    assertThat(BASE.forClass("fast", Map.of("example.com/mode.PreBound", "off"))).isEqualTo(BASE);
  }

  @ParameterizedTest
  @CsvSource({
    "csi-clone.io/mode.SizeTooSmall,maybe,'deny, warn and off'",
    "csi-clone.io/mode.SizeTooSmall,'','deny, warn and off'",
    "csi-clone.io/mode.SizeTooSmall,DENY,'deny, warn and off'",
    "csi-clone.io/mode.TooBig,off,TooBig",
    "csi-clone.io/class-policy,any,same-class and same-driver"
  })
  void whatIsNotUnderstoodIsIgnoredAndNamed(String key, String value, String accepted) {
    var policy = BASE.inNamespace("team-a", Map.of(key, value));
    assertThat(policy.modes()).isEqualTo(BASE.modes());
    assertThat(policy.classPolicy()).isEqualTo(BASE.classPolicy());
    assertThat(policy.ignored())
        .singleElement()
        .asString()
        .contains("label " + key + "=" + value + " of namespace team-a is ignored", accepted);
  }

  @Test
  void theVerdictTellsWhatWasIgnored() {
    var policy = BASE.forClass("fast", Map.of("csi-clone.io/mode.PreBound", "x".repeat(9_000)));
    assertThat(CloneRules.judge(new Scene().facts(), policy).notes())
        .singleElement()
        .asString()
        .contains("annotation csi-clone.io/mode.PreBound=xxx", "storage class fast")
        .hasSizeLessThan(300);
  }
}
