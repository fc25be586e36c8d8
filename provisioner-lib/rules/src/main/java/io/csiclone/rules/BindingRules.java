package io.csiclone.rules;

/** What keeps a claim from being provisioned at all, so that nothing would be cloned into it. */
final class BindingRules {

  private BindingRules() {}

  static void check(ClaimFacts claim, Findings findings) {
    var volumeName = claim.volumeName();
    if (volumeName != null && !volumeName.isEmpty()) {
      findings.add(
          RuleCode.PRE_BOUND,
          "spec.volumeName",
          "%s asks for the existing volume %s, so no data would be cloned; leave spec.volumeName out."
              .formatted(claim.label(), volumeName));
    }
    if (claim.hasSelector()) {
      findings.add(
          RuleCode.SELECTOR_SET,
          "spec.selector",
          "%s selects existing volumes by label, which a provisioner refuses; leave spec.selector out."
              .formatted(claim.label()));
    }
  }
}
