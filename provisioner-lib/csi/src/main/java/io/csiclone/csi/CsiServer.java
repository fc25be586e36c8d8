package io.csiclone.csi;

import java.nio.file.Path;

/**
 * A CSI driver on a unix socket: Identity, Controller and, with a node backend, Node. Closing it
 * lets running calls end, stops copies (the next start takes them up again), and removes the
 * socket. The backends and the copy engine stay open; they belong to whoever made them.
 */
public interface CsiServer extends AutoCloseable {

  /** Begins a server. */
  static CsiServerBuilder builder() {
    return new CsiServerBuilder();
  }

  /**
   * The id of the volume that a CreateVolume of that name makes, now or later; what {@link
   * CloneEvent} calls it.
   *
   * @param volumeName as in CreateVolume
   */
  static String volumeId(String volumeName) {
    return VolumeIds.forName(volumeName);
  }

  /** The socket, an absolute path; its mode is 0600. */
  Path socket();

  /** Compares storage and records now, as it happens at the start and every so often. */
  SweepReport sweep();

  @Override
  void close();
}
