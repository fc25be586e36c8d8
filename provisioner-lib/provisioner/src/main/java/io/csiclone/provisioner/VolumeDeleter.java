package io.csiclone.provisioner;

import io.csiclone.provisioner.CsiClient.DeleteAnswer;
import io.csiclone.provisioner.WorkQueue.Outcome;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.SecretReference;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes the volumes of this driver whose claims are gone, and then their objects. */
final class VolumeDeleter {

  private static final Logger LOG = LoggerFactory.getLogger(VolumeDeleter.class);
  private static final Duration WHILE_CLONED = Duration.ofSeconds(5);
  private static final int CONFLICTS = 8;

  private final KubernetesClient client;
  private final ClusterCache cache;
  private final CsiClient csi;
  private final ClassSecrets secrets;
  private final String driverName;
  private final @Nullable NodeTopology node;
  private final Predicate<String> isCloning;
  private final EventRecorder events;
  private final ProvisionerMetrics metrics;

  VolumeDeleter(
      KubernetesClient client,
      ClusterCache cache,
      CsiClient csi,
      ClassSecrets secrets,
      String driverName,
      @Nullable NodeTopology node,
      Predicate<String> isCloning,
      EventRecorder events,
      ProvisionerMetrics metrics) {
    this.client = client;
    this.cache = cache;
    this.csi = csi;
    this.secrets = secrets;
    this.driverName = driverName;
    this.node = node;
    this.isCloning = isCloning;
    this.events = events;
    this.metrics = metrics;
  }

  /** Whether {@code volume} is one this instance has to delete. */
  boolean isToDelete(PersistentVolume volume) {
    var metadata = volume.getMetadata();
    var spec = volume.getSpec();
    Map<String, String> annotations =
        Objects.requireNonNullElse(metadata.getAnnotations(), Map.of());
    boolean alreadyDeleted = metadata.getDeletionTimestamp() != null && !hasFinalizer(volume);
    return volume.getStatus() != null
        && "Released".equals(volume.getStatus().getPhase())
        && "Delete".equals(spec.getPersistentVolumeReclaimPolicy())
        && driverName.equals(annotations.get(Names.PROVISIONED_BY))
        && PersistentVolumes.handle(volume, driverName) != null
        && !alreadyDeleted
        && (node == null || node.reaches(volume));
  }

  Outcome reconcile(String name) {
    PersistentVolume cached = cache.volume(name);
    if (cached == null || !isToDelete(cached)) {
      return Outcome.DONE;
    }
    // Data is about to be destroyed: a cache that lags must not decide on it.
    PersistentVolume volume = resource(name).get();
    if (volume == null
        || !volume.getMetadata().getUid().equals(cached.getMetadata().getUid())
        || !isToDelete(volume)) {
      return Outcome.DONE;
    }
    String handle = Objects.requireNonNull(PersistentVolumes.handle(volume, driverName));
    if (isCloning.test(handle) || cache.isBeingCloned(volume)) {
      return new Outcome.RetryIn(WHILE_CLONED);
    }
    Map<String, String> secrets;
    try {
      secrets = secrets(volume);
    } catch (ProvisioningException e) {
      return failed(volume, String.valueOf(e.getMessage()));
    }
    long begun = System.nanoTime();
    return switch (csi.delete(handle, secrets)) {
      case DeleteAnswer.Deleted() -> {
        metrics.deleted(className(volume), Duration.ofNanos(System.nanoTime() - begun));
        yield removeObject(volume);
      }
      case DeleteAnswer.InProgress(_) -> Outcome.BACK_OFF;
      case DeleteAnswer.Failed(var status) -> failed(volume, CsiClient.words(status));
    };
  }

  private Outcome failed(PersistentVolume volume, String words) {
    events.warning(volume, "VolumeFailedDelete", words);
    metrics.notDeleted(className(volume));
    LOG.info("volume {}: not deleted: {}", volume.getMetadata().getName(), words);
    return Outcome.BACK_OFF;
  }

  private static String className(PersistentVolume volume) {
    return Objects.requireNonNullElse(volume.getSpec().getStorageClassName(), "");
  }

  /** What the volume was made with, by its annotations: its class may be gone. */
  private Map<String, String> secrets(PersistentVolume volume) {
    Map<String, String> annotations =
        Objects.requireNonNullElse(volume.getMetadata().getAnnotations(), Map.of());
    String name = annotations.getOrDefault(Names.DELETION_SECRET_NAME, "");
    String namespace = annotations.getOrDefault(Names.DELETION_SECRET_NAMESPACE, "");
    return name.isEmpty() ? Map.of() : secrets.read(new SecretReference(name, namespace));
  }

  private Outcome removeObject(PersistentVolume volume) {
    String name = volume.getMetadata().getName();
    if (volume.getMetadata().getDeletionTimestamp() == null) {
      resource(name).delete();
    }
    for (int attempt = 1; attempt <= CONFLICTS; attempt++) {
      PersistentVolume now = resource(name).get();
      if (now == null
          || !now.getMetadata().getUid().equals(volume.getMetadata().getUid())
          || !hasFinalizer(now)) {
        LOG.info("volume {}: deleted", name);
        return Outcome.DONE;
      }
      try {
        MetadataPatch.ifUnchanged(client, now).without(Names.VOLUME_FINALIZER).send();
        LOG.info("volume {}: deleted", name);
        return Outcome.DONE;
      } catch (KubernetesClientException e) {
        if (e.getCode() != 409 && e.getCode() != 404) {
          throw e;
        }
      }
    }
    return Outcome.SOON;
  }

  private static boolean hasFinalizer(PersistentVolume volume) {
    return volume.getMetadata().getFinalizers().contains(Names.VOLUME_FINALIZER);
  }

  private Resource<PersistentVolume> resource(String name) {
    return client.persistentVolumes().withName(name);
  }
}
