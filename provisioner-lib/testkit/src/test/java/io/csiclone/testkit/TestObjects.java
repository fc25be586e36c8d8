package io.csiclone.testkit;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The objects the tests begin with. */
final class TestObjects {

  private TestObjects() {}

  static PersistentVolumeClaim claim(String name, @Nullable String className) {
    return new PersistentVolumeClaimBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace("default")
        .endMetadata()
        .withNewSpec()
        .withAccessModes("ReadWriteOnce")
        .withStorageClassName(className)
        .withNewResources()
        .addToRequests("storage", new Quantity("1Gi"))
        .endResources()
        .endSpec()
        .build();
  }

  static StorageClass storageClass(String name, boolean isDefault, String bindingMode) {
    return new StorageClassBuilder()
        .withNewMetadata()
        .withName(name)
        .withAnnotations(
            Map.of("storageclass.kubernetes.io/is-default-class", Boolean.toString(isDefault)))
        .endMetadata()
        .withProvisioner(name + ".example.org")
        .withVolumeBindingMode(bindingMode)
        .build();
  }

  static PersistentVolume volumeFor(PersistentVolumeClaim claim) {
    return new PersistentVolumeBuilder()
        .withNewMetadata()
        .withName("pvc-" + claim.getMetadata().getUid())
        .endMetadata()
        .withNewSpec()
        .withAccessModes("ReadWriteOnce")
        .addToCapacity("storage", new Quantity("2Gi"))
        .withStorageClassName(claim.getSpec().getStorageClassName())
        .withNewClaimRef()
        .withNamespace(claim.getMetadata().getNamespace())
        .withName(claim.getMetadata().getName())
        .withUid(claim.getMetadata().getUid())
        .endClaimRef()
        .withNewCsi()
        .withDriver("fast.example.org")
        .withVolumeHandle("vol-1")
        .endCsi()
        .endSpec()
        .build();
  }
}
