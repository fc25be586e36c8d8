package io.csiclone.provisioner;

import io.fabric8.kubernetes.api.model.PersistentVolume;

/**
 * What a clone is made from.
 *
 * @param claim the source claim
 * @param volume the volume object it was bound to when the clone was begun
 */
record CloneSource(ClaimKey claim, PersistentVolume volume) {

  String volumeName() {
    return volume.getMetadata().getName();
  }

  /** The source claim's uid, by what its volume says. */
  String claimUid() {
    var ref = volume.getSpec().getClaimRef();
    return ref == null || ref.getUid() == null ? "" : ref.getUid();
  }
}
