package io.csiclone.rules;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The claim that is to be cloned.
 *
 * @param namespace its namespace
 * @param name its name
 * @param phase {@code Pending}, {@code Bound} or {@code Lost}; empty when not yet set
 * @param terminating whether a deletion timestamp is set
 * @param storageClassName the class in force, or null
 * @param requestBytes its storage request in bytes, rounded up
 * @param volumeName the bound volume, or null
 * @param accessModes the Kubernetes names
 */
public record SourceFacts(
    String namespace,
    String name,
    String phase,
    boolean terminating,
    @Nullable String storageClassName,
    long requestBytes,
    @Nullable String volumeName,
    Set<String> accessModes) {

  public SourceFacts {
    accessModes = Set.copyOf(accessModes);
  }

  /** How messages call this claim. */
  String label() {
    return "source claim " + namespace + "/" + name;
  }
}
