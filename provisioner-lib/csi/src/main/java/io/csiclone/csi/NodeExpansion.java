package io.csiclone.csi;

import java.nio.file.Path;
import java.util.List;

/**
 * A {@link NodeBackend} that can let pods see a volume's new size while they use it implements this
 * too. The library then announces EXPAND_VOLUME for the node.
 */
public interface NodeExpansion {

  /**
   * Brings device and filesystem to the size the volume has. Idempotent.
   *
   * @param volumePath where the volume is staged or published
   * @param mountFlags options of the storage class, for a filesystem that has to be mounted anew
   * @throws BackendException with {@link BackendException.Reason#NOT_FOUND} when it is not there
   */
  void expand(String volumeId, Path volumePath, List<String> mountFlags);
}
