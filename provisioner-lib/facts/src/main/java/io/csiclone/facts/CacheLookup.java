package io.csiclone.facts;

import io.csiclone.facts.Trimmed.Kept;
import io.csiclone.rules.DriverFacts;
import io.csiclone.rules.StorageClassFacts;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.client.informers.cache.Indexer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Informer caches, and another place for what they do not hold.
 *
 * @param namespaces null where they are not watched
 */
record CacheLookup(
    Indexer<PersistentVolumeClaim> claims,
    Indexer<PersistentVolume> volumes,
    PackedStore<StorageClass, Kept<StorageClass, StorageClassFacts>> classes,
    PackedStore<CSIDriver, Kept<CSIDriver, DriverFacts>> drivers,
    @Nullable Indexer<Namespace> namespaces,
    Lookup otherwise)
    implements Lookup {

  @Override
  public Optional<PersistentVolumeClaim> claim(String namespace, String name) {
    return in(claims, namespace + "/" + name).or(() -> otherwise.claim(namespace, name));
  }

  @Override
  public Optional<PersistentVolume> volume(String name) {
    return in(volumes, name).or(() -> otherwise.volume(name));
  }

  @Override
  public Optional<StorageClass> storageClass(String name) {
    return Optional.ofNullable(classes.get(name)).or(() -> otherwise.storageClass(name));
  }

  @Override
  public Optional<StorageClassFacts> targetClass(String name) {
    var kept = classes.packed(name);
    return kept == null ? otherwise.targetClass(name) : Optional.of(kept.facts());
  }

  @Override
  public Optional<Namespace> namespace(String name) {
    return Optional.ofNullable(namespaces)
        .flatMap(cache -> in(cache, name))
        .or(() -> otherwise.namespace(name));
  }

  @Override
  public Optional<CSIDriver> driver(String name) {
    return Optional.ofNullable(drivers.get(name)).or(() -> otherwise.driver(name));
  }

  @Override
  public DriverFacts driverBehind(String name) {
    var kept = drivers.packed(name);
    return kept == null ? otherwise.driverBehind(name) : kept.facts();
  }

  private static <T> Optional<T> in(Indexer<T> cache, String key) {
    return Optional.ofNullable(cache.getByKey(key));
  }
}
