package io.csiclone.provisioner;

import io.csiclone.facts.ClusterFacts;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimSpec;
import io.fabric8.kubernetes.api.model.PersistentVolumeSpec;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The cluster's claims and volumes as last seen. */
final class ClusterCache implements AutoCloseable {

  /** How many objects a list brings at a time; they are large before they are stored. */
  private static final long PAGE = 500;

  private static final String BY_SOURCE = "source";
  private static final String BY_OTHER_NAMESPACE = "other-namespace";
  private static final String BY_SOURCE_VOLUME = "source-volume";

  private final SharedIndexInformer<PersistentVolumeClaim> claims;
  private final SharedIndexInformer<PersistentVolume> volumes;

  ClusterCache(
      KubernetesClient client,
      ResourceEventHandler<PersistentVolumeClaim> onClaim,
      ResourceEventHandler<PersistentVolume> onVolume) {
    var serialization = client.getKubernetesSerialization();
    claims =
        client
            .persistentVolumeClaims()
            .inAnyNamespace()
            .withLimit(PAGE)
            .runnableInformer(0)
            .removeNamespaceIndex();
    claims.itemStore(
        new SettledStore<>(
            serialization,
            PersistentVolumeClaim.class,
            object -> new Claim(object).settled(),
            ClusterCache::bareClaim));
    claims.addIndexers(
        Map.of(
            BY_SOURCE, object -> keys(new Claim(object), Claim::source),
            BY_OTHER_NAMESPACE, object -> keys(new Claim(object), Claim::otherNamespace),
            BY_SOURCE_VOLUME, object -> keys(new Claim(object), Claim::sourceVolumeName)));
    claims.addEventHandler(onClaim);
    volumes = client.persistentVolumes().withLimit(PAGE).runnableInformer(0).removeNamespaceIndex();
    volumes.itemStore(
        new SettledStore<>(
            serialization,
            PersistentVolume.class,
            PersistentVolumes::settled,
            ClusterCache::bareVolume));
    volumes.addEventHandler(onVolume);
    // The first list has to succeed; a watch lost after it is taken up again, whatever it was lost
    // for.
    claims.exceptionHandler((started, failure) -> started);
    volumes.exceptionHandler((started, failure) -> started);
  }

  private static PersistentVolumeClaim bareClaim(ObjectMeta metadata) {
    var claim = new PersistentVolumeClaim();
    claim.setMetadata(metadata);
    claim.setSpec(new PersistentVolumeClaimSpec());
    return claim;
  }

  private static PersistentVolume bareVolume(ObjectMeta metadata) {
    var volume = new PersistentVolume();
    volume.setMetadata(metadata);
    volume.setSpec(new PersistentVolumeSpec());
    return volume;
  }

  /** Settled claims are in no index: of one source there may be as many as the cluster has. */
  private static List<String> keys(Claim claim, Function<Claim, @Nullable Object> by) {
    Object key = claim.settled() ? null : by.apply(claim);
    return key == null ? List.of() : List.of(key.toString());
  }

  /**
   * Fills the caches.
   *
   * @param other to be waited for as well, or null
   * @throws IllegalStateException when the cluster does not let us, or not in time
   */
  void start(Duration within, @Nullable CompletableFuture<Void> other) {
    var started =
        CompletableFuture.allOf(
            claims.start().toCompletableFuture(),
            volumes.start().toCompletableFuture(),
            other == null ? CompletableFuture.completedFuture(null) : other);
    try {
      started.get(within.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new IllegalStateException(
          "the cluster cannot be watched: " + e.getCause(), e.getCause());
    } catch (TimeoutException e) {
      throw new IllegalStateException(
          "the cluster did not list what is watched within " + within, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while the caches were being filled", e);
    }
  }

  /** What is known of the cluster, claims and volumes as they are here. */
  ClusterFacts facts(KubernetesClient client) {
    return ClusterFacts.watch(client, claims, volumes);
  }

  boolean synced() {
    return claims.hasSynced() && volumes.hasSynced();
  }

  @Nullable Claim claim(ClaimKey key) {
    PersistentVolumeClaim object = claims.getStore().getByKey(key.toString());
    return object == null ? null : new Claim(object);
  }

  @Nullable PersistentVolume volume(String name) {
    return volumes.getStore().getByKey(name);
  }

  /** The claims that name {@code source} as their data source, but those that are settled. */
  List<Claim> clonesOf(ClaimKey source) {
    return claims.getIndexer().byIndex(BY_SOURCE, source.toString()).stream()
        .map(Claim::new)
        .toList();
  }

  /** The claims of other namespaces that name one of {@code namespace} as their data source. */
  List<Claim> clonesFrom(String namespace) {
    return claims.getIndexer().byIndex(BY_OTHER_NAMESPACE, namespace).stream()
        .map(Claim::new)
        .toList();
  }

  /** All claims that name one of another namespace as their data source. */
  List<Claim> clonesAcrossNamespaces() {
    return claims.getStore().list().stream()
        .map(Claim::new)
        .filter(Claim::crossesNamespaces)
        .toList();
  }

  /** Whether a clone of {@code volume} is recorded as being made. */
  boolean isBeingCloned(PersistentVolume volume) {
    // The record is only believed of clones in the namespace of the claim the volume belonged to:
    // else anyone could keep anyone's volume from being deleted.
    Predicate<Claim> ofItsClaim =
        clone -> {
          ClaimKey source = clone.source();
          return source != null
              && !clone.crossesNamespaces()
              && PersistentVolumes.isOfClaim(volume, source);
        };
    return claims.getIndexer().byIndex(BY_SOURCE_VOLUME, volume.getMetadata().getName()).stream()
        .map(Claim::new)
        .anyMatch(clone -> clone.recorded() && ofItsClaim.test(clone));
  }

  @Override
  public void close() {
    claims.stop();
    volumes.stop();
  }
}
