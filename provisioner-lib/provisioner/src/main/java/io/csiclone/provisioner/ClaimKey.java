package io.csiclone.provisioner;

/** Which claim. */
record ClaimKey(String namespace, String name) {

  /** The form in which the informer cache and the messages name it. */
  @Override
  public String toString() {
    return namespace + "/" + name;
  }
}
