package io.csiclone.facts;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What is kept of an object's metadata; namespace and name are in its key. */
record PackedMetadata(
    @Nullable Object uid,
    @Nullable Object resourceVersion,
    @Nullable String deletionTimestamp,
    Map<String, String> annotations) {

  /** The annotations that some reader of facts looks at. */
  private static final Set<String> READ = Set.of(ClaimReader.LEGACY_CLASS_ANNOTATION);

  static PackedMetadata of(ObjectMeta metadata, Repeated repeated) {
    return new PackedMetadata(
        PackedText.uid(metadata.getUid()),
        PackedText.version(metadata.getResourceVersion()),
        metadata.getDeletionTimestamp(),
        read(metadata.getAnnotations(), repeated));
  }

  private static Map<String, String> read(
      @Nullable Map<String, String> annotations, Repeated repeated) {
    if (annotations == null) {
      return Map.of();
    }
    var kept = new HashMap<String, String>();
    for (var name : READ) {
      var value = repeated.one(annotations.get(name));
      if (value != null) {
        kept.put(name, value);
      }
    }
    return Map.copyOf(kept);
  }

  ObjectMeta of(String key) {
    var metadata = named(key);
    metadata.setUid(PackedText.unpack(uid));
    metadata.setResourceVersion(PackedText.unpack(resourceVersion));
    metadata.setDeletionTimestamp(deletionTimestamp);
    metadata.setAnnotations(annotations);
    return metadata;
  }

  static ObjectMeta named(String key) {
    var metadata = new ObjectMeta();
    metadata.setNamespace(Packing.namespace(key));
    metadata.setName(Packing.name(key));
    // The empty collections that come with a new object are most of its size.
    metadata.setAnnotations(null);
    metadata.setLabels(null);
    metadata.setFinalizers(null);
    metadata.setManagedFields(null);
    metadata.setOwnerReferences(null);
    return metadata;
  }
}
