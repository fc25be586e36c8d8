package io.csiclone.rules;

import org.jspecify.annotations.Nullable;

/**
 * All that the restrictions look at for one clone. What is null does not exist in the cluster, or
 * was not looked up because an earlier fact makes it meaningless (a source in another namespace is
 * never looked up).
 *
 * @param claim the clone
 * @param source the claim it names, or null
 * @param sourceVolume the source's volume, or null
 * @param targetClass the clone's storage class, or null
 * @param driver the driver behind the source's volume, or null when that volume is not a CSI volume
 * @param surroundings what else bears on the clone
 */
public record CloneFacts(
    ClaimFacts claim,
    @Nullable SourceFacts source,
    @Nullable VolumeFacts sourceVolume,
    @Nullable StorageClassFacts targetClass,
    @Nullable DriverFacts driver,
    Surroundings surroundings) {

  /** The facts without a look around. */
  public CloneFacts(
      ClaimFacts claim,
      @Nullable SourceFacts source,
      @Nullable VolumeFacts sourceVolume,
      @Nullable StorageClassFacts targetClass,
      @Nullable DriverFacts driver) {
    this(claim, source, sourceVolume, targetClass, driver, Surroundings.NONE);
  }

  /** These facts in other surroundings. */
  public CloneFacts in(Surroundings surroundings) {
    return new CloneFacts(claim, source, sourceVolume, targetClass, driver, surroundings);
  }
}
