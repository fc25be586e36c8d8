package io.csiclone.webhook;

import io.csiclone.facts.FactsUnavailableException.Reason;
import io.csiclone.rules.Finding;
import io.csiclone.rules.RuleCode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is answered to a request. */
sealed interface Decision {

  /** Nothing to say and nothing to count. */
  Decision ALLOWED = new Allowed(List.of());

  /** Texts that are shown to the user beside the answer. */
  List<String> warnings();

  /** How it came about. */
  Basis basis();

  /**
   * How a decision came about, for whoever counts them.
   *
   * @param warnedOf the restrictions among the warnings
   * @param unjudged what kept the clone from being judged, null when it was judged
   */
  record Basis(List<RuleCode> warnedOf, @Nullable Reason unjudged) {
    static final Basis PLAIN = new Basis(List.of());

    Basis(List<RuleCode> warnedOf) {
      this(warnedOf, null);
    }
  }

  /** Admitted as it is. */
  record Allowed(List<String> warnings, Basis basis) implements Decision {
    Allowed(List<String> warnings) {
      this(warnings, Basis.PLAIN);
    }
  }

  /** Admitted with changes. */
  record Patched(List<PatchOperation> patch, List<String> warnings, Basis basis)
      implements Decision {
    Patched(List<PatchOperation> patch, List<String> warnings) {
      this(patch, warnings, Basis.PLAIN);
    }
  }

  /** Refused for what the user wrote; at least one finding. */
  record Denied(List<Finding> findings, List<String> warnings, Basis basis) implements Decision {
    Denied(List<Finding> findings, List<String> warnings) {
      this(findings, warnings, Basis.PLAIN);
    }
  }

  /** Refused because it could not be judged. */
  record Unjudged(String message, List<String> warnings, Basis basis) implements Decision {}

  static Decision allowed() {
    return ALLOWED;
  }
}
