package io.csiclone.webhook;

import io.csiclone.facts.ClaimReader;
import io.csiclone.facts.ClusterFacts;
import io.csiclone.rules.ClaimFacts;
import io.csiclone.rules.Finding;
import io.csiclone.rules.RuleCode;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Gives a clone the storage class of its source, unless its user named one. */
final class Inheritance {

  private static final String FIELD = "storageClassName";
  private static final String PATH = "/spec/" + FIELD;
  private static final List<String> DEFAULT_MARKS =
      List.of(
          "storageclass.kubernetes.io/is-default-class",
          "storageclass.beta.kubernetes.io/is-default-class");

  private final ClusterFacts facts;
  private final UnknownClassOrigin unknown;
  private final KubernetesSerialization json;

  Inheritance(ClusterFacts facts, UnknownClassOrigin unknown, KubernetesSerialization json) {
    this.facts = facts;
    this.unknown = unknown;
    this.json = json;
  }

  /**
   * Adds to the patch what gives the clone its source's class, and to the warnings what was done.
   *
   * @return why the clone is refused, or null when it is not
   */
  @Nullable Finding inherit(
      AdmissionAttempt attempt,
      WrittenClaim claim,
      ClaimFacts written,
      List<PatchOperation> patch,
      List<String> warnings) {
    var assigner = attempt.assigner();
    var origin =
        assigner == null
            ? ClassOrigin.of(claim.model(), json)
            : ClassOrigin.assignedBy(claim.model(), assigner);
    if (origin == ClassOrigin.UNKNOWN) {
      origin = resolved(written);
    }
    if (origin == ClassOrigin.USER) {
      return null;
    }
    var named = written.cloneSource().orElseThrow();
    if (named.namespace() != null && !named.namespace().equals(written.namespace())) {
      // A claim of that name in the clone's own namespace is another one.
      return null;
    }
    // What may refuse the clone is asked live.
    var found =
        origin == ClassOrigin.UNKNOWN
            ? facts.claimLive(written.namespace(), named.name()).map(ClaimReader::storageClass)
            : facts.storageClassOf(written.namespace(), named.name());
    var sourceClass = found.orElse(null);
    // Without a class to inherit there is nothing to do here; validation says what is wrong.
    if (sourceClass == null
        || sourceClass.isEmpty()
        || sourceClass.equals(written.storageClassName())) {
      return null;
    }
    if (origin == ClassOrigin.UNKNOWN) {
      return unknownOrigin(written, named.name(), sourceClass);
    }
    patch.add(
        claim.hasClassField()
            ? PatchOperation.replace(PATH, sourceClass)
            : PatchOperation.add(PATH, sourceClass));
    warnings.add(
        "storageClassName was set to "
            + sourceClass
            + ", the class of the source claim "
            + named.name()
            + (origin == ClassOrigin.ADMISSION
                ? ", in place of the default " + written.storageClassName()
                : ""));
    return null;
  }

  private ClassOrigin resolved(ClaimFacts written) {
    return switch (unknown) {
      case TRUST -> ClassOrigin.USER;
      case COMPARE -> isDefault(written) ? ClassOrigin.ADMISSION : ClassOrigin.USER;
      case REFUSE -> ClassOrigin.UNKNOWN;
    };
  }

  private boolean isDefault(ClaimFacts written) {
    var name = written.storageClassName();
    return name != null
        && facts
            .storageClass(name)
            .map(storageClass -> storageClass.getMetadata().getAnnotations())
            .filter(marks -> DEFAULT_MARKS.stream().anyMatch(m -> "true".equals(marks.get(m))))
            .isPresent();
  }

  private static Finding unknownOrigin(ClaimFacts written, String source, String sourceClass) {
    return new Finding(
        RuleCode.STORAGE_CLASS_MISMATCH,
        "spec." + FIELD,
        "claim %s/%s has the storage class %s, and nothing tells whether its user named it; name %s, the class of source claim %s/%s, or keep %s with the annotation %s=true."
            .formatted(
                written.namespace(),
                written.name(),
                written.storageClassName(),
                sourceClass,
                written.namespace(),
                source,
                written.storageClassName(),
                ClassOrigin.KEEP_ANNOTATION));
  }
}
