package io.csiclone.bench;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.storage.CSIDriverBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/** The objects of {@link ProvisionBench}, in a cluster that may have others. */
final class ProvisionObjects {

  static final String NAMESPACE = "bench-provision";
  private static final String CLASS = "bench-instant";
  private static final String FAILING_CLASS = "bench-failing";
  private static final String LABEL = "csi-clone.io/bench";

  private final KubernetesClient client;

  ProvisionObjects(KubernetesClient client) {
    this.client = client;
  }

  /** Makes what all claims need. */
  void prepare() {
    client
        .resource(
            new NamespaceBuilder().withNewMetadata().withName(NAMESPACE).endMetadata().build())
        .createOr(found -> found.update());
    client
        .resource(
            new CSIDriverBuilder()
                .withNewMetadata()
                .withName(InstantVolumes.DRIVER)
                .endMetadata()
                .withNewSpec()
                .withAttachRequired(false)
                .endSpec()
                .build())
        .createOr(found -> found.update());
    storageClass(CLASS, Map.of());
    storageClass(FAILING_CLASS, Map.of(InstantVolumes.FAILS, "always"));
  }

  private void storageClass(String name, Map<String, String> parameters) {
    client
        .resource(
            new StorageClassBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withProvisioner(InstantVolumes.DRIVER)
                .withParameters(parameters)
                .withReclaimPolicy("Delete")
                .withVolumeBindingMode("Immediate")
                .build())
        .createOr(found -> found.update());
  }

  /** Removes what {@link #prepare} made; claims and volumes are gone by then. */
  void clear() {
    client.storage().v1().storageClasses().withName(CLASS).delete();
    client.storage().v1().storageClasses().withName(FAILING_CLASS).delete();
    client.storage().v1().csiDrivers().withName(InstantVolumes.DRIVER).delete();
    client.namespaces().withName(NAMESPACE).delete();
    // A namespace that is being ended takes nothing new, so that the next run would fail.
    client
        .namespaces()
        .withName(NAMESPACE)
        .waitUntilCondition(Objects::isNull, 2, TimeUnit.MINUTES);
  }

  PersistentVolumeClaim claim(String name) {
    return claimOf(name, CLASS).build();
  }

  PersistentVolumeClaim clone(String name, String source) {
    return claimOf(name, CLASS)
        .editSpec()
        .withNewDataSource()
        .withKind("PersistentVolumeClaim")
        .withName(source)
        .endDataSource()
        .endSpec()
        .build();
  }

  /** A claim that the driver refuses each time. */
  PersistentVolumeClaim failing(String name) {
    return claimOf(name, FAILING_CLASS).build();
  }

  /** A claim that no provisioner serves. */
  PersistentVolumeClaim idleClaim(String name) {
    return claimOf(name, "bench-none").build();
  }

  private static PersistentVolumeClaimBuilder claimOf(String name, String storageClass) {
    return new PersistentVolumeClaimBuilder()
        .withNewMetadata()
        .withNamespace(NAMESPACE)
        .withName(name)
        .endMetadata()
        .withNewSpec()
        .withAccessModes("ReadWriteOnce")
        .withStorageClassName(storageClass)
        .withNewResources()
        .addToRequests("storage", new Quantity("1Gi"))
        .endResources()
        .endSpec();
  }

  /** A volume that no claim asks for. */
  PersistentVolume idleVolume(String name) {
    return new PersistentVolumeBuilder()
        .withNewMetadata()
        .withName(name)
        .addToLabels(LABEL, "bare")
        .endMetadata()
        .withNewSpec()
        .withAccessModes("ReadWriteOnce")
        .addToCapacity("storage", new Quantity("1Gi"))
        .withPersistentVolumeReclaimPolicy("Retain")
        .withStorageClassName("bench-unused")
        .withNewCsi()
        .withDriver("none.bench.csi-clone.io")
        .withVolumeHandle(name)
        .endCsi()
        .endSpec()
        .build();
  }

  void create(PersistentVolumeClaim claim) {
    var _ = client.resource(claim).create();
  }

  void create(PersistentVolume volume) {
    var _ = client.resource(volume).create();
  }

  void annotate(String claim, String value) {
    var _ =
        client
            .persistentVolumeClaims()
            .inNamespace(NAMESPACE)
            .withName(claim)
            .patch(
                PatchContext.of(PatchType.JSON_MERGE),
                "{\"metadata\":{\"annotations\":{\"bench\":\"%s\"}}}".formatted(value));
  }

  boolean isBound(String claim) {
    var found = client.persistentVolumeClaims().inNamespace(NAMESPACE).withName(claim).get();
    return found != null
        && found.getStatus() != null
        && "Bound".equals(found.getStatus().getPhase());
  }

  /** How many claims kube-controller-manager has handed to the driver. */
  long handedOver() {
    return client.persistentVolumeClaims().inNamespace(NAMESPACE).list().getItems().stream()
        .filter(claim -> claim.getMetadata().getAnnotations() != null)
        .filter(claim ->
            claim
                .getMetadata()
                .getAnnotations()
                .containsKey("volume.beta.kubernetes.io/storage-provisioner"))
        .count();
  }

  /** Asks for the end of all claims, and of the volumes that nobody else deletes. */
  void deleteClaims() {
    client.persistentVolumeClaims().inNamespace(NAMESPACE).delete();
    client.persistentVolumes().withLabel(LABEL, "bare").delete();
  }

  /** Whether nothing is left that {@link #deleteClaims} is about. */
  boolean isEmpty() {
    return client.persistentVolumeClaims().inNamespace(NAMESPACE).list().getItems().isEmpty()
        && client.persistentVolumes().list().getItems().stream()
            .noneMatch(volume ->
                volume.getSpec().getCsi() != null
                    && InstantVolumes.DRIVER.equals(volume.getSpec().getCsi().getDriver()));
  }
}
