package io.csiclone.provisioner;

import io.csiclone.csiproto.ControllerServiceCapability.RPC;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.math.BigDecimal;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Judges whether a snapshot can be restored into a claim, each fault with words of its own. Asked
 * live: restoring is rare, and the snapshot was most often taken a moment ago.
 */
final class SnapshotCheck {

  static final String GROUP = "snapshot.storage.k8s.io";
  static final ResourceDefinitionContext SNAPSHOTS =
      kind("VolumeSnapshot", "volumesnapshots", true);
  static final ResourceDefinitionContext CONTENTS =
      kind("VolumeSnapshotContent", "volumesnapshotcontents", false);

  /** On a content, by its administrator: its data may be used in the other volume mode as well. */
  private static final String MAY_CHANGE_MODE =
      "snapshot.storage.kubernetes.io/allow-volume-mode-change";

  /** On a content, where each node looks after its own snapshots: that node. */
  private static final String NODE_LABEL = "snapshot.storage.kubernetes.io/managed-by";

  /** What may become of a claim that names a snapshot. */
  sealed interface Result {
    /** It can be restored. */
    record Ready(SnapshotSource source) implements Result {}

    /** Not as long as things are as they are. */
    record Refused(String why) implements Result {}

    /** Not yet; the snapshot is still being taken. */
    record Waiting(String why) implements Result {}
  }

  private final KubernetesClient client;
  private final DriverTraits driver;

  SnapshotCheck(KubernetesClient client, DriverTraits driver) {
    this.client = client;
    this.driver = driver;
  }

  private static ResourceDefinitionContext kind(String kind, String plural, boolean namespaced) {
    return new ResourceDefinitionContext.Builder()
        .withGroup(GROUP)
        .withVersion("v1")
        .withKind(kind)
        .withPlural(plural)
        .withNamespaced(namespaced)
        .build();
  }

  /** Whether the snapshot that {@code claim} names can be restored into it now. */
  Result of(Claim claim, String name) {
    String label = "snapshot " + claim.key().namespace() + "/" + name;
    if (!driver.can(RPC.Type.CREATE_DELETE_SNAPSHOT)) {
      return refused("RestoringUnsupported", "driver " + driver.name() + " has no snapshots");
    }
    var snapshot =
        client
            .genericKubernetesResources(SNAPSHOTS)
            .inNamespace(claim.key().namespace())
            .withName(name)
            .get();
    if (snapshot == null) {
      return client.getApiResources(GROUP + "/v1") == null
          ? refused("SnapshotsUnknown", "this cluster has no VolumeSnapshot (" + GROUP + "/v1)")
          : refused("SnapshotNotFound", label + " does not exist");
    }
    if (snapshot.getMetadata().getDeletionTimestamp() != null) {
      return refused("SnapshotTerminating", label + " is being deleted");
    }
    String contentName = text(snapshot.get("status", "boundVolumeSnapshotContentName"));
    if (contentName.isEmpty()) {
      return new Result.Waiting("SnapshotNotBound: " + label + " has no content yet");
    }
    var content = content(contentName);
    if (content == null) {
      return refused("SnapshotContentLost", label + " has lost its content " + contentName);
    }
    return judged(claim, label, snapshot, content);
  }

  private Result judged(
      Claim claim,
      String label,
      GenericKubernetesResource snapshot,
      GenericKubernetesResource content) {
    String contentName = content.getMetadata().getName();
    String name = snapshot.getMetadata().getName();
    boolean same =
        isOf(content, claim.key().namespace(), name)
            && snapshot.getMetadata().getUid().equals(ref(content, "uid"));
    if (!same) {
      return refused(
          "SnapshotContentMismatch",
          label + " names content " + contentName + ", which is bound to another snapshot");
    }
    String owner = text(content.get("spec", "driver"));
    if (!driver.name().equals(owner)) {
      return refused(
          "DriverMismatch", label + " is one of driver " + owner + ", not of " + driver.name());
    }
    if (content.getMetadata().getDeletionTimestamp() != null) {
      return refused(
          "SnapshotContentTerminating",
          "content " + contentName + " of " + label + " is being deleted");
    }
    String handle = text(content.get("status", "snapshotHandle"));
    if (!Boolean.TRUE.equals(snapshot.get("status", "readyToUse")) || handle.isEmpty()) {
      return new Result.Waiting("SnapshotNotReady: " + label + " is not ready to use yet");
    }
    long restoreSize = bytes(snapshot.get("status", "restoreSize"));
    if (VolumeRequests.requestedBytes(claim) < restoreSize) {
      return refused(
          "SizeTooSmall",
          "claim %s asks for less than the %s of %s"
              .formatted(claim.key(), PersistentVolumes.quantity(restoreSize), label));
    }
    String mode = text(content.get("spec", "sourceVolumeMode"));
    Map<String, String> annotations =
        Objects.requireNonNullElse(content.getMetadata().getAnnotations(), Map.of());
    if (!mode.isEmpty()
        && mode.equals("Block") != claim.isBlock()
        && !"true".equals(annotations.get(MAY_CHANGE_MODE))) {
      return refused(
          "VolumeModeMismatch",
          "%s was taken of a volume of mode %s, which claim %s does not have, and its content %s does not allow another (annotation %s)"
              .formatted(label, mode, claim.key(), contentName, MAY_CHANGE_MODE));
    }
    return new Result.Ready(source(name, content));
  }

  /**
   * What {@code claim} was begun to be restored from. Its annotation only chooses among the
   * contents that are, or were, its own snapshot's: who may write claims must not get at other data
   * by it.
   */
  SnapshotSource recorded(Claim claim, String snapshot, String contentName) {
    var content = content(contentName);
    boolean own =
        content != null
            && isOf(content, claim.key().namespace(), snapshot)
            && driver.name().equals(text(content.get("spec", "driver")));
    if (content == null || !own || source(snapshot, content).handle().isEmpty()) {
      throw new ProvisioningException(
          ("SnapshotContentLost: content %s, recorded as the one being restored, is not one of"
                  + " snapshot %s any more; if the volume made from it is known to be gone, remove"
                  + " the finalizer %s")
              .formatted(contentName, snapshot, Names.MAKING));
    }
    return source(snapshot, content);
  }

  private static SnapshotSource source(String snapshot, GenericKubernetesResource content) {
    Map<String, String> labels = content.getMetadata().getLabels();
    return new SnapshotSource(
        snapshot,
        content.getMetadata().getName(),
        text(content.get("status", "snapshotHandle")),
        labels == null ? null : labels.get(NODE_LABEL));
  }

  private @Nullable GenericKubernetesResource content(String name) {
    return client.genericKubernetesResources(CONTENTS).withName(name).get();
  }

  private static boolean isOf(GenericKubernetesResource content, String namespace, String name) {
    return namespace.equals(ref(content, "namespace")) && name.equals(ref(content, "name"));
  }

  private static String ref(GenericKubernetesResource content, String field) {
    return text(content.get("spec", "volumeSnapshotRef", field));
  }

  private static Result refused(String code, String words) {
    return new Result.Refused(code + ": " + words);
  }

  private static String text(@Nullable Object value) {
    return value == null ? "" : value.toString();
  }

  private static long bytes(@Nullable Object size) {
    return size == null
        ? 0
        : Quantity.getAmountInBytes(new Quantity(size.toString()))
            .min(BigDecimal.valueOf(Long.MAX_VALUE))
            .longValue();
  }
}
