package io.csiclone.rules;

/** How a volume is handed to pods. An unset volume mode means {@link #FILESYSTEM}. */
public enum VolumeMode {
  FILESYSTEM("Filesystem"),
  BLOCK("Block");

  private final String id;

  VolumeMode(String id) {
    this.id = id;
  }

  /** The Kubernetes name of the mode. */
  public String id() {
    return id;
  }
}
