package io.csiclone.rules;

import java.util.List;

/**
 * The outcome for one clone: every violation, in the order in which a provisioner would have met
 * them.
 *
 * @param denials violations that refuse the request
 * @param warnings violations the user is only told of
 */
public record Verdict(List<Finding> denials, List<Finding> warnings) {

  public Verdict {
    denials = List.copyOf(denials);
    warnings = List.copyOf(warnings);
  }

  /** Whether the clone may be created. */
  public boolean allowed() {
    return denials.isEmpty();
  }
}
