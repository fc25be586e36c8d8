package io.csiclone.facts;

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
    Indexer<StorageClass> classes,
    Indexer<CSIDriver> drivers,
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
    return in(classes, name).or(() -> otherwise.storageClass(name));
  }

  @Override
  public Optional<Namespace> namespace(String name) {
    return Optional.ofNullable(namespaces)
        .flatMap(cache -> in(cache, name))
        .or(() -> otherwise.namespace(name));
  }

  @Override
  public Optional<CSIDriver> driver(String name) {
    return in(drivers, name).or(() -> otherwise.driver(name));
  }

  private static <T> Optional<T> in(Indexer<T> cache, String key) {
    return Optional.ofNullable(cache.getByKey(key));
  }
}
