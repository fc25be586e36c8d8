package io.csiclone.csi;

/**
 * A {@link VolumeBackend} that can make volumes larger implements this too. The library then
 * announces EXPAND_VOLUME and decides the size; a clone larger than its source does not need it.
 */
public interface VolumeExpansion {

  /**
   * Makes the volume at least that large, the new bytes reading as zeros, durable when it returns.
   * Idempotent: one that has the size already is answered as it is. The volume may be in use.
   *
   * @param capacityBytes the size in bytes, already rounded by the backend and never smaller than
   *     the volume's
   * @return the volume with its real size
   * @throws BackendException with {@link BackendException.Reason#OUT_OF_SPACE} when it does not fit
   */
  BackendVolume expand(String volumeId, long capacityBytes);
}
