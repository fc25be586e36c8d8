package io.csiclone.facts;

import io.csiclone.rules.SourceFacts;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A claim that is cloned.
 *
 * @param facts what the restrictions look at
 * @param uid as {@link PackedText#uid} has it
 */
record Source(SourceFacts facts, @Nullable Object uid) {

  static Source of(PersistentVolumeClaim claim) {
    return new Source(ClaimReader.source(claim), PackedText.uid(claim.getMetadata().getUid()));
  }

  /** Whether a volume's reference means this very claim. */
  boolean isMeantBy(@Nullable ObjectReference ref) {
    return ref != null
        && isMeantBy(ref.getNamespace(), ref.getName(), PackedText.uid(ref.getUid()));
  }

  /** Like {@link #isMeantBy(ObjectReference)}. */
  boolean isMeantBy(@Nullable String namespace, @Nullable String name, @Nullable Object claimUid) {
    return facts.namespace().equals(namespace)
        && facts.name().equals(name)
        && Objects.equals(uid, claimUid);
  }
}
