package io.csiclone.rules;

import org.jspecify.annotations.Nullable;

/**
 * The persistent volume behind the source.
 *
 * @param name its name
 * @param plugin the field that names its kind of volume: {@code csi}, {@code flexVolume}, {@code
 *     hostPath}, {@code awsElasticBlockStore}…
 * @param csiDriver the CSI driver, null unless {@code plugin} is {@code csi}
 * @param capacityBytes its real capacity in bytes
 * @param volumeMode never null; unset means filesystem
 * @param fsType the filesystem written on it, or null when unknown
 * @param phase {@code Bound}, {@code Available}, {@code Released}…
 * @param boundToSource whether its claim reference is the source, by namespace, name and uid
 * @param nodeAffinity from which nodes it can be reached; null for all of them
 */
public record VolumeFacts(
    String name,
    String plugin,
    @Nullable String csiDriver,
    long capacityBytes,
    VolumeMode volumeMode,
    @Nullable String fsType,
    String phase,
    boolean boundToSource,
    @Nullable NodeAffinity nodeAffinity) {}
