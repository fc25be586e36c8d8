package io.csiclone.facts;

import io.csiclone.rules.CloneFacts;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.util.Optional;

/**
 * What the cluster knows, read from informer caches; what a cache does not hold is asked for live
 * before it counts as absent. Safe for use by many threads.
 */
public interface ClusterFacts extends AutoCloseable {

  /** Gathers all that the restrictions need to judge {@code clone}, which need not exist yet. */
  CloneFacts about(PersistentVolumeClaim clone);

  /** The claim of that name, from the cache or live. */
  Optional<PersistentVolumeClaim> claim(String namespace, String name);

  /** The volume of that name, from the cache or live. */
  Optional<PersistentVolume> volume(String name);

  /** The storage class of that name, from the cache or live. */
  Optional<StorageClass> storageClass(String name);

  /** Whether every cache holds the cluster's state. */
  boolean synced();

  @Override
  void close();
}
