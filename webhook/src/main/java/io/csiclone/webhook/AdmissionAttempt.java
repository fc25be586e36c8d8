package io.csiclone.webhook;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import org.jspecify.annotations.Nullable;

/**
 * What the API server asks about.
 *
 * @param uid names the request in the answer and in logs
 * @param namespace the namespace of the request
 * @param claim the claim that names a data source and is to be created or to get its class, or null
 *     when the request is about anything else and none of our business
 * @param assigner who gives a claim that exists without one its storage class; null when the claim
 *     is to be created
 */
record AdmissionAttempt(
    String uid, String namespace, @Nullable WrittenClaim claim, @Nullable String assigner) {

  /** What is judged of the claim, if there is one. */
  @Nullable PersistentVolumeClaim model() {
    return claim == null ? null : claim.model();
  }
}
