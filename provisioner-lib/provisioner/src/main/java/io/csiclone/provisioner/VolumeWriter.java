package io.csiclone.provisioner;

import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.csiproto.Volume;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import org.jspecify.annotations.Nullable;

/** Checks what the driver made and writes the volume object for it. */
final class VolumeWriter {

  private final KubernetesClient client;
  private final VolumeSettings settings;

  VolumeWriter(KubernetesClient client, VolumeSettings settings) {
    this.client = client;
    this.settings = settings;
  }

  /** What is wrong with the volume made for {@code request}; null when nothing is. */
  static @Nullable String fault(CreateVolumeRequest request, Volume volume) {
    long required = request.getCapacityRange().getRequiredBytes();
    if (volume.getVolumeId().isEmpty()) {
      return "the driver made a volume without an id";
    }
    if (volume.getCapacityBytes() != 0 && volume.getCapacityBytes() < required) {
      return "the driver made a volume of %d bytes where %d were asked for; it will be deleted"
          .formatted(volume.getCapacityBytes(), required);
    }
    if (request.hasVolumeContentSource()
        && !request.getVolumeContentSource().equals(volume.getContentSource())) {
      var source = request.getVolumeContentSource();
      return "the driver does not say that the volume was "
          + (source.hasSnapshot()
              ? "restored from " + source.getSnapshot().getSnapshotId()
              : "cloned from " + source.getVolume().getVolumeId())
          + "; it might be empty and will be deleted";
    }
    return null;
  }

  /** Writes the volume object; one that is there already for the same volume is as good. */
  void write(Making making, Volume volume) {
    Claim claim = making.claim;
    PersistentVolume wanted = PersistentVolumes.of(making, volume, settings);
    try {
      client.persistentVolumes().resource(wanted).create();
    } catch (KubernetesClientException e) {
      if (e.getCode() != 409) {
        throw e;
      }
      PersistentVolume found = live(claim);
      boolean same =
          found != null
              && PersistentVolumes.isFor(found, claim)
              && volume
                  .getVolumeId()
                  .equals(PersistentVolumes.handle(found, settings.driverName()));
      if (!same) {
        throw new ProvisioningException(
            "a volume object "
                + settings.volumeName(claim)
                + " exists that is not of this claim; delete it");
      }
    }
  }

  /** Whether the volume object of {@code claim} exists; asked live. */
  boolean exists(Claim claim) {
    PersistentVolume found = live(claim);
    return found != null && PersistentVolumes.isFor(found, claim);
  }

  private @Nullable PersistentVolume live(Claim claim) {
    return client.persistentVolumes().withName(settings.volumeName(claim)).get();
  }
}
