package io.csiclone.rules;

import java.util.Arrays;
import java.util.Optional;

/** How alike the storage classes of source and clone have to be. */
public enum ClassPolicy {
  /** The clone uses the very class of its source, as OpenShift 4.4 documents it. */
  SAME_CLASS("same-class"),
  /** The clone's class may be another one of the same CSI driver, as newer clusters allow. */
  SAME_DRIVER("same-driver");

  private final String id;

  ClassPolicy(String id) {
    this.id = id;
  }

  static Optional<ClassPolicy> named(String id) {
    return Arrays.stream(values()).filter(policy -> policy.id.equals(id)).findFirst();
  }
}
