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

  /** The claim it clones, in whatever namespace; null when it clones none. */
  @Nullable ClaimKey source() {
    DataSource source = dataSource();
    if (source == null || !source.isClaim() || !isNamed(source.name())) {
      return null;
    }
    String namespace = isNamed(source.namespace()) ? source.namespace() : key().namespace();
    return new ClaimKey(String.valueOf(namespace), source.name());
  }

  /** Whether the claim it clones is in another namespace. */
  boolean crossesNamespaces() {
    return otherNamespace() != null;
  }

  /** The namespace of the claim it clones, if that is another one than its own; else null. */
  @Nullable String otherNamespace() {
    ClaimKey source = source();
    return source == null || source.namespace().equals(key().namespace())
        ? null
        : source.namespace();
  }

  /** The VolumeSnapshot of its own namespace that it restores; null when it restores none. */
  @Nullable String snapshotName() {
    DataSource source = dataSource();
    if (source == null) {
      return null;
    }
    boolean own =
        "VolumeSnapshot".equals(source.kind())
            && SnapshotCheck.GROUP.equals(source.apiGroup())
            && isNamed(source.name())
            && (!isNamed(source.namespace()) || key().namespace().equals(source.namespace()));
    return own ? source.name() : null;
  }

  /** The VolumeSnapshotContent recorded as the one being restored, or null. */
  @Nullable String contentName() {
    return annotation(Names.RESTORED_FROM_CONTENT);
  }

  /**
   * Whether {@code clone}, of another namespace, was really begun as a clone of this claim: its own
   * word does not count.
   */
  boolean isClonedBy(Claim clone) {
    return hasFinalizer(Names.CLONE_SOURCE) && clonedBy().contains(clone.uid());
  }

  /** The uids of the claims of other namespaces that are begun as clones of this one. */
  List<String> clonedBy() {
    String uids = annotation(Names.CLONED_BY);
    return uids == null || uids.isEmpty() ? List.of() : List.of(uids.split(",", -1));
  }

  /**
   * Whether CreateVolume may have been sent for it. Who may write claims may forge this; all it
   * spares is the check of things that may change, never whose volume is cloned.
   */
  boolean recorded() {
    return hasFinalizer(Names.MAKING)
        && (dataSource() == null
            || (source() != null && sourceVolumeName() != null)
            || (snapshotName() != null && contentName() != null));
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

  /** Whether it chooses among volumes that are there by their labels. */
  boolean hasSelector() {
    return object.getSpec().getSelector() != null;
  }

  /** The volume object recorded as the one being cloned, or null. */
  @Nullable String sourceVolumeName() {
    return annotation(Names.CLONE_OF_VOLUME);
  }
}
