package io.csiclone.rules;

/** What keeps a claim from being provisioned at all, so that nothing would be cloned into it. */
final class BindingRules {

  private BindingRules() {}

  static void check(ClaimFacts claim, Surroundings surroundings, Findings findings) {
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
    var free = surroundings.freeVolume();
    boolean picks = claim.hasSelector() || (volumeName != null && !volumeName.isEmpty());
    if (free != null && !picks && free.fits(claim)) {
      findings.add(
          RuleCode.FREE_VOLUME_WOULD_BIND,
          "spec.resources.requests.storage",
          "%s matches the existing volume %s, which is free%s and may be bound to it with whatever it holds, so that no data is cloned; delete that volume or reserve it for another claim."
              .formatted(
                  claim.label(),
                  free.name(),
                  free.reservedFor() == null ? "" : " and reserved for it,"));
    }
  }
}
