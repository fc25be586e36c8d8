package io.csiclone.webhook;

import io.csiclone.rules.Finding;
import io.csiclone.rules.RuleCode;
import java.util.List;

/** What is answered to a request. */
sealed interface Decision {

  /** Texts that are shown to the user beside the answer. */
  List<String> warnings();

  /** How it came about. */
  Basis basis();

  /**
   * How a decision came about, for whoever counts them.
   *
   * @param warnedOf the restrictions among the warnings
   */
  record Basis(List<RuleCode> warnedOf) {
    static final Basis PLAIN = new Basis(List.of());
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
    return new Allowed(List.of());
  }
}
