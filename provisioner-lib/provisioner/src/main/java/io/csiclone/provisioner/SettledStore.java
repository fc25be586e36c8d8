package io.csiclone.provisioner;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import io.fabric8.kubernetes.client.informers.cache.ItemStore;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An informer's objects, of which those that need nothing, nearly all in a large cluster, are kept
 * as text: that takes a twentieth of the memory, and they are read seldom. What no part of the
 * provisioner reads of any object is left out.
 */
final class SettledStore<T extends HasMetadata> implements ItemStore<T> {

  private static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

  /** Objects as they are, and settled ones as {@link Settled}. */
  private final Map<String, Object> items = new ConcurrentHashMap<>();

  private final KubernetesSerialization serialization;
  private final Class<T> type;
  private final Predicate<T> settled;
  private final Function<ObjectMeta, T> bare;

  private record Settled(byte[] json) {}

  /**
   * Makes an empty store.
   *
   * @param settled whether nothing has to be done about an object as long as it stays as it is
   * @param bare an object of that kind of which there is only its metadata
   */
  SettledStore(
      KubernetesSerialization serialization,
      Class<T> type,
      Predicate<T> settled,
      Function<ObjectMeta, T> bare) {
    this.serialization = serialization;
    this.type = type;
    this.settled = settled;
    this.bare = bare;
  }

  @Override
  public String getKey(T object) {
    return Cache.metaNamespaceKeyFunc(object);
  }

  @Override
  public @Nullable T put(String key, T object) {
    object.getMetadata().setManagedFields(null);
    Map<String, String> annotations = object.getMetadata().getAnnotations();
    if (annotations != null) {
      // It stays by name: patches depend on whether there are any annotations.
      annotations.replace(LAST_APPLIED, "");
    }
    return whole(items.put(key, settled.test(object) ? text(object) : object));
  }

  private Settled text(T object) {
    return new Settled(serialization.asJson(object).getBytes(StandardCharsets.UTF_8));
  }

  private @Nullable T whole(@Nullable Object item) {
    if (item instanceof Settled(byte[] json)) {
      return serialization.unmarshal(new String(json, StandardCharsets.UTF_8), type);
    }
    return item == null ? null : type.cast(item);
  }

  @Override
  public @Nullable T remove(String key) {
    return whole(items.remove(key));
  }

  @Override
  public @Nullable T get(String key) {
    return whole(items.get(key));
  }

  @Override
  public Stream<String> keySet() {
    return items.keySet().stream();
  }

  /**
   * Of settled objects the names only. The informer wants all objects at once after it has listed
   * anew, to see which are gone, and tells of those as they are here; whole ones would then need
   * many times the memory.
   */
  @Override
  public Stream<T> values() {
    return items.entrySet().stream()
        .map(item ->
            item.getValue() instanceof Settled ? named(item.getKey()) : type.cast(item.getValue()));
  }

  private T named(String key) {
    int slash = key.indexOf('/');
    var metadata = new ObjectMeta();
    metadata.setNamespace(slash < 0 ? null : key.substring(0, slash));
    metadata.setName(key.substring(slash + 1));
    // No object has it.
    metadata.setUid("");
    return bare.apply(metadata);
  }

  @Override
  public int size() {
    return items.size();
  }

  @Override
  public boolean isFullState() {
    return false;
  }
}
