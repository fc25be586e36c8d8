package io.csiclone.facts;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import io.fabric8.kubernetes.client.informers.cache.ItemStore;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** An informer's objects, packed, so that a large cluster fits into a small process. */
final class PackedStore<T extends HasMetadata, P> implements ItemStore<T> {

  private final Map<String, P> packed = new ConcurrentHashMap<>();
  private final Packing<T, P> packing;

  PackedStore(Packing<T, P> packing) {
    this.packing = packing;
  }

  @Override
  public String getKey(T object) {
    return Cache.metaNamespaceKeyFunc(object);
  }

  @Override
  public @Nullable T put(String key, T object) {
    return unpacked(key, packed.put(key, packing.pack(object)));
  }

  @Override
  public @Nullable T remove(String key) {
    return unpacked(key, packed.remove(key));
  }

  @Override
  public @Nullable T get(String key) {
    return unpacked(key, packed.get(key));
  }

  /** What is kept of the object. */
  @Nullable P packed(String key) {
    return packed.get(key);
  }

  private @Nullable T unpacked(String key, @Nullable P value) {
    return value == null ? null : packing.unpack(key, value);
  }

  @Override
  public Stream<String> keySet() {
    return packed.keySet().stream();
  }

  /**
   * Names only. The informer wants all at once after it has listed anew, to see which ones are
   * gone; whole objects would then need a multiple of the memory.
   */
  @Override
  public Stream<T> values() {
    return keySet().map(packing::named);
  }

  @Override
  public int size() {
    return packed.size();
  }

  @Override
  public boolean isFullState() {
    return false;
  }
}
