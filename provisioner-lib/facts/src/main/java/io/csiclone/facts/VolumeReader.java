package io.csiclone.facts;

import io.csiclone.rules.DriverFacts;
import io.csiclone.rules.DriverFacts.CloneSupport;
import io.csiclone.rules.StorageClassFacts;
import io.csiclone.rules.VolumeFacts;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeSpec;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads volumes, storage classes and drivers. */
final class VolumeReader {

  private VolumeReader() {}

  /** The facts of the volume that {@code source} names. */
  static VolumeFacts volume(PersistentVolume volume, Source source) {
    var spec = volume.getSpec() == null ? new PersistentVolumeSpec() : volume.getSpec();
    var csi = spec.getCsi();
    return new VolumeFacts(
        ClaimReader.text(volume.getMetadata().getName()),
        VolumePlugins.of(spec),
        csi == null ? null : csi.getDriver(),
        ClaimReader.storageBytes(spec.getCapacity()),
        ClaimReader.mode(spec.getVolumeMode()),
        csi == null ? null : csi.getFsType(),
        volume.getStatus() == null ? "" : ClaimReader.text(volume.getStatus().getPhase()),
        source.isMeantBy(spec.getClaimRef()),
        TopologyReader.affinity(volume));
  }

  static StorageClassFacts storageClass(StorageClass storageClass) {
    return new StorageClassFacts(
        ClaimReader.text(storageClass.getMetadata().getName()),
        ClaimReader.text(storageClass.getProvisioner()),
        fsType(storageClass.getParameters()),
        TopologyReader.allowed(storageClass));
  }

  static DriverFacts driver(String name, @Nullable CSIDriver driver) {
    return new DriverFacts(
        name,
        driver != null,
        driver == null ? CloneSupport.UNKNOWN : support(driver.getMetadata()));
  }

  private static CloneSupport support(ObjectMeta metadata) {
    var annotations = metadata.getAnnotations();
    var says = annotations == null ? null : annotations.get(DriverFacts.CLONE_ANNOTATION);
    return switch (says) {
      case "true" -> CloneSupport.YES;
      case "false" -> CloneSupport.NO;
      case null, default -> CloneSupport.UNKNOWN;
    };
  }

  /** As external-provisioner reads it: the reserved key, or the older bare one in any case. */
  private static @Nullable String fsType(@Nullable Map<String, String> parameters) {
    if (parameters == null) {
      return null;
    }
    for (var parameter : parameters.entrySet()) {
      var key = parameter.getKey();
      boolean named =
          key.equalsIgnoreCase("csi.storage.k8s.io/fstype") || key.equalsIgnoreCase("fstype");
      if (named && !ClaimReader.text(parameter.getValue()).isEmpty()) {
        return parameter.getValue();
      }
    }
    return null;
  }
}
