package io.csiclone.facts;

import io.fabric8.kubernetes.api.model.Quantity;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The storage in a list of resources.
 *
 * @param text as it was written
 * @param known in bytes, rounded up; -1 when {@code text} is not a quantity
 */
record Size(String text, long known) {

  static @Nullable Size of(@Nullable Map<String, Quantity> resources) {
    var storage = resources == null ? null : resources.get("storage");
    return storage == null ? null : new Size(storage.toString(), known(storage));
  }

  private static long known(Quantity storage) {
    try {
      return ClaimReader.bytes(storage);
    } catch (IllegalArgumentException e) {
      return -1;
    }
  }

  /**
   * In bytes, rounded up; 0 for none.
   *
   * @throws IllegalArgumentException when it is not a quantity
   */
  static long bytes(@Nullable Size size) {
    if (size == null) {
      return 0;
    }
    return size.known >= 0 ? size.known : ClaimReader.bytes(new Quantity(size.text));
  }

  /** As the API has it; null for none. */
  static @Nullable Map<String, Quantity> resources(@Nullable Size size) {
    return size == null ? null : Map.of("storage", new Quantity(size.text));
  }
}
