package io.csiclone.rules;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How strictly the restrictions are applied.
 *
 * @param modes the codes whose mode differs from their default
 * @param classPolicy how alike the storage classes have to be
 * @param ignored sentences on settings of objects that are not understood and do not count
 */
public record RulePolicy(Map<RuleCode, Mode> modes, ClassPolicy classPolicy, List<String> ignored) {

  public RulePolicy {
    modes = Map.copyOf(modes);
    ignored = List.copyOf(ignored);
  }

  /** A policy all of which is understood. */
  public RulePolicy(Map<RuleCode, Mode> modes, ClassPolicy classPolicy) {
    this(modes, classPolicy, List.of());
  }

  /** Every code in its default mode, same class required. */
  public static RulePolicy defaults() {
    return new RulePolicy(Map.of(), ClassPolicy.SAME_CLASS);
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
