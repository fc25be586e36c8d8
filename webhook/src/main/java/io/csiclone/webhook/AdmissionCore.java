package io.csiclone.webhook;

import io.csiclone.facts.ClaimReader;
import io.csiclone.facts.ClusterFacts;
import io.csiclone.facts.FactsUnavailableException;
import io.csiclone.rules.ClaimFacts;
import io.csiclone.rules.CloneRules;
import io.csiclone.rules.Finding;
import io.csiclone.rules.RuleCode;
import io.csiclone.rules.RulePolicy;
import io.csiclone.rules.Verdict;
import io.csiclone.webhook.Decision.Basis;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Decides on requests; knows nothing of HTTP. */
final class AdmissionCore {

  /** What a storage class can be wrong about; all that counts when a claim gets its class later. */
  private static final Set<RuleCode> OF_THE_CLASS =
      EnumSet.of(
          RuleCode.NO_STORAGE_CLASS,
          RuleCode.STORAGE_CLASS_MISMATCH,
          RuleCode.SOURCE_NOT_CSI,
          RuleCode.STATIC_PROVISIONER,
          RuleCode.DRIVER_MISMATCH,
          RuleCode.CLONING_UNSUPPORTED);

  private static final Verdict NOTHING_FOUND = new Verdict(List.of(), List.of(), List.of());

  private final ClusterFacts facts;
  private final RulePolicy policy;
  private final FailMode failMode;
  private final Inheritance inheritance;

  AdmissionCore(
      ClusterFacts facts, RulePolicy policy, FailMode failMode, KubernetesSerialization json) {
    this(facts, policy, failMode, UnknownClassOrigin.TRUST, json);
  }

  AdmissionCore(
      ClusterFacts facts,
      RulePolicy policy,
      FailMode failMode,
      UnknownClassOrigin unknownOrigin,
      KubernetesSerialization json) {
    this.facts = facts;
    this.policy = policy;
    this.failMode = failMode;
    this.inheritance = new Inheritance(facts, unknownOrigin, json);
  }

  /**
   * Sees the claim as the user wrote it. Refuses or mends what the API server would silently drop
   * later, and gives a clone whose user named no storage class that of its source.
   */
  Decision mutate(AdmissionAttempt attempt) {
    var claim = attempt.claim();
    if (claim == null) {
      return Decision.allowed();
    }
    var written = ClaimReader.clone(claim.model());
    // A claim that exists cannot change its data source any more.
    var verdict = attempt.assigner() == null ? judgeDataSource(written) : NOTHING_FOUND;
    var warnings = new ArrayList<>(texts(verdict));
    var basis = new Basis(codes(verdict));
    if (!verdict.allowed()) {
      return new Decision.Denied(verdict.denials(), warnings, basis);
    }
    var patch = new ArrayList<PatchOperation>();
    if (attempt.assigner() == null) {
      KeptReference.keep(claim, written, patch, warnings);
    }
    if (written.cloneSource().isEmpty()) {
      return admitted(patch, warnings, basis);
    }
    try {
      var refusal = inheritance.inherit(attempt, claim, written, patch, warnings);
      if (refusal != null) {
        return new Decision.Denied(List.of(refusal), warnings, basis);
      }
    } catch (FactsUnavailableException e) {
      return unjudged(written, e, patch, warnings, basis);
    }
    return admitted(patch, warnings, basis);
  }

  /** Judges the claim as it would be stored. */
  Decision validate(AdmissionAttempt attempt) {
    var claim = attempt.claim();
    if (claim == null) {
      return Decision.allowed();
    }
    var written = ClaimReader.clone(claim.model());
    try {
      var verdict =
          written.cloneSource().isEmpty() ? judgeDataSource(written) : facts.judge(written, policy);
      if (attempt.assigner() != null) {
        verdict = ofTheClass(verdict);
      }
      var warnings = texts(verdict);
      var basis = new Basis(codes(verdict));
      return verdict.allowed()
          ? new Decision.Allowed(warnings, basis)
          : new Decision.Denied(verdict.denials(), warnings, basis);
    } catch (FactsUnavailableException e) {
      return unjudged(written, e, List.of(), List.of(), Basis.PLAIN);
    }
  }

  /** Without a look-up when there is nothing to object to. */
  private Verdict judgeDataSource(ClaimFacts written) {
    var strict = CloneRules.judgeDataSource(written, RulePolicy.strictest());
    if (strict.allowed()) {
      return strict;
    }
    RulePolicy adapted;
    try {
      adapted = facts.policy(written, policy);
    } catch (FactsUnavailableException e) {
      // The claim itself is known, which is all that is judged here.
      adapted = policy;
    }
    return CloneRules.judgeDataSource(written, adapted);
  }

  /**
   * A clone that exists is not refused its class for anything else: whatever else is wrong with it
   * was accepted before, or may pass.
   */
  private static Verdict ofTheClass(Verdict verdict) {
    return new Verdict(
        verdict.denials().stream().filter(f -> OF_THE_CLASS.contains(f.code())).toList(),
        verdict.warnings(),
        verdict.notes());
  }

  private Decision unjudged(
      ClaimFacts clone,
      FactsUnavailableException failure,
      List<PatchOperation> patch,
      List<String> warnings,
      Basis sofar) {
    var told = new ArrayList<>(warnings);
    var basis = new Basis(sofar.warnedOf(), failure.reason());
    return switch (failMode) {
      case DENY ->
          new Decision.Unjudged(
              "csi-clone could not check the clone %s/%s: %s; try again."
                  .formatted(clone.namespace(), clone.name(), failure.getMessage()),
              told,
              basis);
      case ALLOW -> {
        told.add("csi-clone could not check this clone: " + failure.getMessage());
        yield admitted(patch, told, basis);
      }
    };
  }

  private static Decision admitted(List<PatchOperation> patch, List<String> warnings, Basis basis) {
    return patch.isEmpty()
        ? new Decision.Allowed(warnings, basis)
        : new Decision.Patched(patch, warnings, basis);
  }

  private static List<RuleCode> codes(Verdict verdict) {
    return verdict.warnings().isEmpty()
        ? List.of()
        : verdict.warnings().stream().map(Finding::code).toList();
  }

  private static List<String> texts(Verdict verdict) {
    if (verdict.warnings().isEmpty() && verdict.notes().isEmpty()) {
      return List.of();
    }
    return Stream.concat(verdict.warnings().stream().map(Answers::text), verdict.notes().stream())
        .toList();
  }
}
