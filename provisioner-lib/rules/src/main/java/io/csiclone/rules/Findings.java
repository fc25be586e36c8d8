package io.csiclone.rules;

import java.util.ArrayList;
import java.util.List;

/** Collects violations and sorts them by what the policy makes of them. */
final class Findings {

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

  /** Whether the clone is refused for {@code code}, so that what only follows from it is noise. */
  boolean denies(RuleCode code) {
    return denials.stream().anyMatch(finding -> finding.code() == code);
  }

  Verdict verdict() {
    return new Verdict(denials, warnings, policy.ignored());
  }
}
