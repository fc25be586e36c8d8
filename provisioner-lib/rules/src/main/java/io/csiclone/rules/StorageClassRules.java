package io.csiclone.rules;

import org.jspecify.annotations.Nullable;

/**
 * The clone's storage class: it has to exist, to make volumes by itself, and to suit the source.
 */
final class StorageClassRules {

  private static final String FIELD = "spec.storageClassName";
  private static final String IN_TREE = "kubernetes.io/";
  private static final String NO_PROVISIONER = "kubernetes.io/no-provisioner";

  private StorageClassRules() {}

  static void check(CloneFacts facts, Findings findings) {
    if (named(facts, findings) && dynamic(facts, findings)) {
      alike(facts, findings);
    }
  }

  /** What can be said without knowing the class and the source. */
  static void checkAlone(ClaimFacts claim, Findings findings) {
    var name = claim.storageClassName();
    if (name != null && name.isEmpty()) {
      named(new CloneFacts(claim, null, null, null, null), findings);
    }
  }

  private static boolean named(CloneFacts facts, Findings findings) {
    var claim = facts.claim();
    var name = claim.storageClassName();
    String what;
    if (name == null && facts.source() == null) {
      // It would have got the class of its source; what keeps it from that is told elsewhere.
      return false;
    } else if (name == null) {
      what = "names no storage class";
    } else if (name.isEmpty()) {
      what = "has the empty storage class, which declines dynamic provisioning";
    } else if (facts.targetClass() == null) {
      what = "names the storage class " + name + ", which does not exist";
    } else {
      return sourceHasOne(facts, findings);
    }
    findings.add(
        RuleCode.NO_STORAGE_CLASS, FIELD, claim.label() + " " + what + "; " + remedy(facts) + ".");
    return false;
  }

  private static boolean sourceHasOne(CloneFacts facts, Findings findings) {
    var source = facts.source();
    if (source == null || source.storageClassName() != null) {
      return true;
    }
    findings.add(
        RuleCode.NO_STORAGE_CLASS,
        facts.claim().sourceField() + ".name",
        "%s has no storage class, so it was not made by a provisioner that could clone it; clone a claim that has one."
            .formatted(source.label()));
    return false;
  }

  private static boolean dynamic(CloneFacts facts, Findings findings) {
    var target = facts.targetClass();
    if (target == null) {
      return false;
    }
    if (target.provisioner().equals(NO_PROVISIONER)) {
      findings.add(
          RuleCode.STATIC_PROVISIONER,
          FIELD,
          "%s has the storage class %s, whose provisioner %s makes no volumes; %s."
              .formatted(
                  facts.claim().label(), target.name(), target.provisioner(), remedy(facts)));
      return false;
    }
    if (target.provisioner().startsWith(IN_TREE)) {
      var volume = facts.sourceVolume();
      // Of a source that is not a CSI volume either, SourceRules says the same and more.
      if (volume == null || volume.csiDriver() != null) {
        findings.add(
            RuleCode.SOURCE_NOT_CSI,
            FIELD,
            "%s has the storage class %s of the in-tree provisioner %s, which cannot clone; %s."
                .formatted(
                    facts.claim().label(), target.name(), target.provisioner(), remedy(facts)));
      }
      return false;
    }
    return true;
  }

  private static void alike(CloneFacts facts, Findings findings) {
    var claim = facts.claim();
    var source = facts.source();
    var target = facts.targetClass();
    var volume = facts.sourceVolume();
    if (source == null || target == null) {
      return;
    }
    if (findings.classPolicy() == ClassPolicy.SAME_CLASS
        && !target.name().equals(source.storageClassName())) {
      findings.add(
          RuleCode.STORAGE_CLASS_MISMATCH,
          FIELD,
          "%s has the storage class %s, but %s has %s; a clone has the class of its source, or names none and gets it."
              .formatted(
                  claim.label(), target.name(), source.label(), quoted(source.storageClassName())));
    }
    // Whoever takes the source's class gets its driver too.
    if (volume != null
        && volume.csiDriver() != null
        && !volume.csiDriver().equals(target.provisioner())
        && !findings.denies(RuleCode.STORAGE_CLASS_MISMATCH)) {
      findings.add(
          RuleCode.DRIVER_MISMATCH,
          FIELD,
          "%s has the storage class %s of the driver %s, but volume %s of %s belongs to the driver %s; use a class of %s."
              .formatted(
                  claim.label(),
                  target.name(),
                  target.provisioner(),
                  volume.name(),
                  source.label(),
                  volume.csiDriver(),
                  volume.csiDriver()));
    }
  }

  private static String remedy(CloneFacts facts) {
    var source = facts.source();
    var volume = facts.sourceVolume();
    if (source == null || (volume != null && volume.csiDriver() == null)) {
      return "use a storage class of a CSI driver";
    }
    var name = source.storageClassName();
    return name == null || name.isEmpty() || name.equals(facts.claim().storageClassName())
        ? "use a storage class of a CSI driver"
        : "use " + name + ", the storage class of " + source.label();
  }

  private static String quoted(@Nullable String className) {
    return className == null || className.isEmpty() ? "the empty one" : className;
  }
}
