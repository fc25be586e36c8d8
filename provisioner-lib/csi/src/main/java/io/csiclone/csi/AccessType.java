package io.csiclone.csi;

/** How a volume is handed to pods: CSI's access type. */
public enum AccessType {
  MOUNT,
  BLOCK
}
