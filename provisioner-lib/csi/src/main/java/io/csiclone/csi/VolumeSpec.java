package io.csiclone.csi;

import java.util.Map;

/**
 * A volume to be made.
 *
 * @param volumeId the volume handle, made by the library: {@code [a-z0-9-]}, at most 63 characters
 * @param capacityBytes the size in bytes, already rounded by the backend
 * @param accessType block device or mounted filesystem
 * @param fsType the filesystem asked for; empty when the driver chooses, and for block volumes
 * @param parameters the storage class's parameters
 */
public record VolumeSpec(
    String volumeId,
    long capacityBytes,
    AccessType accessType,
    String fsType,
    Map<String, String> parameters) {

  public VolumeSpec {
    parameters = Map.copyOf(parameters);
  }
}
