package io.csiclone.provisioner;

import io.csiclone.rules.DataSource;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A claim as the provisioner reads it. */
record Claim(PersistentVolumeClaim object) {

  static boolean isNamed(@Nullable String value) {
    return value != null && !value.isEmpty();
  }

  ClaimKey key() {
    return new ClaimKey(object.getMetadata().getNamespace(), object.getMetadata().getName());
  }

  String uid() {
    return object.getMetadata().getUid();
  }

  @Nullable String annotation(String name) {
    Map<String, String> annotations = object.getMetadata().getAnnotations();
    return annotations == null ? null : annotations.get(name);
  }

  boolean isFor(String driverName) {
    String provisioner = annotation(Names.PROVISIONER);
    return driverName.equals(
        provisioner == null ? annotation(Names.PROVISIONER_BETA) : provisioner);
  }

  /** The storage class in force; null or empty when there is none. */
  @Nullable String storageClassName() {
    String beta = annotation(Names.CLASS_BETA);
    return beta == null ? object.getSpec().getStorageClassName() : beta;
  }

  @Nullable String selectedNode() {
    String node = annotation(Names.SELECTED_NODE);
    return node == null || node.isEmpty() ? null : node;
  }

  boolean terminating() {
    return object.getMetadata().getDeletionTimestamp() != null;
  }

  /** Whether it is bound, or about to be, to whatever volume. */
  boolean hasVolume() {
    return isNamed(object.getSpec().getVolumeName());
  }

  boolean isBlock() {
    return "Block".equals(object.getSpec().getVolumeMode());
  }

  boolean hasFinalizer(String finalizer) {
    List<String> finalizers = object.getMetadata().getFinalizers();
    return finalizers != null && finalizers.contains(finalizer);
  }

  /** What the volume is to hold at first, or null for nothing. */
  @Nullable DataSource dataSource() {
    var ref = object.getSpec().getDataSourceRef();
    if (ref != null) {
      return new DataSource(ref.getApiGroup(), ref.getKind(), ref.getName(), ref.getNamespace());
    }
    var source = object.getSpec().getDataSource();
    return source == null
        ? null
        : new DataSource(source.getApiGroup(), source.getKind(), source.getName(), null);
  }

  /** The claim it clones, if that is in its own namespace; else null. */
  @Nullable ClaimKey source() {
    DataSource source = dataSource();
    if (source == null || !source.isClaim() || !isNamed(source.name())) {
      return null;
    }
    boolean own = !isNamed(source.namespace()) || key().namespace().equals(source.namespace());
    return own ? new ClaimKey(key().namespace(), source.name()) : null;
  }

  /**
   * Whether CreateVolume may have been sent for it. Who may write claims may forge this; all it
   * spares is the check of things that may change, never whose volume is cloned.
   */
  boolean recorded() {
    return hasFinalizer(Names.MAKING)
        && (dataSource() == null || (source() != null && sourceVolumeName() != null));
  }

  /** Whether it is bound and stays so, and nothing is recorded on it. */
  boolean settled() {
    return object.getStatus() != null
        && "Bound".equals(object.getStatus().getPhase())
        && hasVolume()
        && !terminating()
        && !hasFinalizer(Names.MAKING)
        && !hasFinalizer(Names.CLONE_SOURCE);
  }

  /** The volume object recorded as the one being cloned, or null. */
  @Nullable String sourceVolumeName() {
    return annotation(Names.CLONE_OF_VOLUME);
  }
}
