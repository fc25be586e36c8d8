package io.csiclone.rules;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The source claim and the volume behind it. */
final class SourceRules {

  private static final String BOUND = "Bound";

  private SourceRules() {}

  static void check(CloneFacts facts, Findings findings) {
    var claim = facts.claim();
    var source = facts.source();
    if (source == null) {
      claim
          .cloneSource()
          .ifPresent(named ->
              findings.add(
                  RuleCode.SOURCE_NOT_FOUND,
                  claim.sourceField() + ".name",
                  "source claim %s/%s does not exist; name a bound claim of namespace %1$s."
                      .formatted(claim.sourceNamespace().orElse(claim.namespace()), named.name())));
      return;
    }
    boolean bound = bound(claim, source, facts.sourceVolume(), findings);
    if (source.terminating()) {
      findings.add(
          RuleCode.SOURCE_TERMINATING,
          claim.sourceField() + ".name",
          source.label() + " is being deleted; name a claim that stays.");
    }
    largeEnough(claim, source, bound ? facts.sourceVolume() : null, findings);
    if (bound && facts.sourceVolume() != null) {
      VolumeRules.check(facts, source, facts.sourceVolume(), findings);
    }
    accessModes(claim, source, findings);
    inUse(claim, source, facts.surroundings().writers(), findings);
  }

  private static void inUse(
      ClaimFacts claim, SourceFacts source, List<String> writers, Findings findings) {
    if (!writers.isEmpty()) {
      findings.add(
          RuleCode.SOURCE_IN_USE,
          claim.sourceField() + ".name",
          "%s is mounted writable by pod %s%s, so the clone is at best what a crash would leave; stop the writers before cloning if the application cannot recover from that."
              .formatted(
                  source.label(), writers.getFirst(), writers.size() > 1 ? " and others" : ""));
    }
  }

  private static boolean bound(
      ClaimFacts claim, SourceFacts source, @Nullable VolumeFacts volume, Findings findings) {
    String why;
    if (!source.phase().equals(BOUND)) {
      why = "is " + (source.phase().isEmpty() ? "Pending" : source.phase());
    } else if (source.volumeName() == null || source.volumeName().isEmpty()) {
      why = "has no volume";
    } else if (volume == null) {
      why = "has lost its volume " + source.volumeName();
    } else if (!volume.boundToSource()) {
      why = "names volume " + volume.name() + ", which is bound to something else";
    } else if (!volume.phase().equals(BOUND)) {
      why = "names volume " + volume.name() + ", which is " + volume.phase();
    } else {
      return true;
    }
    findings.add(
        RuleCode.SOURCE_NOT_BOUND,
        claim.sourceField() + ".name",
        source.label() + " " + why + "; wait until it is Bound or name another claim.");
    return false;
  }

  private static void largeEnough(
      ClaimFacts claim, SourceFacts source, @Nullable VolumeFacts volume, Findings findings) {
    long capacity = volume == null ? 0 : volume.capacityBytes();
    long least = Math.max(source.requestBytes(), capacity);
    if (claim.requestBytes() >= least) {
      return;
    }
    findings.add(
        RuleCode.SIZE_TOO_SMALL,
        "spec.resources.requests.storage",
        "%s asks for %s, but %s %s; ask for at least %s."
            .formatted(
                claim.label(),
                Bytes.asQuantity(claim.requestBytes()),
                source.label(),
                capacity >= source.requestBytes()
                    ? "has a volume of " + Bytes.asQuantity(least)
                    : "asks for " + Bytes.asQuantity(least),
                Bytes.asQuantity(least)));
  }

  private static void accessModes(ClaimFacts claim, SourceFacts source, Findings findings) {
    if (claim.accessModes().isEmpty() || claim.accessModes().containsAll(source.accessModes())) {
      return;
    }
    var missing = new ArrayList<>(source.accessModes());
    missing.removeAll(claim.accessModes());
    missing.sort(null);
    findings.add(
        RuleCode.ACCESS_MODE_NARROWING,
        "spec.accessModes",
        "%s leaves out %s, which %s has; the clone can be used in fewer ways than its source."
            .formatted(claim.label(), String.join(", ", missing), source.label()));
  }
}
