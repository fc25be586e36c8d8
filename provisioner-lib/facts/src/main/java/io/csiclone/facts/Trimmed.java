package io.csiclone.facts;

import io.csiclone.facts.Trimmed.Kept;
import io.csiclone.rules.DriverFacts;
import io.csiclone.rules.StorageClassFacts;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Keeps objects of which there are few as they are, but for what nobody reads, and what the
 * restrictions read of them.
 */
record Trimmed<T extends HasMetadata, F>(Supplier<T> empty, Consumer<T> cut, Function<T, F> reader)
    implements Packing<T, Kept<T, F>> {

  /** What is kept. */
  record Kept<T, F>(T object, F facts) {}

  /** All but the record of who set which field. */
  static Trimmed<StorageClass, StorageClassFacts> classes() {
    return new Trimmed<>(StorageClass::new, _ -> {}, VolumeReader::storageClass);
  }

  /** All but the record of who set which field. */
  static Trimmed<CSIDriver, DriverFacts> drivers() {
    return new Trimmed<>(
        CSIDriver::new,
        _ -> {},
        driver -> VolumeReader.driver(ClaimReader.text(driver.getMetadata().getName()), driver));
  }

  /** Names and labels. */
  static Trimmed<Namespace, Map<String, String>> namespaces() {
    return new Trimmed<>(
        Namespace::new,
        namespace -> {
          namespace.setSpec(null);
          namespace.setStatus(null);
          namespace.getMetadata().setAnnotations(null);
        },
        namespace -> Objects.requireNonNullElse(namespace.getMetadata().getLabels(), Map.of()));
  }

  @Override
  public Kept<T, F> pack(T object) {
    object.getMetadata().setManagedFields(null);
    cut.accept(object);
    return new Kept<>(object, reader.apply(object));
  }

  @Override
  public T unpack(String key, Kept<T, F> packed) {
    return packed.object();
  }

  @Override
  public T named(String key) {
    var object = empty.get();
    object.setMetadata(PackedMetadata.named(key));
    return object;
  }
}
