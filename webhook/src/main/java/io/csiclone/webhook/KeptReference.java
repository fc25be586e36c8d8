package io.csiclone.webhook;

import io.csiclone.rules.ClaimFacts;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Keeps a {@code dataSourceRef} from being dropped without a word, which would make an empty
 * volume. Servers without the feature gate CrossNamespaceVolumeDataSource drop each that has a
 * namespace; servers that know the field but lack AnyVolumeDataSource (1.22 and 1.23) drop each.
 */
final class KeptReference {

  private KeptReference() {}

  static void keep(
      WrittenClaim claim, ClaimFacts written, List<PatchOperation> patch, List<String> warnings) {
    var ref = written.dataSourceRef();
    if (ref == null) {
      return;
    }
    var namespace = ref.namespace();
    boolean elsewhere =
        namespace != null && !namespace.isEmpty() && !namespace.equals(written.namespace());
    if (elsewhere) {
      // Of a clone this is refused before; of anything else it is not ours to refuse.
      warnings.add(
          "dataSourceRef has a namespace: an API server without the feature gate"
              + " CrossNamespaceVolumeDataSource drops it, and the volume will be empty");
      return;
    }
    if (namespace != null && !namespace.isEmpty()) {
      patch.add(PatchOperation.remove("/spec/dataSourceRef/namespace"));
      warnings.add(
          "dataSourceRef.namespace was removed: it is the claim's own, and many API servers drop a"
              + " reference that has one");
    }
    if (ref.isClaim()
        && written.dataSource() == null
        && claim.dataSourceRef() instanceof Map<?, ?> raw) {
      // Newer servers do the same by themselves; the two have to be alike to the letter.
      var source = new LinkedHashMap<Object, Object>(raw);
      source.remove("namespace");
      patch.add(PatchOperation.add("/spec/dataSource", source));
    }
  }
}
