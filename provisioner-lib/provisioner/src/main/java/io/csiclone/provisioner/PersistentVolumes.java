package io.csiclone.provisioner;

import io.csiclone.csiproto.Volume;
import io.csiclone.provisioner.ClassParameters.SecretUse;
import io.fabric8.kubernetes.api.model.CSIPersistentVolumeSource;
import io.fabric8.kubernetes.api.model.CSIPersistentVolumeSourceBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.SecretReference;
import io.fabric8.kubernetes.api.model.VolumeNodeAffinity;
import io.fabric8.kubernetes.api.model.VolumeNodeAffinityBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** From a volume the driver made to the object that stands for it in the cluster. */
final class PersistentVolumes {

  private static final String[] BINARY_SUFFIXES = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};

  private PersistentVolumes() {}

  static PersistentVolume of(Making making, Volume volume, VolumeSettings settings) {
    Claim claim = making.claim;
    StorageClass storageClass = making.storageClass;
    long capacity =
        volume.getCapacityBytes() > 0
            ? volume.getCapacityBytes()
            : VolumeRequests.requestedBytes(claim);
    String reclaim = storageClass.getReclaimPolicy();
    var spec = claim.object().getSpec();
    return new PersistentVolumeBuilder()
        .withNewMetadata()
        .withName(making.volumeName())
        .withAnnotations(annotations(making, volume, settings.driverName()))
        .withFinalizers(Names.VOLUME_FINALIZER)
        .endMetadata()
        .withNewSpec()
        .addToCapacity("storage", new Quantity(quantity(capacity)))
        .withAccessModes(spec.getAccessModes())
        .withVolumeMode(claim.isBlock() ? "Block" : "Filesystem")
        .withMountOptions(storageClass.getMountOptions())
        .withPersistentVolumeReclaimPolicy(Claim.isNamed(reclaim) ? reclaim : "Delete")
        .withStorageClassName(claim.storageClassName())
        .withVolumeAttributesClassName(
            Claim.isNamed(spec.getVolumeAttributesClassName())
                ? spec.getVolumeAttributesClassName()
                : null)
        .withNewClaimRef()
        .withApiVersion("v1")
        .withKind("PersistentVolumeClaim")
        .withNamespace(claim.key().namespace())
        .withName(claim.key().name())
        .withUid(claim.uid())
        .endClaimRef()
        .withCsi(csi(making, volume, settings))
        .withNodeAffinity(affinity(volume))
        .endSpec()
        .build();
  }

  private static CSIPersistentVolumeSource csi(
      Making making, Volume volume, VolumeSettings settings) {
    var attributes = new TreeMap<>(volume.getVolumeContextMap());
    attributes.put(Names.PROVISIONER_IDENTITY, settings.identity());
    List<String> modes = making.claim.object().getSpec().getAccessModes();
    boolean readOnly = settings.publishReadOnly() && modes.equals(List.of("ReadOnlyMany"));
    return new CSIPersistentVolumeSourceBuilder()
        .withDriver(settings.driverName())
        .withVolumeHandle(volume.getVolumeId())
        .withFsType(making.claim.isBlock() ? null : making.parameters.fsType())
        .withReadOnly(readOnly ? true : null)
        .withVolumeAttributes(attributes)
        .withControllerPublishSecretRef(secret(making, SecretUse.CONTROLLER_PUBLISH))
        .withNodeStageSecretRef(secret(making, SecretUse.NODE_STAGE))
        .withNodePublishSecretRef(secret(making, SecretUse.NODE_PUBLISH))
        .withControllerExpandSecretRef(secret(making, SecretUse.CONTROLLER_EXPAND))
        .withNodeExpandSecretRef(secret(making, SecretUse.NODE_EXPAND))
        .build();
  }

  private static @Nullable SecretReference secret(Making making, SecretUse use) {
    SecretTemplate template = making.parameters.secrets().get(use);
    return template == null ? null : template.forClaim(making.claim, making.volumeName());
  }

  private static Map<String, String> annotations(Making making, Volume volume, String driverName) {
    var annotations = new TreeMap<String, String>();
    annotations.put(Names.PROVISIONED_BY, driverName);
    // Written even when there is none, so that deletion need not ask the class, which may be gone.
    SecretReference deletion = secret(making, SecretUse.PROVISIONER);
    annotations.put(Names.DELETION_SECRET_NAME, deletion == null ? "" : deletion.getName());
    annotations.put(
        Names.DELETION_SECRET_NAMESPACE, deletion == null ? "" : deletion.getNamespace());
    SecretReference modify = secret(making, SecretUse.CONTROLLER_MODIFY);
    if (modify != null) {
      annotations.put(Names.MODIFY_SECRET_NAME, modify.getName());
      annotations.put(Names.MODIFY_SECRET_NAMESPACE, modify.getNamespace());
    }
    SnapshotSource snapshot = making.snapshot;
    if (snapshot != null) {
      annotations.put(Names.RESTORED_FROM_SNAPSHOT, snapshot.snapshot());
      annotations.put(Names.RESTORED_FROM_CONTENT, snapshot.content());
    }
    CloneSource source = making.source;
    if (source != null) {
      if (making.claim.crossesNamespaces()) {
        annotations.put(Names.CLONE_OF_NAMESPACE, source.claim().namespace());
      }
      annotations.put(Names.CLONE_OF_CLAIM, source.claim().name());
      annotations.put(Names.CLONE_OF_CLAIM_UID, source.claimUid());
      annotations.put(Names.CLONE_OF_VOLUME, source.volumeName());
      annotations.put(Names.CLONED_AT, Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
      // What the driver says of the clone itself: how it was made, what was guaranteed.
      volume
          .getVolumeContextMap()
          .forEach((key, value) -> {
            if (key.startsWith(Names.PREFIX)) {
              annotations.putIfAbsent(key, value);
            }
          });
    }
    return annotations;
  }

  private static @Nullable VolumeNodeAffinity affinity(Volume volume) {
    var required = NodeTopology.affinity(volume.getAccessibleTopologyList());
    return required == null ? null : new VolumeNodeAffinityBuilder().withRequired(required).build();
  }

  /** Whether {@code volume} is in use by a claim and stays so. */
  static boolean settled(PersistentVolume volume) {
    return volume.getStatus() != null
        && "Bound".equals(volume.getStatus().getPhase())
        && volume.getMetadata().getDeletionTimestamp() == null;
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
