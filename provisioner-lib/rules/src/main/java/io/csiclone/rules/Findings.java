package io.csiclone.rules;

import io.csiclone.rules.DriverFacts.CloneSupport;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Collects violations and sorts them: by what the policy makes of them, and by their order. */
final class Findings {

  /**
   * The codes in the order in which the cluster and external-provisioner would come upon them: the
   * binder, the look-up of the class, the data source as written, the driver's abilities, the
   * source with its volume, the place; at the end what none of them looks at.
   */
  static final List<RuleCode> ORDER =
      List.of(
          RuleCode.PRE_BOUND,
          RuleCode.FREE_VOLUME_WOULD_BIND,
          RuleCode.NO_STORAGE_CLASS,
          RuleCode.STATIC_PROVISIONER,
          RuleCode.UNKNOWN_DATA_SOURCE,
          RuleCode.DATA_SOURCE_CONFLICT,
          RuleCode.CROSS_NAMESPACE,
          RuleCode.SELF_REFERENCE,
          RuleCode.CLONING_UNSUPPORTED,
          RuleCode.DRIVER_UNKNOWN,
          RuleCode.SELECTOR_SET,
          RuleCode.SOURCE_NOT_FOUND,
          RuleCode.SOURCE_NOT_BOUND,
          RuleCode.SOURCE_TERMINATING,
          RuleCode.STORAGE_CLASS_MISMATCH,
          RuleCode.SIZE_TOO_SMALL,
          RuleCode.SOURCE_NOT_CSI,
          RuleCode.DRIVER_MISMATCH,
          RuleCode.VOLUME_MODE_MISMATCH,
          RuleCode.TOPOLOGY_CONFLICT,
          RuleCode.FS_TYPE_MISMATCH,
          RuleCode.ACCESS_MODE_NARROWING,
          RuleCode.SOURCE_IN_USE);

  private static final Comparator<Finding> IN_ORDER =
      Comparator.comparingInt(finding -> ORDER.indexOf(finding.code()));

  private final RulePolicy policy;
  private final List<Finding> denials = new ArrayList<>();
  private final List<Finding> warnings = new ArrayList<>();

  Findings(RulePolicy policy) {
    this.policy = policy;
  }

  void add(RuleCode code, String field, String message) {
    switch (policy.mode(code)) {
      case DENY -> denials.add(new Finding(code, field, message));
      case WARN -> warnings.add(new Finding(code, field, message));
      case OFF -> {}
    }
  }

  ClassPolicy classPolicy() {
    return policy.classPolicy();
  }

  /** What the configuration says of a driver that says nothing itself. */
  CloneSupport configured(String driver) {
    return policy.cloneSupport(driver);
  }

  /** Whether the clone is refused for {@code code}, so that what only follows from it is noise. */
  boolean denies(RuleCode code) {
    return denials.stream().anyMatch(finding -> finding.code() == code);
  }

  Verdict verdict() {
    denials.sort(IN_ORDER);
    warnings.sort(IN_ORDER);
    return new Verdict(denials, warnings, policy.ignored());
  }
}
