package io.csiclone.provisioner;

import io.csiclone.csiproto.TopologyRequirement;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import org.jspecify.annotations.Nullable;

/** Decides where a volume has to be reachable from. */
@FunctionalInterface
interface Placement {

  /** Where a claim's volume may be made. */
  sealed interface Place {
    /** Where this says; anywhere if it is null. */
    record Here(@Nullable TopologyRequirement requirement) implements Place {}

    /** Nowhere as long as the pod is to run on the selected node. */
    record Elsewhere(String why) implements Place {}
  }

  /** For drivers whose volumes are reachable from everywhere. */
  Placement ANYWHERE = (claim, storageClass, source) -> new Place.Here(null);

  /**
   * The place for {@code claim}.
   *
   * @param source what it clones, or null
   * @throws ProvisioningException when that cannot be told for now
   */
  Place of(Claim claim, StorageClass storageClass, @Nullable CloneSource source);
}
