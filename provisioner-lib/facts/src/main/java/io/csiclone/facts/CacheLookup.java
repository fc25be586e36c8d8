package io.csiclone.facts;

import io.csiclone.facts.Trimmed.Kept;
import io.csiclone.rules.DriverFacts;
import io.csiclone.rules.StorageClassFacts;
import io.csiclone.rules.VolumeFacts;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.client.informers.cache.Indexer;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Informer caches, and another place for what they do not hold.
 *
 * @param packed what there is for admission only, else null
 */
record CacheLookup(
    Indexer<PersistentVolumeClaim> claims,
    Indexer<PersistentVolume> volumes,
    PackedStore<StorageClass, Kept<StorageClass, StorageClassFacts>> classes,
    PackedStore<CSIDriver, Kept<CSIDriver, DriverFacts>> drivers,
    @Nullable Packed packed,
    Lookup otherwise)
    implements Lookup {

  /**
   * Namespaces, and of claims and volumes what the restrictions look at: read straight from here,
   * for objects of the model cost more than all of judging.
   */
  record Packed(
      PackedStore<Namespace, Kept<Namespace, Map<String, String>>> namespaces,
      PackedStore<PersistentVolumeClaim, PackedClaim> claims,
      PackedStore<PersistentVolume, PackedVolume> volumes) {

    static Packed empty() {
      return new Packed(
          new PackedStore<>(Trimmed.namespaces()),
          new PackedStore<>(new PackedClaim.Of()),
          new PackedStore<>(new PackedVolume.Of()));
    }

    @Nullable Source source(String namespace, String name) {
      var claim = claims.packed(namespace + "/" + name);
      return claim == null ? null : claim.source(namespace, name);
    }
  }

  @Override
  public Optional<Source> source(String namespace, String name) {
    if (packed == null) {
      return Lookup.super.source(namespace, name);
    }
    var source = packed.source(namespace, name);
    return source == null ? otherwise.source(namespace, name) : Optional.of(source);
  }

  @Override
  public Optional<VolumeFacts> volumeOf(Source source, String name) {
    if (packed == null) {
      return Lookup.super.volumeOf(source, name);
    }
    var volume = packed.volumes().packed(name);
    return volume == null
        ? otherwise.volumeOf(source, name)
        : Optional.of(volume.facts(name, source));
  }

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
  public Optional<Map<String, String>> labels(String namespace) {
    var kept = packed == null ? null : packed.namespaces().packed(namespace);
    return kept == null ? otherwise.labels(namespace) : Optional.of(kept.facts());
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
