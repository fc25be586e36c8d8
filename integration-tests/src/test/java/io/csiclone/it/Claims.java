package io.csiclone.it;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;

/** The claims that the tests create, as a user would write them. */
final class Claims {

  /** The class that the driver's chart brings. */
  static final String CLASS = "csi-cloning";

  private Claims() {}

  /** A claim of class {@link #CLASS} with 64 MiB, ReadWriteOnce. */
  static PersistentVolumeClaimBuilder claim(String name, String volumeMode) {
    return new PersistentVolumeClaimBuilder()
        .withNewMetadata()
        .withName(name)
        .endMetadata()
        .withNewSpec()
        .withAccessModes("ReadWriteOnce")
        .withVolumeMode(volumeMode)
        .withStorageClassName(CLASS)
        .withNewResources()
        .addToRequests("storage", new Quantity("64Mi"))
        .endResources()
        .endSpec();
  }

  /** A claim like {@link #claim} that clones {@code source}. */
  static PersistentVolumeClaimBuilder clone(String name, String source, String volumeMode) {
    return claim(name, volumeMode)
        .editSpec()
        .withNewDataSource()
        .withKind("PersistentVolumeClaim")
        .withName(source)
        .endDataSource()
        .endSpec();
  }

  /** The same claim with another size. */
  static PersistentVolumeClaim sized(PersistentVolumeClaimBuilder claim, String size) {
    return claim
        .editSpec()
        .editResources()
        .addToRequests("storage", new Quantity(size))
        .endResources()
        .endSpec()
        .build();
  }
}
