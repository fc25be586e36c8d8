package io.csiclone.csi;

import io.csiclone.csi.StorageInventory.Trace;
import java.util.List;

/**
 * What a comparison of storage and records has found.
 *
 * @param unexplained what no record explains. It may be somebody's data and is left alone: delete
 *     it by hand, or put its record back
 * @param missing volumes and snapshots on record that the storage does not have any more
 * @param removed volumes and snapshots whose record said that they are to go, and that are gone now
 * @param doomed volumes and snapshots whose record says that they are to go, and that are not gone:
 *     nothing was to be removed, or it could not be
 */
public record SweepReport(
    List<Trace> unexplained, List<String> missing, List<String> removed, List<String> doomed) {

  public SweepReport {
    unexplained = List.copyOf(unexplained);
    missing = List.copyOf(missing);
    removed = List.copyOf(removed);
    doomed = List.copyOf(doomed);
  }

  /** Whether storage and records agree. */
  public boolean clean() {
    return unexplained.isEmpty() && missing.isEmpty() && doomed.isEmpty();
  }
}
