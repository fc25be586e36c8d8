package io.csiclone.webhook;

import io.csiclone.facts.ClaimReader;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Who named the storage class of a claim that is being created.
 *
 * <p>The API server's own plugin has filled in the default class before a webhook is asked. But it
 * records the fields that the requester sent (managedFields) before any admission runs, from
 * Kubernetes 1.18 on: a class that nobody owns there was not named by the user.
 */
enum ClassOrigin {
  /** The user named it, or declined one with the empty name. */
  USER,
  /** There is none. */
  NOBODY,
  /** Some admission step or controller filled it in, most likely the default class. */
  ADMISSION,
  /** There is one and no evidence of where it came from. */
  UNKNOWN;

  /** With it a user keeps the class whoever wrote it, for instance another webhook. */
  static final String KEEP_ANNOTATION = "csi-clone.io/keep-class";

  /** As whom the controller manager gives claims the default class that came after them. */
  private static final Set<String> RETROACTIVE =
      Set.of(
          "system:kube-controller-manager",
          "system:serviceaccount:kube-system:persistent-volume-binder");

  static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

  static ClassOrigin of(PersistentVolumeClaim claim, KubernetesSerialization json) {
    var annotations =
        Objects.requireNonNullElse(claim.getMetadata().getAnnotations(), Map.<String, String>of());
    if (annotations.containsKey(ClaimReader.LEGACY_CLASS_ANNOTATION)) {
      return USER;
    }
    var name = claim.getSpec().getStorageClassName();
    if (name == null) {
      return NOBODY;
    }
    if (name.isEmpty() || "true".equals(annotations.get(KEEP_ANNOTATION))) {
      return USER;
    }
    var managed =
        Objects.requireNonNullElse(
            claim.getMetadata().getManagedFields(), List.<ManagedFieldsEntry>of());
    if (!managed.isEmpty()) {
      return anyOwnsClass(managed) ? USER : ADMISSION;
    }
    var applied = annotations.get(LAST_APPLIED);
    return applied == null ? UNKNOWN : fromApplied(applied, json);
  }

  /** Of a class that a claim gets after its creation. */
  static ClassOrigin assignedBy(PersistentVolumeClaim claim, String assigner) {
    var annotations = claim.getMetadata().getAnnotations();
    boolean kept = annotations != null && "true".equals(annotations.get(KEEP_ANNOTATION));
    return RETROACTIVE.contains(assigner) && !kept ? ADMISSION : USER;
  }

  private static boolean anyOwnsClass(List<ManagedFieldsEntry> entries) {
    for (var entry : entries) {
      if (entry != null && ownsClass(entry)) {
        return true;
      }
    }
    return false;
  }

  private static boolean ownsClass(ManagedFieldsEntry entry) {
    var subresource = entry.getSubresource();
    return (subresource == null || subresource.isEmpty())
        && entry.getFieldsV1() != null
        && entry.getFieldsV1().getAdditionalProperties().get("f:spec") instanceof Map<?, ?> spec
        && spec.containsKey("f:storageClassName");
  }

  /** What a client-side apply sent, the only evidence before Kubernetes 1.18. */
  private static ClassOrigin fromApplied(String applied, KubernetesSerialization json) {
    try {
      return json.unmarshal(applied, Map.class).get("spec") instanceof Map<?, ?> spec
              && spec.get("storageClassName") != null
          ? USER
          : ADMISSION;
    } catch (RuntimeException e) {
      // Anybody can write anything into an annotation.
      return UNKNOWN;
    }
  }
}
