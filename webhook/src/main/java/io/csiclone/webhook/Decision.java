package io.csiclone.webhook;

import io.csiclone.rules.Finding;
import io.csiclone.rules.RuleCode;
import io.csiclone.rules.Verdict;
import java.util.List;

/** What is answered to a request. */
sealed interface Decision {

  /** Texts that are shown to the user beside the answer. */
  List<String> warnings();

  /** The restrictions that the user is only warned of. */
  List<RuleCode> warned();

  /** Admitted as it is. */
  record Allowed(List<String> warnings, List<RuleCode> warned) implements Decision {
    Allowed(List<String> warnings) {
      this(warnings, List.of());
    }
  }

  /** Admitted with changes. */
  record Patched(List<PatchOperation> patch, List<String> warnings, List<RuleCode> warned)
      implements Decision {
    Patched(List<PatchOperation> patch, List<String> warnings) {
      this(patch, warnings, List.of());
    }
  }

  /** Refused for what the user wrote; at least one finding. */
  record Denied(List<Finding> findings, List<String> warnings, List<RuleCode> warned)
      implements Decision {
    Denied(List<Finding> findings, List<String> warnings) {
      this(findings, warnings, List.of());
    }
  }

  /** Refused because it could not be judged. */
  record Unjudged(String message, List<String> warnings) implements Decision {
    @Override
    public List<RuleCode> warned() {
      return List.of();
    }
  }

  static Decision allowed() {
    return new Allowed(List.of());
  }

  /** This decision of a verdict, with the restrictions that it warns of. */
  default Decision warningOf(Verdict verdict) {
    var codes = verdict.warnings().stream().map(Finding::code).toList();
    return switch (this) {
      case Allowed(var warnings, var _) -> new Allowed(warnings, codes);
      case Patched(var patch, var warnings, var _) -> new Patched(patch, warnings, codes);
      case Denied(var findings, var warnings, var _) -> new Denied(findings, warnings, codes);
      case Unjudged unjudged -> unjudged;
    };
  }
}
