package io.csiclone.facts;

import io.csiclone.facts.CacheLookup.Packed;
import io.csiclone.facts.Trimmed.Kept;
import io.csiclone.rules.DriverFacts;
import io.csiclone.rules.SourceFacts;
import io.csiclone.rules.StorageClassFacts;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Informable;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.Indexer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is watched of the cluster. For admission namespaces are watched too, and of claims and
 * volumes only what the restrictions read is kept.
 */
final class ClusterCaches implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ClusterFacts.class);

  /** How many objects a list brings at a time; they are large before they are packed. */
  private static final long PAGE = 500;

  private final SharedIndexInformer<PersistentVolumeClaim> claims;
  private final SharedIndexInformer<PersistentVolume> volumes;
  private final SharedIndexInformer<StorageClass> classes;
  private final SharedIndexInformer<CSIDriver> drivers;

  private final PackedStore<StorageClass, Kept<StorageClass, StorageClassFacts>> keptClasses =
      new PackedStore<>(Trimmed.classes());
  private final PackedStore<CSIDriver, Kept<CSIDriver, DriverFacts>> keptDrivers =
      new PackedStore<>(Trimmed.drivers());
  private final @Nullable Packed packed;

  private final WatchedCache claimsState;
  private final List<SharedIndexInformer<?>> informers;
  private final List<WatchedCache> states;

  /** Those that are started and stopped here. */
  private final List<SharedIndexInformer<?>> own = new ArrayList<>();

  private volatile boolean closed;

  /**
   * Prepares to watch.
   *
   * @param given the caller's informers for claims and volumes, or null to have them here
   */
  private ClusterCaches(KubernetesClient client, boolean admission, @Nullable Given given) {
    this.claims =
        given == null
            ? informer("claims", client.persistentVolumeClaims().inAnyNamespace())
            : given.claims;
    this.volumes = given == null ? informer("volumes", client.persistentVolumes()) : given.volumes;
    this.classes = informer("storage classes", client.storage().v1().storageClasses());
    this.drivers = informer("CSIDrivers", client.storage().v1().csiDrivers());
    this.packed = admission ? Packed.empty() : null;
    classes.itemStore(keptClasses);
    drivers.itemStore(keptDrivers);
    this.claimsState = new InformerCache("claims", claims);
    var all = new ArrayList<SharedIndexInformer<?>>(List.of(claims, volumes, classes, drivers));
    var told = new ArrayList<WatchedCache>();
    told.add(claimsState);
    told.add(new InformerCache("volumes", volumes));
    told.add(new InformerCache("storage_classes", classes));
    told.add(new InformerCache("csi_drivers", drivers));
    if (packed != null) {
      claims.itemStore(packed.claims());
      volumes.itemStore(packed.volumes());
      volumes.addIndexers(Map.of(FreeVolumes.INDEX, FreeVolumes::keys));
      var namespaces = informer("namespaces", client.namespaces());
      namespaces.itemStore(packed.namespaces());
      all.add(namespaces);
      told.add(new InformerCache("namespaces", namespaces));
    }
    this.informers = List.copyOf(all);
    this.states = List.copyOf(told);
  }

  /** Informers of the caller. */
  private record Given(
      SharedIndexInformer<PersistentVolumeClaim> claims,
      SharedIndexInformer<PersistentVolume> volumes) {}

  /** Claims and volumes with all that they are. */
  static ClusterCaches of(KubernetesClient client) {
    return new ClusterCaches(client, false, null);
  }

  /** Watches what these informers do not. */
  static ClusterCaches beside(
      KubernetesClient client,
      SharedIndexInformer<PersistentVolumeClaim> claims,
      SharedIndexInformer<PersistentVolume> volumes) {
    return new ClusterCaches(client, false, new Given(claims, volumes));
  }

  static ClusterCaches forAdmission(KubernetesClient client) {
    return new ClusterCaches(client, true, null);
  }

  private <T extends HasMetadata> SharedIndexInformer<T> informer(
      String what, Informable<T> resources) {
    SharedIndexInformer<T> informer =
        resources
            .withLimit(PAGE)
            .runnableInformer(0)
            .removeNamespaceIndex()
            .exceptionHandler((started, failure) -> {
              if (closed) {
                return false;
              }
              LOG.warn("Watching {} failed and is tried again: {}", what, failure.toString());
              return true;
            });
    own.add(informer);
    return informer;
  }

  /** Returns at once. */
  void start() {
    for (var informer : own) {
      var _ =
          informer
              .start()
              .exceptionally(failure -> {
                LOG.debug("Watching {} ended before its start", informer, failure);
                return null;
              });
    }
  }

  boolean forAdmission() {
    return packed != null;
  }

  /**
   * What is cached.
   *
   * @param otherwise where to look for what is not
   */
  Lookup lookup(Lookup otherwise) {
    return new CacheLookup(
        claims.getIndexer(), volumes.getIndexer(), keptClasses, keptDrivers, packed, otherwise);
  }

  /** The cached claim of that name as a source, or null. */
  @Nullable SourceFacts source(String namespace, String name) {
    if (packed == null) {
      var claim = claims.getIndexer().getByKey(namespace + "/" + name);
      return claim == null ? null : ClaimReader.source(claim);
    }
    var source = packed.source(namespace, name);
    return source == null ? null : source.facts();
  }

  Indexer<PersistentVolume> volumes() {
    return volumes.getIndexer();
  }

  List<StorageClass> storageClasses() {
    // The store lists names only.
    return classes.getStore().listKeys().stream()
        .map(classes.getStore()::getByKey)
        .filter(Objects::nonNull)
        .toList();
  }

  void onStorageClassChange(Runnable changed) {
    classes.addEventHandler(
        new ResourceEventHandler<>() {
          @Override
          public void onAdd(StorageClass object) {
            changed.run();
          }

          @Override
          public void onUpdate(StorageClass before, StorageClass object) {
            changed.run();
          }

          @Override
          public void onDelete(StorageClass object, boolean unseen) {
            changed.run();
          }
        });
  }

  /** Whether the cache of claims follows the cluster at this moment. */
  boolean claimsAreWatched() {
    return claimsState.watching();
  }

  /** Whether each has been filled. */
  boolean synced() {
    for (var informer : informers) {
      if (!informer.hasSynced()) {
        return false;
      }
    }
    return true;
  }

  List<WatchedCache> states() {
    return states;
  }

  @Override
  public void close() {
    closed = true;
    own.forEach(SharedIndexInformer::stop);
  }
}
