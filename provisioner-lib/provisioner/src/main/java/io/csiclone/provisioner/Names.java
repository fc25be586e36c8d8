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

  /** On a clone: the volume (object) whose data CreateVolume was asked for. Stays as lineage. */
  static final String CLONE_OF_VOLUME = "csi-clone.io/clone-of-volume";

  /** The prefix of storage class parameters that are meant for the provisioner. */
  static final String RESERVED_PARAMETER_PREFIX = "csi.storage.k8s.io/";

  private Names() {}
}
