package io.csiclone.csi;

import java.nio.file.Path;
import java.util.Set;

/**
 * A {@link NodeBackend} that knows where its volumes are published implements this too. The library
 * then announces SINGLE_NODE_MULTI_WRITER and keeps the promise of SINGLE_NODE_SINGLE_WRITER, the
 * mode behind ReadWriteOncePod: one target path at a time.
 */
public interface NodePublications {

  /**
   * The target paths at which the volume is published on this node, also after a restart. Paths to
   * which others have passed a publication on may be among them.
   *
   * @param stagingPath where it is staged, which is no publication
   */
  Set<Path> publishedAt(String volumeId, Path stagingPath);
}
