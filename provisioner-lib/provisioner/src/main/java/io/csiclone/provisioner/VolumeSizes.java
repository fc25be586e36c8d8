package io.csiclone.provisioner;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimCondition;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimConditionBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.math.RoundingMode;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The sizes of volumes and claims and the conditions of their change, as kube-controller-manager
 * and kubelet read and write them.
 */
final class VolumeSizes {

  private static final String RESIZING = "Resizing";
  private static final String NODE_PENDING = "FileSystemResizePending";

  private final KubernetesClient client;

  VolumeSizes(KubernetesClient client) {
    this.client = client;
  }

  /** What the claim asks for, in bytes, rounded up; 0 if it does not say. */
  long asked(PersistentVolumeClaim claim) {
    var resources = claim.getSpec().getResources();
    return resources == null ? 0 : bytes(resources.getRequests());
  }

  /** What the claim is said to have, in bytes; 0 if that is not said. */
  long given(PersistentVolumeClaim claim) {
    return claim.getStatus() == null ? 0 : bytes(claim.getStatus().getCapacity());
  }

  /** The volume's size, in bytes. */
  long of(PersistentVolume volume) {
    return bytes(volume.getSpec().getCapacity());
  }

  private static long bytes(Map<String, Quantity> amounts) {
    return Optional.ofNullable(amounts)
        .map(all -> all.get("storage"))
        .map(size -> size.getNumericalAmount().setScale(0, RoundingMode.CEILING).longValueExact())
        .orElse(0L);
  }

  /** The volume object has that size from now on. */
  void volumeGrew(PersistentVolume volume, Quantity size) {
    var _ =
        client
            .persistentVolumes()
            .withName(volume.getMetadata().getName())
            .patch(
                PatchContext.of(PatchType.JSON_MERGE),
                json(Map.of("spec", Map.of("capacity", Map.of("storage", size.toString())))));
  }

  /** Shows on the claim that it is being grown; false if it does already. */
  boolean resizing(Claim claim) {
    boolean shown = conditions(claim).anyMatch(found -> RESIZING.equals(found.getType()));
    if (!shown) {
      status(claim, Map.of(), RESIZING);
    }
    return !shown;
  }

  /** Shows on the claim that the kubelet has to grow its filesystem. */
  void nodeHasToGrow(Claim claim) {
    status(claim, Map.of(), NODE_PENDING);
  }

  /** The claim has that size from now on. */
  void claimGrew(Claim claim, Quantity size) {
    status(claim, Map.of("capacity", Map.of("storage", size.toString())), "");
  }

  /** Writes the claim's status with that condition in place of those about sizes; "" for none. */
  private void status(Claim claim, Map<String, Object> changes, String condition) {
    List<PersistentVolumeClaimCondition> conditions =
        Stream.concat(
                conditions(claim)
                    .filter(found -> !List.of(RESIZING, NODE_PENDING).contains(found.getType())),
                condition.isEmpty() ? Stream.empty() : Stream.of(condition(condition)))
            .toList();
    var operations = new ArrayList<Map<String, Object>>();
    operations.add(Map.of("op", "test", "path", "/metadata/uid", "value", claim.uid()));
    changes.forEach((name, value) ->
        operations.add(Map.of("op", "add", "path", "/status/" + name, "value", value)));
    operations.add(Map.of("op", "add", "path", "/status/conditions", "value", conditions));
    var _ =
        client
            .persistentVolumeClaims()
            .inNamespace(claim.key().namespace())
            .withName(claim.key().name())
            .subresource("status")
            .patch(PatchContext.of(PatchType.JSON), json(operations));
  }

  private static Stream<PersistentVolumeClaimCondition> conditions(Claim claim) {
    var status = claim.object().getStatus();
    return status == null || status.getConditions() == null
        ? Stream.empty()
        : status.getConditions().stream();
  }

  private static PersistentVolumeClaimCondition condition(String type) {
    return new PersistentVolumeClaimConditionBuilder()
        .withType(type)
        .withStatus("True")
        .withLastTransitionTime(Instant.now().truncatedTo(ChronoUnit.SECONDS).toString())
        .build();
  }

  private String json(Object value) {
    return client.getKubernetesSerialization().asJson(value);
  }
}
