package io.csiclone.provisioner;

import java.util.Map;
import java.util.TreeMap;

/**
 * What one CSIStorageCapacity object is about.
 *
 * @param storageClass the class's name
 * @param segment the labels of the nodes it is about; empty for all nodes
 */
record CapacitySlot(String storageClass, Map<String, String> segment) {

  CapacitySlot {
    segment = Map.copyOf(segment);
  }

  /** The same text for equal slots. */
  @Override
  public String toString() {
    return storageClass + " " + new TreeMap<>(segment);
  }
}
