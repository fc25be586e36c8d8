package io.csiclone.webhook;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the API server asks about.
 *
 * @param uid names the request in the answer and in logs
 * @param namespace the namespace of the request
 * @param claim the claim that names a data source and is to be created or to get its class, or null
 *     when the request is about anything else and none of our business
 * @param raw {@code claim} as it was sent, with all that the model does not know
 * @param assigner who gives a claim that exists without one its storage class; null when the claim
 *     is to be created
 */
record AdmissionAttempt(
    String uid,
    String namespace,
    @Nullable PersistentVolumeClaim claim,
    Map<?, ?> raw,
    @Nullable String assigner) {

  /** About a claim that is to be created, or about nothing of ours. */
  AdmissionAttempt(
      String uid, String namespace, @Nullable PersistentVolumeClaim claim, Map<?, ?> raw) {
    this(uid, namespace, claim, raw, null);
  }

  /** Whether the object as sent has this field in its spec, be it null. */
  boolean specHas(String field) {
    return raw.get("spec") instanceof Map<?, ?> spec && spec.containsKey(field);
  }
}
