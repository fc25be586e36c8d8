package io.csiclone.provisioner;

/** The annotations and finalizers read and written; docs/decisions/0010 says why these. */
final class Names {

  /** On a claim, by kube-controller-manager: the driver that has to make its volume. */
  static final String PROVISIONER = "volume.kubernetes.io/storage-provisioner";

  /** The same before Kubernetes 1.23. */
  static final String PROVISIONER_BETA = "volume.beta.kubernetes.io/storage-provisioner";

  /** On a claim: the storage class, before the field existed. It wins over the field. */
  static final String CLASS_BETA = "volume.beta.kubernetes.io/storage-class";

  /** On a claim: the node whose pod waits for it, or whose provisioner took it. */
  static final String SELECTED_NODE = "volume.kubernetes.io/selected-node";

  /** On a volume: the driver that made it and has to delete it. */
  static final String PROVISIONED_BY = "pv.kubernetes.io/provisioned-by";

  /** On a volume, until the driver has deleted what it stands for. */
  static final String VOLUME_FINALIZER = "external-provisioner.volume.kubernetes.io/finalizer";

  /** On a claim, from before its first CreateVolume until its volume object exists. */
  static final String MAKING = "csi-clone.io/provisioning";

  /** On a claim, while a clone of it is being made. */
  static final String CLONE_SOURCE = "csi-clone.io/clone-source-protection";

  /**
   * On a claim, while its volume is made: where that was asked for; a TopologyRequirement of CSI in
   * base64.
   */
  static final String PLACE = "csi-clone.io/accessibility-requirements";

  /** On a clone: the volume (object) whose data CreateVolume was asked for. Stays as lineage. */
  static final String CLONE_OF_VOLUME = "csi-clone.io/clone-of-volume";

  /**
   * On a source, while clones of it are made in other namespaces: their claims' uids. Who may write
   * claims there cannot write this, so it tells their records from forged ones.
   */
  static final String CLONED_BY = "csi-clone.io/cloned-by";

  /** On a claim: the VolumeSnapshotContent it is, or was, restored from. Stays as lineage. */
  static final String RESTORED_FROM_CONTENT = "csi-clone.io/restored-from-content";

  /** On a restored volume: the name of the VolumeSnapshot. */
  static final String RESTORED_FROM_SNAPSHOT = "csi-clone.io/restored-from-snapshot";

  /** On a claim, while its volume is being copied: how far that is, such as {@code 43%}. */
  static final String PROGRESS = "csi-clone.io/progress";

  /** On a clone's volume: the name of the claim it was cloned from. */
  static final String CLONE_OF_CLAIM = "csi-clone.io/clone-of-claim";

  /** On a clone's volume: that claim's namespace, if it is another than the clone's. */
  static final String CLONE_OF_NAMESPACE = "csi-clone.io/clone-of-namespace";

  /** On a clone's volume: the uid of that claim. */
  static final String CLONE_OF_CLAIM_UID = "csi-clone.io/clone-of-claim-uid";

  /** On a clone's volume: when its making ended, ISO 8601 in UTC. */
  static final String CLONED_AT = "csi-clone.io/cloned-at";

  /** The prefix of our own names, among them those a driver gives its volumes as context. */
  static final String PREFIX = "csi-clone.io/";

  /** Among a volume's attributes: the provisioner that had it made. */
  static final String PROVISIONER_IDENTITY = "storage.kubernetes.io/csiProvisionerIdentity";

  /** On a volume: the secret that DeleteVolume gets; empty for none. */
  static final String DELETION_SECRET_NAME =
      "volume.kubernetes.io/provisioner-deletion-secret-name";

  /** On a volume: that secret's namespace. */
  static final String DELETION_SECRET_NAMESPACE =
      "volume.kubernetes.io/provisioner-deletion-secret-namespace";

  /** On a volume: the secret that ControllerModifyVolume gets. */
  static final String MODIFY_SECRET_NAME = "volume.kubernetes.io/controller-modify-secret-name";

  /** On a volume: that secret's namespace. */
  static final String MODIFY_SECRET_NAMESPACE =
      "volume.kubernetes.io/controller-modify-secret-namespace";

  /** The prefix of storage class parameters that are meant for the provisioner. */
  static final String RESERVED_PARAMETER_PREFIX = "csi.storage.k8s.io/";

  private Names() {}
}
