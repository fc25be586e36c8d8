package io.csiclone.webhook;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the API server asks about.
 *
 * @param uid names the request in the answer and in logs
 * @param namespace the namespace of the request
 * @param claim the claim that is to be created and names a data source, or null when the request is
 *     about anything else and none of our business
 * @param raw {@code claim} as it was sent, with all that the model does not know
 */
record AdmissionAttempt(
    String uid, String namespace, @Nullable PersistentVolumeClaim claim, Map<?, ?> raw) {

  /** Whether the object as sent has this field in its spec, be it null. */
  boolean specHas(String field) {
    return raw.get("spec") instanceof Map<?, ?> spec && spec.containsKey(field);
  }
}
