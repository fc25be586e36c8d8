package io.csiclone.provisioner;

import org.jspecify.annotations.Nullable;

/**
 * How volumes are named, asked for and described.
 *
 * @param driverName the driver's name
 * @param namePrefix of volumes; a dash and the claim's uid follow
 * @param defaultFsType for classes that name none; null leaves it to the driver
 * @param extraCreateMetadata whether the driver is told the names of claim and volume object
 * @param publishReadOnly whether a claim that is only to be read gets a read-only volume
 * @param identity of this provisioner, kept among the volume's attributes
 */
record VolumeSettings(
    String driverName,
    String namePrefix,
    @Nullable String defaultFsType,
    boolean extraCreateMetadata,
    boolean publishReadOnly,
    String identity) {

  /** The name of a claim's volume, at the driver and in the cluster. */
  String volumeName(Claim claim) {
    return namePrefix + "-" + claim.uid();
  }
}
