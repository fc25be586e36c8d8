package io.csiclone.facts;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Keeps objects of which there are few as they are, but for what nobody reads. */
record Trimmed<T extends HasMetadata>(Supplier<T> empty, Consumer<T> cut) implements Packing<T, T> {

  /** All but the record of who set which field. */
  static <T extends HasMetadata> Trimmed<T> of(Supplier<T> empty) {
    return new Trimmed<>(empty, _ -> {});
  }

  /** Names and labels. */
  static Trimmed<Namespace> namespaces() {
    return new Trimmed<>(
        Namespace::new,
        namespace -> {
          namespace.setSpec(null);
          namespace.setStatus(null);
          namespace.getMetadata().setAnnotations(null);
        });
  }

  @Override
  public T pack(T object) {
    object.getMetadata().setManagedFields(null);
    cut.accept(object);
    return object;
  }

  @Override
  public T unpack(String key, T packed) {
    return packed;
  }

  @Override
  public T named(String key) {
    var object = empty.get();
    object.setMetadata(PackedMetadata.named(key));
    return object;
  }
}
