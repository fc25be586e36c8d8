package io.csiclone.provisioner;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.CSIDriverBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;

/** Objects as users and administrators write them. */
final class Manifests {

  static final String NAMESPACE = "team-a";
  static final String CLASS = "csi-cloning";

  private Manifests() {}

  static CSIDriver csiDriver() {
    return new CSIDriverBuilder()
        .withNewMetadata()
        .withName(ScriptedDriver.NAME)
        .endMetadata()
        .build();
  }

  static StorageClassBuilder storageClass(String name, String bindingMode) {
    return new StorageClassBuilder()
        .withNewMetadata()
        .withName(name)
        .endMetadata()
        .withProvisioner(ScriptedDriver.NAME)
        .withReclaimPolicy("Delete")
        .withVolumeBindingMode(bindingMode);
  }

  static PersistentVolumeClaimBuilder claim(String name) {
    return new PersistentVolumeClaimBuilder()
        .withNewMetadata()
        .withNamespace(NAMESPACE)
        .withName(name)
        .endMetadata()
        .withNewSpec()
        .withStorageClassName(CLASS)
        .withAccessModes("ReadWriteOnce")
        .withNewResources()
        .addToRequests("storage", new Quantity("1Gi"))
        .endResources()
        .endSpec();
  }

  /** The claim of {@code clone}, with {@code source} as what it is cloned from. */
  static PersistentVolumeClaimBuilder from(String source, PersistentVolumeClaimBuilder clone) {
    return clone
        .editSpec()
        .withNewDataSource()
        .withKind("PersistentVolumeClaim")
        .withName(source)
        .endDataSource()
        .endSpec();
  }
}
