package io.csiclone.facts;

import io.csiclone.rules.NodeAffinity;
import io.csiclone.rules.VolumeFacts;
import io.fabric8.kubernetes.api.model.CSIPersistentVolumeSource;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeSpec;
import io.fabric8.kubernetes.api.model.PersistentVolumeStatus;
import io.fabric8.kubernetes.api.model.VolumeNodeAffinity;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a volume's cache holds, about an eighth of the volume. Names of fields are the API's.
 *
 * @param plugin as {@link VolumePlugins} has it
 * @param driver null unless it is a CSI volume
 */
record PackedVolume(
    PackedMetadata metadata,
    String plugin,
    @Nullable String driver,
    @Nullable String fsType,
    @Nullable Size capacity,
    @Nullable String volumeMode,
    List<String> accessModes,
    @Nullable String storageClassName,
    @Nullable Place place,
    @Nullable PackedReference claimRef,
    @Nullable String phase) {

  /** To whom the volume belongs or is promised. */
  record PackedReference(@Nullable String namespace, @Nullable String name, @Nullable Object uid) {}

  /** From which nodes the volume can be reached, as it was written and as it is read. */
  record Place(VolumeNodeAffinity nodeAffinity, @Nullable NodeAffinity facts) {}

  /** The same as is read of the whole volume, without making one. */
  VolumeFacts facts(String name, Source source) {
    return new VolumeFacts(
        name,
        plugin,
        driver,
        Size.bytes(capacity),
        ClaimReader.mode(volumeMode),
        fsType,
        ClaimReader.text(phase),
        claimRef != null && source.isMeantBy(claimRef.namespace, claimRef.name, claimRef.uid),
        place == null ? null : place.facts);
  }

  /** Packs volumes. */
  static final class Of implements Packing<PersistentVolume, PackedVolume> {

    private final Repeated repeated = new Repeated();

    @Override
    public PackedVolume pack(PersistentVolume volume) {
      var spec = volume.getSpec() == null ? new PersistentVolumeSpec() : volume.getSpec();
      var csi = spec.getCsi();
      var ref = spec.getClaimRef();
      return new PackedVolume(
          PackedMetadata.of(volume.getMetadata(), repeated),
          VolumePlugins.of(spec),
          csi == null ? null : repeated.one(csi.getDriver()),
          csi == null ? null : repeated.one(csi.getFsType()),
          repeated.storage(spec.getCapacity()),
          repeated.one(spec.getVolumeMode()),
          repeated.list(spec.getAccessModes()),
          repeated.one(spec.getStorageClassName()),
          place(volume, spec),
          ref == null
              ? null
              : new PackedReference(
                  repeated.one(ref.getNamespace()), ref.getName(), PackedText.uid(ref.getUid())),
          volume.getStatus() == null ? null : repeated.one(volume.getStatus().getPhase()));
    }

    private @Nullable Place place(PersistentVolume volume, PersistentVolumeSpec spec) {
      var affinity = spec.getNodeAffinity();
      return affinity == null
          ? null
          : repeated.one(new Place(affinity, TopologyReader.affinity(volume)));
    }

    @Override
    public PersistentVolume unpack(String key, PackedVolume packed) {
      var spec = VolumePlugins.bare(packed.plugin);
      if (packed.driver != null) {
        var csi = new CSIPersistentVolumeSource();
        csi.setDriver(packed.driver);
        csi.setFsType(packed.fsType);
        spec.setCsi(csi);
      }
      if (packed.capacity != null) {
        spec.setCapacity(Size.resources(packed.capacity));
      }
      spec.setVolumeMode(packed.volumeMode);
      spec.setAccessModes(packed.accessModes);
      spec.setStorageClassName(packed.storageClassName);
      spec.setNodeAffinity(packed.place == null ? null : packed.place.nodeAffinity);
      if (packed.claimRef != null) {
        var ref = new ObjectReference();
        ref.setNamespace(packed.claimRef.namespace);
        ref.setName(packed.claimRef.name);
        ref.setUid(PackedText.unpack(packed.claimRef.uid));
        spec.setClaimRef(ref);
      }
      var status = new PersistentVolumeStatus();
      status.setPhase(packed.phase);
      var volume = new PersistentVolume();
      volume.setMetadata(packed.metadata.of(key));
      volume.setSpec(spec);
      volume.setStatus(status);
      return volume;
    }

    @Override
    public PersistentVolume named(String key) {
      var volume = new PersistentVolume();
      volume.setMetadata(PackedMetadata.named(key));
      return volume;
    }
  }
}
