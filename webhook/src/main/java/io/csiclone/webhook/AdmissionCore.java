package io.csiclone.webhook;

import io.csiclone.facts.ClaimReader;
import io.csiclone.facts.ClusterFacts;
import io.csiclone.facts.FactsUnavailableException;
import io.csiclone.rules.ClaimFacts;
import io.csiclone.rules.ClassPolicy;
import io.csiclone.rules.CloneRules;
import io.csiclone.rules.Mode;
import io.csiclone.rules.RuleCode;
import io.csiclone.rules.RulePolicy;
import io.csiclone.rules.Verdict;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Decides on requests; knows nothing of HTTP. */
final class AdmissionCore {

  private static final String CLASS_FIELD = "storageClassName";

  /** Lets nothing pass, to find out whether a policy has to be looked up at all. */
  private static final RulePolicy STRICTEST =
      new RulePolicy(
          Arrays.stream(RuleCode.values())
              .collect(Collectors.toMap(Function.identity(), _ -> Mode.DENY)),
          ClassPolicy.SAME_CLASS);

  private final ClusterFacts facts;
  private final RulePolicy policy;
  private final FailMode failMode;
  private final KubernetesSerialization json;

  AdmissionCore(
      ClusterFacts facts, RulePolicy policy, FailMode failMode, KubernetesSerialization json) {
    this.facts = facts;
    this.policy = policy;
    this.failMode = failMode;
    this.json = json;
  }

  /**
   * Sees the claim as the user wrote it. Refuses what the API server would silently drop later, and
   * gives a clone whose user named no storage class that of its source.
   */
  Decision mutate(AdmissionAttempt attempt) {
    var claim = attempt.claim();
    if (claim == null) {
      return Decision.allowed();
    }
    var written = ClaimReader.clone(claim);
    var verdict = judgeDataSource(claim, written);
    var warnings = new ArrayList<>(texts(verdict));
    if (!verdict.allowed()) {
      return new Decision.Denied(verdict.denials(), warnings);
    }
    if (written.cloneSource().isEmpty()) {
      return new Decision.Allowed(warnings);
    }
    var patch = new ArrayList<PatchOperation>();
    dropOwnNamespace(written, patch, warnings);
    try {
      inheritClass(attempt, claim, written, patch, warnings);
    } catch (FactsUnavailableException e) {
      return unjudged(written, e, patch, warnings);
    }
    return admitted(patch, warnings);
  }

  /** Judges the claim as it would be stored. */
  Decision validate(AdmissionAttempt attempt) {
    var claim = attempt.claim();
    if (claim == null) {
      return Decision.allowed();
    }
    var written = ClaimReader.clone(claim);
    try {
      var verdict =
          written.cloneSource().isEmpty()
              ? judgeDataSource(claim, written)
              : facts.judge(claim, policy);
      var warnings = texts(verdict);
      return verdict.allowed()
          ? new Decision.Allowed(warnings)
          : new Decision.Denied(verdict.denials(), warnings);
    } catch (FactsUnavailableException e) {
      return unjudged(written, e, List.of(), List.of());
    }
  }

  /** Without a look-up when there is nothing to object to. */
  private Verdict judgeDataSource(PersistentVolumeClaim claim, ClaimFacts written) {
    var strict = CloneRules.judgeDataSource(written, STRICTEST);
    if (strict.allowed()) {
      return strict;
    }
    RulePolicy adapted;
    try {
      adapted = facts.policy(claim, policy);
    } catch (FactsUnavailableException e) {
      // The claim itself is known, which is all that is judged here.
      adapted = policy;
    }
    return CloneRules.judgeDataSource(written, adapted);
  }

  /**
   * Most API servers drop a dataSourceRef that has a namespace, even the claim's own, and the clone
   * would be an empty volume. Without the namespace it means the same and is kept.
   */
  private static void dropOwnNamespace(
      ClaimFacts written, List<PatchOperation> patch, List<String> warnings) {
    var ref = written.dataSourceRef();
    if (ref != null && ref.isClaim() && written.namespace().equals(ref.namespace())) {
      patch.add(PatchOperation.remove("/spec/dataSourceRef/namespace"));
      warnings.add(
          "dataSourceRef.namespace was removed: it is the claim's own, and many API servers drop a"
              + " reference that has one");
    }
  }

  private void inheritClass(
      AdmissionAttempt attempt,
      PersistentVolumeClaim claim,
      ClaimFacts written,
      List<PatchOperation> patch,
      List<String> warnings) {
    var origin = ClassOrigin.of(claim, json);
    if (origin == ClassOrigin.USER || origin == ClassOrigin.UNKNOWN) {
      return;
    }
    var named = written.cloneSource().orElseThrow();
    var source = facts.claimWithItsClass(written.namespace(), named.name()).orElse(null);
    var sourceClass = source == null ? null : ClaimReader.storageClass(source);
    // Without a class to inherit there is nothing to do here; validation says what is wrong.
    if (sourceClass == null
        || sourceClass.isEmpty()
        || sourceClass.equals(written.storageClassName())) {
      return;
    }
    var path = "/spec/" + CLASS_FIELD;
    patch.add(
        attempt.specHas(CLASS_FIELD)
            ? PatchOperation.replace(path, sourceClass)
            : PatchOperation.add(path, sourceClass));
    warnings.add(
        "storageClassName was set to %s, the class of the source claim %s%s"
            .formatted(
                sourceClass,
                named.name(),
                origin == ClassOrigin.ADMISSION
                    ? ", in place of the default " + written.storageClassName()
                    : ""));
  }

  private Decision unjudged(
      ClaimFacts clone,
      FactsUnavailableException failure,
      List<PatchOperation> patch,
      List<String> warnings) {
    var told = new ArrayList<>(warnings);
    return switch (failMode) {
      case DENY ->
          new Decision.Unjudged(
              "csi-clone could not check the clone %s/%s: %s; try again."
                  .formatted(clone.namespace(), clone.name(), failure.getMessage()),
              told);
      case ALLOW -> {
        told.add("csi-clone could not check this clone: " + failure.getMessage());
        yield admitted(patch, told);
      }
    };
  }

  private static Decision admitted(List<PatchOperation> patch, List<String> warnings) {
    return patch.isEmpty() ? new Decision.Allowed(warnings) : new Decision.Patched(patch, warnings);
  }

  private static List<String> texts(Verdict verdict) {
    return Stream.concat(verdict.warnings().stream().map(Answers::text), verdict.notes().stream())
        .toList();
  }
}
