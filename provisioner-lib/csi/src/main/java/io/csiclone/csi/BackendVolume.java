package io.csiclone.csi;

/**
 * A volume that exists.
 *
 * @param volumeId the volume handle
 * @param capacityBytes its real size in bytes
 */
public record BackendVolume(String volumeId, long capacityBytes) {}
