package io.csiclone.webhook;

import io.csiclone.rules.Finding;
import java.util.List;

/** What is answered to a request. */
sealed interface Decision {

  /** Texts that are shown to the user beside the answer. */
  List<String> warnings();

  /** Admitted as it is. */
  record Allowed(List<String> warnings) implements Decision {}

  /** Admitted with changes. */
  record Patched(List<PatchOperation> patch, List<String> warnings) implements Decision {}

  /** Refused for what the user wrote; at least one finding. */
  record Denied(List<Finding> findings, List<String> warnings) implements Decision {}

  /** Refused because it could not be judged. */
  record Unjudged(String message, List<String> warnings) implements Decision {}

  static Decision allowed() {
    return new Allowed(List.of());
  }
}
