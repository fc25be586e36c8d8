package io.csiclone.webhook;

import io.csiclone.facts.FactsUnavailableException.Reason;
import io.csiclone.rules.Finding;
import io.csiclone.rules.RuleCode;
import io.csiclone.rules.Verdict;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is answered to a request. */
sealed interface Decision {

  /** Texts that are shown to the user beside the answer. */
  List<String> warnings();

  /** How it came about. */
  Basis basis();

  /**
   * How a decision came about, for whoever counts or records them.
   *
   * @param warned the restrictions that the user is only warned of
   * @param unjudged what kept the clone from being judged, null when it was judged
   */
  record Basis(List<RuleCode> warned, @Nullable Reason unjudged) {
    static final Basis PLAIN = new Basis(List.of(), null);
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
  record Unjudged(String message, List<String> warnings, Basis basis) implements Decision {
    Unjudged(String message, List<String> warnings) {
      this(message, warnings, Basis.PLAIN);
    }
  }

  static Decision allowed() {
    return new Allowed(List.of());
  }

  /** The restrictions that the user is only warned of. */
  default List<RuleCode> warned() {
    return basis().warned();
  }

  /** The same decision, with what the verdict warns of. */
  default Decision warningOf(Verdict verdict) {
    var codes = verdict.warnings().stream().map(Finding::code).toList();
    return codes.isEmpty() ? this : on(new Basis(codes, basis().unjudged()));
  }

  /** The same decision, made because the clone could not be judged. */
  default Decision unjudgedFor(Reason reason) {
    return on(new Basis(warned(), reason));
  }

  private Decision on(Basis basis) {
    return switch (this) {
      case Allowed it -> new Allowed(it.warnings, basis);
      case Patched it -> new Patched(it.patch, it.warnings, basis);
      case Denied it -> new Denied(it.findings, it.warnings, basis);
      case Unjudged it -> new Unjudged(it.message, it.warnings, basis);
    };
  }
}
