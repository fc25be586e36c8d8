package io.csiclone.rules;

import io.csiclone.rules.DriverFacts.CloneSupport;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How strictly the restrictions are applied.
 *
 * @param modes the codes whose mode differs from their default
 * @param classPolicy how alike the storage classes have to be
 * @param drivers whether CSI drivers can clone, by their names; counts where a driver does not say
 *     it itself
 * @param ignored sentences on settings of objects that are not understood and do not count
 */
public record RulePolicy(
    Map<RuleCode, Mode> modes,
    ClassPolicy classPolicy,
    Map<String, CloneSupport> drivers,
    List<String> ignored) {

  private static final RulePolicy STRICTEST =
      new RulePolicy(
          Arrays.stream(RuleCode.values())
              .collect(Collectors.toMap(Function.identity(), _ -> Mode.DENY)),
          ClassPolicy.SAME_CLASS);

  public RulePolicy {
    modes = Map.copyOf(modes);
    drivers = Map.copyOf(drivers);
    ignored = List.copyOf(ignored);
  }

  /** A policy all of which is understood, and which knows nothing of drivers. */
  public RulePolicy(Map<RuleCode, Mode> modes, ClassPolicy classPolicy) {
    this(modes, classPolicy, Map.of(), List.of());
  }

  /** Every code in its default mode, same class required. */
  public static RulePolicy defaults() {
    return new RulePolicy(Map.of(), ClassPolicy.SAME_CLASS);
  }

  /**
   * Refuses for every code. What it allows every other policy allows too, so that there is no need
   * to look for one.
   */
  public static RulePolicy strictest() {
    return STRICTEST;
  }

  /** Whether the driver of that name is configured to be able to clone. */
  CloneSupport cloneSupport(String driver) {
    return drivers.getOrDefault(driver, CloneSupport.UNKNOWN);
  }

  /** The mode in force for {@code code}. */
  public Mode mode(RuleCode code) {
    return modes.getOrDefault(code, code.defaultMode());
  }

  /**
   * This policy as the labels of {@code namespace} change it. What they do not mention stays as it
   * is, and so does what they say wrongly.
   *
   * @param labels {@code csi-clone.io/mode.CODE} with {@code deny}, {@code warn} or {@code off},
   *     {@code csi-clone.io/class-policy} with {@code same-class} or {@code same-driver}, and
   *     whatever else there is; null is none
   */
  public RulePolicy inNamespace(String namespace, @Nullable Map<String, String> labels) {
    return PolicySettings.apply(this, "label", "namespace " + namespace, labels);
  }

  /**
   * This policy as the annotations of a storage class change it; they are written like {@linkplain
   * #inNamespace the labels of a namespace}.
   */
  public RulePolicy forClass(String className, @Nullable Map<String, String> annotations) {
    return PolicySettings.apply(this, "annotation", "storage class " + className, annotations);
  }
}
