package io.csiclone.facts;

import io.fabric8.kubernetes.api.model.Quantity;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * One instance of each value that many objects have in common, such as the name of a storage class.
 * Users choose such values, so their number is bounded: beyond it values are held more than once.
 */
final class Repeated {

  private static final int MOST = 10_000;

  private final Map<Object, Object> known = new ConcurrentHashMap<>();

  /** The instance that equals {@code value}, which must never change. */
  @SuppressWarnings("unchecked") // what equals it is of its type
  <T> @Nullable T one(@Nullable T value) {
    if (value == null) {
      return null;
    }
    var same = known.putIfAbsent(value, value);
    if (known.size() > MOST) {
      known.clear();
    }
    return same == null ? value : (T) same;
  }

  List<String> list(@Nullable List<String> values) {
    if (values == null || values.isEmpty()) {
      return List.of();
    }
    var list = one(values.stream().map(value -> String.valueOf(one(value))).toList());
    return list == null ? List.of() : list;
  }

  @Nullable Size storage(@Nullable Map<String, Quantity> resources) {
    return one(Size.of(resources));
  }
}
