package io.csiclone.rules;

import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The clone: the claim that is to be created.
 *
 * @param namespace its namespace
 * @param name its name; may be empty when the server generates it
 * @param dataSource as written, or null
 * @param dataSourceRef as written, or null
 * @param storageClassName the class in force (the legacy beta annotation wins over the field); null
 *     when none is named, empty when dynamic provisioning is declined
 * @param requestBytes the storage request in bytes, rounded up; 0 when absent
 * @param volumeMode never null; unset means filesystem
 * @param accessModes the Kubernetes names, for instance {@code ReadWriteOnce}
 * @param volumeName the volume the user wants to bind to, or null
 * @param hasSelector whether {@code spec.selector} is set
 * @param selectedNode the node where its volume is to be made, or null when none is chosen yet
 */
public record ClaimFacts(
    String namespace,
    String name,
    @Nullable DataSource dataSource,
    @Nullable DataSource dataSourceRef,
    @Nullable String storageClassName,
    long requestBytes,
    VolumeMode volumeMode,
    Set<String> accessModes,
    @Nullable String volumeName,
    boolean hasSelector,
    @Nullable String selectedNode) {

  public ClaimFacts {
    accessModes = Set.copyOf(accessModes);
  }

  /**
   * The claim that this one is to be a clone of, empty when it is not a clone. When both fields
   * name a claim, {@code dataSource} counts, as it does for a provisioner.
   */
  public Optional<DataSource> cloneSource() {
    if (dataSource != null && dataSource.isClaim()) {
      return Optional.of(dataSource);
    }
    return Optional.ofNullable(dataSourceRef).filter(DataSource::isClaim);
  }

  /** The field that names {@link #cloneSource()}. */
  String sourceField() {
    return dataSource != null && dataSource.isClaim() ? "spec.dataSource" : "spec.dataSourceRef";
  }

  /** How messages call this claim. */
  String label() {
    return name.isEmpty()
        ? "the claim to be created in namespace " + namespace
        : "claim " + namespace + "/" + name;
  }
}
