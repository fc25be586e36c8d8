package io.csiclone.provisioner;

import io.csiclone.rules.RuleCode;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import org.jspecify.annotations.Nullable;

/**
 * What a clone is made from.
 *
 * @param claim the source claim
 * @param volume the volume object it was bound to when the clone was begun
 */
record CloneSource(ClaimKey claim, PersistentVolume volume) {

  /** What the owner of a clone is told whose pod was scheduled to where the source is not. */
  static String outOfReach(PersistentVolume volume, @Nullable ClaimKey claim, String node) {
    return "%s: volume %s of source claim %s cannot be reached from the selected node %s; the pod has to run where that volume is"
        .formatted(RuleCode.TOPOLOGY_CONFLICT.id(), volume.getMetadata().getName(), claim, node);
  }

  String volumeName() {
    return volume.getMetadata().getName();
  }

  /** The source claim's uid, by what its volume says. */
  String claimUid() {
    var ref = volume.getSpec().getClaimRef();
    return ref == null || ref.getUid() == null ? "" : ref.getUid();
  }
}
