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
 * @param sourceGranted whether another namespace, if its source is there, is known to allow that
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
    @Nullable String selectedNode,
    boolean sourceGranted) {

  public ClaimFacts {
    accessModes = Set.copyOf(accessModes);
  }

  /** A claim to which no other namespace is known to have granted anything. */
  public ClaimFacts(
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
    this(
        namespace,
        name,
        dataSource,
        dataSourceRef,
        storageClassName,
        requestBytes,
        volumeMode,
        accessModes,
        volumeName,
        hasSelector,
        selectedNode,
        false);
  }

  /** The same, its source's namespace being known to allow the clone. */
  public ClaimFacts granted() {
    return new ClaimFacts(
        namespace,
        name,
        dataSource,
        dataSourceRef,
        storageClassName,
        requestBytes,
        volumeMode,
        accessModes,
        volumeName,
        hasSelector,
        selectedNode,
        true);
  }

  /** The namespace in which the source may be looked up; empty when it may not. */
  public Optional<String> sourceNamespace() {
    return cloneSource()
        .map(source -> named(source.namespace()).orElse(namespace))
        .filter(space -> sourceGranted || space.equals(namespace));
  }

  private static Optional<String> named(@Nullable String text) {
    return Optional.ofNullable(text).filter(given -> !given.isEmpty());
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
