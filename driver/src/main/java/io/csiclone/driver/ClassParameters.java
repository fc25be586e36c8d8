package io.csiclone.driver;

import io.csiclone.copy.Verify;
import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

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
        chosen(parameters, Consistency.PARAMETER, Consistency.class)
            .orElse(Consistency.CRASH_CONSISTENT);
    return new ClassParameters(
        chosen(parameters, VERIFY, Verify.class).orElse(byDefault(consistency)),
        consistency,
        chosen(parameters, Allocation.PARAMETER, Allocation.class).orElse(Allocation.THIN));
  }

  /** A source that is written to meanwhile never compares equal to its copy. */
  private static Verify byDefault(Consistency consistency) {
    return consistency == Consistency.BEST_EFFORT ? Verify.OFF : Verify.READ_BACK;
  }

  /** How a class writes a choice: {@code read-back} for {@code READ_BACK}. */
  static String word(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static <E extends Enum<E>> Optional<E> chosen(
      Map<String, String> parameters, String name, Class<E> choices) {
    String word = parameters.get(name);
    if (word == null) {
      return Optional.empty();
    }
    List<E> all = List.of(choices.getEnumConstants());
    return Optional.of(
        all.stream()
            .filter(choice -> word(choice).equals(word))
            .findFirst()
            .orElseThrow(
                () -> unusable(name, word, all.stream().map(ClassParameters::word).toList())));
  }

  private static BackendException unusable(String name, String value, List<String> accepted) {
    String last = accepted.getLast();
    String others = String.join(", ", accepted.subList(0, accepted.size() - 1));
    return new BackendException(
        Reason.INVALID,
        "class parameter %s is '%s'; it takes %s or %s".formatted(name, value, others, last));
  }
}
