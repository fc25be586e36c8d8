package io.csiclone.rules;

import java.util.List;

/**
 * The outcome for one clone: every violation, in the order in which a provisioner would have met
 * them.
 *
 * @param denials violations that refuse the request
 * @param warnings violations the user is only told of
 * @param notes sentences for the user on settings that could not be followed
 */
public record Verdict(List<Finding> denials, List<Finding> warnings, List<String> notes) {

  public Verdict {
    denials = List.copyOf(denials);
    warnings = List.copyOf(warnings);
    notes = List.copyOf(notes);
  }

  /** Whether the clone may be created. */
  public boolean allowed() {
    return denials.isEmpty();
  }
}
