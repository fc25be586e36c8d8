package io.csiclone.rules;

/**
 * Judges a clone by the restrictions.
 *
 * <p>All violations are reported together, in the order in which a provisioner would meet them,
 * without those that merely follow from another: of a source that does not exist nothing else is
 * said. A claim that is not a clone has nothing to fear but {@link RuleCode#UNKNOWN_DATA_SOURCE}.
 */
public final class CloneRules {

  private CloneRules() {}

  /** The verdict on the clone that {@code facts} describe, under {@code policy}. */
  public static Verdict judge(CloneFacts facts, RulePolicy policy) {
    var claim = facts.claim();
    var findings = new Findings(policy);
    boolean clear = DataSourceRules.check(claim, findings);
    if (claim.cloneSource().isEmpty()) {
      return findings.verdict();
    }
    BindingRules.check(claim, facts.surroundings(), findings);
    if (clear) {
      StorageClassRules.check(facts, findings);
      SourceRules.check(facts, findings);
    } else {
      // Whatever was found under that name is not what the user meant.
      StorageClassRules.check(
          new CloneFacts(claim, null, null, facts.targetClass(), null), findings);
    }
    return findings.verdict();
  }

  /**
   * The verdict on what the claim says of itself, which needs nothing from the cluster: the data
   * source and whatever keeps the claim from being provisioned at all.
   */
  public static Verdict judgeAlone(ClaimFacts claim, RulePolicy policy) {
    var findings = new Findings(policy);
    DataSourceRules.check(claim, findings);
    if (claim.cloneSource().isPresent()) {
      BindingRules.check(claim, Surroundings.NONE, findings);
      StorageClassRules.checkAlone(claim, findings);
    }
    return findings.verdict();
  }

  /**
   * The verdict on the data source alone, which needs nothing from the cluster. To be asked while
   * the claim is still as the user wrote it: the API server silently drops a {@code dataSource} of
   * an unknown kind and, unless an alpha feature is on, a {@code dataSourceRef} with a namespace,
   * and the claim would come to hold an empty volume.
   */
  public static Verdict judgeDataSource(ClaimFacts claim, RulePolicy policy) {
    var findings = new Findings(policy);
    DataSourceRules.check(claim, findings);
    return findings.verdict();
  }
}
