package io.csiclone.facts;

import io.csiclone.rules.DriverFacts;
import io.csiclone.rules.StorageClassFacts;
import io.csiclone.rules.VolumeFacts;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.util.Optional;

/**
 * Informer caches whose claims and volumes are packed: what the restrictions look at is read
 * straight from there, for objects of the model cost more than all of judging.
 *
 * @param others for everything else, and for what is not packed
 */
record PackedLookup(
    PackedStore<PersistentVolumeClaim, PackedClaim> claims,
    PackedStore<PersistentVolume, PackedVolume> volumes,
    CacheLookup others)
    implements Lookup {

  @Override
  public Optional<Source> source(String namespace, String name) {
    var claim = claims.packed(namespace + "/" + name);
    return claim == null
        ? others.source(namespace, name)
        : Optional.of(claim.source(namespace, name));
  }

  @Override
  public Optional<VolumeFacts> volumeOf(Source source, String name) {
    var volume = volumes.packed(name);
    return volume == null ? others.volumeOf(source, name) : Optional.of(volume.facts(name, source));
  }

  @Override
  public Optional<StorageClassFacts> targetClass(String name) {
    return others.targetClass(name);
  }

  @Override
  public DriverFacts driverBehind(String name) {
    return others.driverBehind(name);
  }

  @Override
  public Optional<PersistentVolumeClaim> claim(String namespace, String name) {
    return others.claim(namespace, name);
  }

  @Override
  public Optional<PersistentVolume> volume(String name) {
    return others.volume(name);
  }

  @Override
  public Optional<StorageClass> storageClass(String name) {
    return others.storageClass(name);
  }

  @Override
  public Optional<Namespace> namespace(String name) {
    return others.namespace(name);
  }

  @Override
  public Optional<CSIDriver> driver(String name) {
    return others.driver(name);
  }
}
