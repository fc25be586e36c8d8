package io.csiclone.rules;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An existing volume that is bound to nothing, so that a claim may be bound to it.
 *
 * @param name its name
 * @param storageClassName its class, or null
 * @param capacityBytes its capacity in bytes
 * @param volumeMode never null; unset means filesystem
 * @param accessModes the Kubernetes names
 * @param reservedFor the claim that it is kept for, as {@code namespace/name}, or null
 */
public record FreeVolumeFacts(
    String name,
    @Nullable String storageClassName,
    long capacityBytes,
    VolumeMode volumeMode,
    Set<String> accessModes,
    @Nullable String reservedFor) {

  public FreeVolumeFacts {
    accessModes = Set.copyOf(accessModes);
  }

  /**
   * Whether Kubernetes would rather bind {@code claim} to this volume than have one made, wherever
   * the volume can be reached. It does not look at the data source.
   */
  public boolean fits(ClaimFacts claim) {
    if (capacityBytes < claim.requestBytes()
        || volumeMode != claim.volumeMode()
        || !accessModes.containsAll(claim.accessModes())) {
      return false;
    }
    // A reservation counts whatever the class.
    return reservedFor == null
        ? text(storageClassName).equals(text(claim.storageClassName()))
        : !claim.name().isEmpty() && reservedFor.equals(claim.namespace() + "/" + claim.name());
  }

  private static String text(@Nullable String className) {
    return className == null ? "" : className;
  }
}
