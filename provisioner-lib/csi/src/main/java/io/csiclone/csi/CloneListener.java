package io.csiclone.csi;

/**
 * Told what becomes of clones, restored volumes and snapshots, out of band: a CSI call has no room
 * for it. Called from the threads that do the work, for one volume in order, for several at once;
 * must return quickly. What it throws is logged and changes nothing.
 */
@FunctionalInterface
public interface CloneListener {

  /** Something has happened. */
  void told(CloneEvent event);

  /** Hears and does nothing. */
  static CloneListener none() {
    return event -> {};
  }
}
