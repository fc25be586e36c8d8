package io.csiclone.facts;

import io.csiclone.rules.SourceFacts;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimSpec;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimStatus;
import io.fabric8.kubernetes.api.model.VolumeResourceRequirements;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a claim's cache holds, about an eighth of the claim. Names of fields are the API's. */
record PackedClaim(
    PackedMetadata metadata,
    @Nullable String storageClassName,
    @Nullable String volumeName,
    @Nullable String volumeMode,
    List<String> accessModes,
    @Nullable Size request,
    @Nullable Size capacity,
    @Nullable String phase) {

  /** The same as is read of the whole claim, without making one. */
  Source source(String namespace, String name) {
    return new Source(
        new SourceFacts(
            namespace,
            name,
            ClaimReader.text(phase),
            metadata.deletionTimestamp() != null,
            ClaimReader.classInForce(metadata.annotations(), storageClassName),
            Size.bytes(request),
            volumeName,
            ClaimReader.modes(accessModes)),
        metadata.uid());
  }

  /** Packs claims. */
  static final class Of implements Packing<PersistentVolumeClaim, PackedClaim> {

    private final Repeated repeated = new Repeated();

    @Override
    public PackedClaim pack(PersistentVolumeClaim claim) {
      var spec = claim.getSpec() == null ? new PersistentVolumeClaimSpec() : claim.getSpec();
      var status =
          claim.getStatus() == null ? new PersistentVolumeClaimStatus() : claim.getStatus();
      var resources = spec.getResources();
      return new PackedClaim(
          PackedMetadata.of(claim.getMetadata(), repeated),
          repeated.one(spec.getStorageClassName()),
          spec.getVolumeName(),
          repeated.one(spec.getVolumeMode()),
          repeated.list(spec.getAccessModes()),
          resources == null ? null : repeated.storage(resources.getRequests()),
          repeated.storage(status.getCapacity()),
          repeated.one(status.getPhase()));
    }

    @Override
    public PersistentVolumeClaim unpack(String key, PackedClaim packed) {
      var spec = new PersistentVolumeClaimSpec();
      spec.setStorageClassName(packed.storageClassName);
      spec.setVolumeName(packed.volumeName);
      spec.setVolumeMode(packed.volumeMode);
      spec.setAccessModes(packed.accessModes);
      if (packed.request != null) {
        var resources = new VolumeResourceRequirements();
        resources.setRequests(Size.resources(packed.request));
        spec.setResources(resources);
      }
      var status = new PersistentVolumeClaimStatus();
      status.setPhase(packed.phase);
      if (packed.capacity != null) {
        status.setCapacity(Size.resources(packed.capacity));
      }
      var claim = new PersistentVolumeClaim();
      claim.setMetadata(packed.metadata.of(key));
      claim.setSpec(spec);
      claim.setStatus(status);
      return claim;
    }

    @Override
    public PersistentVolumeClaim named(String key) {
      var claim = new PersistentVolumeClaim();
      claim.setMetadata(PackedMetadata.named(key));
      return claim;
    }
  }
}
