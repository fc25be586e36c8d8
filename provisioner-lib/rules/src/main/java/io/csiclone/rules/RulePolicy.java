package io.csiclone.rules;

import java.util.Map;

/**
 * How strictly the restrictions are applied.
 *
 * @param modes the codes whose mode differs from their default
 * @param classPolicy how alike the storage classes have to be
 */
public record RulePolicy(Map<RuleCode, Mode> modes, ClassPolicy classPolicy) {

  public RulePolicy {
    modes = Map.copyOf(modes);
  }

  /** Every code in its default mode, same class required. */
  public static RulePolicy defaults() {
    return new RulePolicy(Map.of(), ClassPolicy.SAME_CLASS);
  }

  /** The mode in force for {@code code}. */
  public Mode mode(RuleCode code) {
    return modes.getOrDefault(code, code.defaultMode());
  }
}
