package io.csiclone.csi;

import java.util.HashMap;
import java.util.Map;

/**
 * A volume that exists.
 *
 * @param volumeId the volume handle
 * @param capacityBytes its real size in bytes
 * @param context what callers are to know of it for good, CSI's {@code volume_context}. Of the one
 *     that {@link VolumeBackend#create} or {@link VolumeBackend#cloneNatively} answers it is
 *     recorded and told from then on; of all others it is not looked at
 */
public record BackendVolume(String volumeId, long capacityBytes, Map<String, String> context) {

  public BackendVolume {
    context = Map.copyOf(context);
  }

  /** A volume of which there is nothing to be told. */
  public BackendVolume(String volumeId, long capacityBytes) {
    this(volumeId, capacityBytes, Map.of());
  }

  /** The same volume with {@code more} in its context, which wins over what was there. */
  BackendVolume told(Map<String, String> more) {
    Map<String, String> all = new HashMap<>(context);
    all.putAll(more);
    return new BackendVolume(volumeId, capacityBytes, all);
  }
}
