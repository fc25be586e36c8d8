package io.csiclone.facts;

import io.fabric8.kubernetes.api.model.HasMetadata;
import org.jspecify.annotations.Nullable;

/**
 * Puts objects into a form that holds what the restrictions read and no more.
 *
 * @param <T> the object as the API has it
 * @param <P> what is kept of it
 */
interface Packing<T extends HasMetadata, P> {

  P pack(T object);

  /** An object about which the restrictions find what they found of the one that was packed. */
  T unpack(String key, P packed);

  /** An object of which there is only its name. */
  T named(String key);

  /** The namespace in a cache key; null for kinds without namespaces. */
  static @Nullable String namespace(String key) {
    int slash = key.indexOf('/');
    return slash < 0 ? null : key.substring(0, slash);
  }

  /** The name in a cache key. */
  static String name(String key) {
    return key.substring(key.indexOf('/') + 1);
  }
}
