package io.csiclone.csi;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What a driver does on a node. Arguments are checked by the library: ids are well-formed, paths
 * absolute. Every method is idempotent. Failures are {@link BackendException}s.
 */
public interface NodeBackend {

  /**
   * Attaches the volume and, for a filesystem volume, formats it if it is blank, grows the
   * filesystem to the volume's size and mounts it at {@code stagingPath}.
   */
  void stage(String volumeId, Path stagingPath, Mounting mounting);

  /** Undoes {@link #stage}; nothing of the volume stays on the node. */
  void unstage(String volumeId, Path stagingPath);

  /** Makes the staged volume appear at {@code targetPath}, as a mount or as a device file. */
  void publish(String volumeId, Path stagingPath, Path targetPath, Mounting mounting);

  /** Undoes {@link #publish} and removes {@code targetPath}. */
  void unpublish(String volumeId, Path targetPath);

  /** The topology segments of this node, empty when volumes are reachable from everywhere. */
  Map<String, String> topology();

  /**
   * How the volume is to be mounted.
   *
   * @param accessType block or filesystem
   * @param fsType the filesystem; empty when the driver chooses
   * @param mountFlags options of the storage class, as given to mount(8)
   * @param readOnly whether pods may only read
   */
  record Mounting(AccessType accessType, String fsType, List<String> mountFlags, boolean readOnly) {

    public Mounting {
      mountFlags = List.copyOf(mountFlags);
    }
  }
}
