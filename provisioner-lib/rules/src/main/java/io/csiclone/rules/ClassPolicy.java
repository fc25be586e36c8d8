package io.csiclone.rules;

/** How alike the storage classes of source and clone have to be. */
public enum ClassPolicy {
  /** The clone uses the very class of its source, as OpenShift 4.4 documents it. */
  SAME_CLASS,
  /** The clone's class may be another one of the same CSI driver, as newer clusters allow. */
  SAME_DRIVER
}
