package io.csiclone.driver;

import io.csiclone.copy.Verify;
import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import java.util.List;
import java.util.Map;

/**
 * The parameters of a storage class or snapshot class.
 *
 * @param verify how far a copy is proved where extents cannot be shared
 * @param consistency what becomes of a source that is in use
 * @param allocation when volumes take their room
 */
record ClassParameters(Verify verify, Consistency consistency, Allocation allocation) {

  static final String VERIFY = "csi-clone.io/verify";

  /** What the orchestrator adds by itself; it configures nothing here. */
  private static final String RESERVED = "csi.storage.k8s.io/";

  private static final List<String> KNOWN =
      List.of(VERIFY, Consistency.PARAMETER, Allocation.PARAMETER);

  /**
   * @throws BackendException with {@link Reason#INVALID} that names what is wrong and what would do
   */
  static ClassParameters of(Map<String, String> parameters) {
    for (String name : parameters.keySet()) {
      if (!name.startsWith(RESERVED) && !KNOWN.contains(name)) {
        throw new BackendException(
            Reason.INVALID,
            "unknown class parameter '%s': this driver takes %s and csi.storage.k8s.io/fstype"
                .formatted(name, String.join(", ", KNOWN)));
      }
    }
    Consistency consistency =
        parameters.containsKey(Consistency.PARAMETER)
            ? consistency(String.valueOf(parameters.get(Consistency.PARAMETER)))
            : Consistency.CRASH_CONSISTENT;
    Verify verify =
        parameters.containsKey(VERIFY)
            ? verify(String.valueOf(parameters.get(VERIFY)))
            : byDefault(consistency);
    Allocation allocation =
        parameters.containsKey(Allocation.PARAMETER)
            ? allocation(String.valueOf(parameters.get(Allocation.PARAMETER)))
            : Allocation.THIN;
    return new ClassParameters(verify, consistency, allocation);
  }

  /** A source that is written to meanwhile never compares equal to its copy. */
  private static Verify byDefault(Consistency consistency) {
    return consistency == Consistency.BEST_EFFORT ? Verify.OFF : Verify.READ_BACK;
  }

  private static Verify verify(String word) {
    return switch (word) {
      case "off" -> Verify.OFF;
      case "digest" -> Verify.DIGEST;
      case "read-back" -> Verify.READ_BACK;
      default -> throw unusable(VERIFY, word, List.of("off", "digest", "read-back"));
    };
  }

  private static Consistency consistency(String word) {
    return Consistency.named(word)
        .orElseThrow(() -> unusable(Consistency.PARAMETER, word, Consistency.words()));
  }

  private static Allocation allocation(String word) {
    return Allocation.named(word)
        .orElseThrow(() -> unusable(Allocation.PARAMETER, word, Allocation.words()));
  }

  private static BackendException unusable(String name, String value, List<String> accepted) {
    String last = accepted.getLast();
    String others = String.join(", ", accepted.subList(0, accepted.size() - 1));
    return new BackendException(
        Reason.INVALID,
        "class parameter %s is '%s'; it takes %s or %s".formatted(name, value, others, last));
  }
}
