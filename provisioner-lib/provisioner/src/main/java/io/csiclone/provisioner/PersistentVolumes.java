package io.csiclone.provisioner;

import io.csiclone.csiproto.Volume;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** From a volume the driver made to the object that stands for it in the cluster. */
final class PersistentVolumes {

  private static final String[] BINARY_SUFFIXES = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};

  private PersistentVolumes() {}

  static PersistentVolume of(
      Claim claim, StorageClass storageClass, Volume volume, String driverName) {
    long capacity =
        volume.getCapacityBytes() > 0
            ? volume.getCapacityBytes()
            : VolumeRequests.requestedBytes(claim);
    String reclaim = storageClass.getReclaimPolicy();
    var spec = claim.object().getSpec();
    var result =
        new PersistentVolumeBuilder()
            .withNewMetadata()
            .withName(claim.volumeObjectName())
            .addToAnnotations(Names.PROVISIONED_BY, driverName)
            .withFinalizers(Names.VOLUME_FINALIZER)
            .endMetadata()
            .withNewSpec()
            .addToCapacity("storage", new Quantity(quantity(capacity)))
            .withAccessModes(spec.getAccessModes())
            .withVolumeMode(claim.isBlock() ? "Block" : "Filesystem")
            .withMountOptions(storageClass.getMountOptions())
            .withPersistentVolumeReclaimPolicy(Claim.isNamed(reclaim) ? reclaim : "Delete")
            .withStorageClassName(claim.storageClassName())
            .withNewClaimRef()
            .withApiVersion("v1")
            .withKind("PersistentVolumeClaim")
            .withNamespace(claim.key().namespace())
            .withName(claim.key().name())
            .withUid(claim.uid())
            .endClaimRef()
            .withNewCsi()
            .withDriver(driverName)
            .withVolumeHandle(volume.getVolumeId())
            .withFsType(claim.isBlock() ? null : VolumeRequests.fsType(storageClass))
            .withVolumeAttributes(
                volume.getVolumeContextCount() == 0 ? null : volume.getVolumeContextMap())
            .endCsi()
            .endSpec()
            .build();
    var affinity = NodeTopology.affinity(volume.getAccessibleTopologyList());
    if (affinity != null) {
      result =
          new PersistentVolumeBuilder(result)
              .editSpec()
              .withNewNodeAffinity()
              .withRequired(affinity)
              .endNodeAffinity()
              .endSpec()
              .build();
    }
    return result;
  }

  /** Whether {@code volume} is the one that was made for {@code claim}. */
  static boolean isFor(PersistentVolume volume, Claim claim) {
    var ref = volume.getSpec().getClaimRef();
    return ref != null && Objects.equals(ref.getUid(), claim.uid());
  }

  /** Whether the claim {@code volume} is or was bound to is the one of this name. */
  static boolean isOfClaim(PersistentVolume volume, ClaimKey claim) {
    var ref = volume.getSpec().getClaimRef();
    return ref != null
        && claim.namespace().equals(ref.getNamespace())
        && claim.name().equals(ref.getName());
  }

  /** The volume's name at {@code driverName}; null when it is not one of that driver's. */
  static @Nullable String handle(PersistentVolume volume, String driverName) {
    var csi = volume.getSpec().getCsi();
    return csi != null && driverName.equals(csi.getDriver()) ? csi.getVolumeHandle() : null;
  }

  /** Bytes with the largest binary suffix that divides them, as Kubernetes writes them. */
  static String quantity(long bytes) {
    long amount = bytes;
    int suffix = 0;
    while (amount != 0 && amount % 1024 == 0 && suffix < BINARY_SUFFIXES.length - 1) {
      amount /= 1024;
      suffix++;
    }
    return amount + BINARY_SUFFIXES[suffix];
  }
}
