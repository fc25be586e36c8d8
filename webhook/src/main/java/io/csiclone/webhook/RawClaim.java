package io.csiclone.webhook;

import io.csiclone.webhook.JsonTree.JsonNumber;
import io.fabric8.kubernetes.api.model.FieldsV1;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimSpec;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.TypedLocalObjectReference;
import io.fabric8.kubernetes.api.model.TypedObjectReference;
import io.fabric8.kubernetes.api.model.VolumeResourceRequirements;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes the model of a claim from its JSON: as much of it as is judged, which is a fraction of what
 * a mapper would have to look at. The rest is still in the JSON.
 */
final class RawClaim {

  private RawClaim() {}

  /**
   * @throws IllegalArgumentException when a field is of another type than a claim has it
   */
  static PersistentVolumeClaim model(Map<?, ?> object) {
    var claim = new PersistentVolumeClaim();
    claim.setMetadata(metadata(map(object.get("metadata"))));
    var spec = map(object.get("spec"));
    if (spec != null) {
      claim.setSpec(spec(spec));
    }
    return claim;
  }

  private static ObjectMeta metadata(@Nullable Map<?, ?> raw) {
    var metadata = new ObjectMeta();
    if (raw != null) {
      metadata.setName(text(raw.get("name")));
      metadata.setGenerateName(text(raw.get("generateName")));
      metadata.setNamespace(text(raw.get("namespace")));
      metadata.setAnnotations(texts(map(raw.get("annotations"))));
      metadata.setLabels(texts(map(raw.get("labels"))));
      var managed = new ArrayList<ManagedFieldsEntry>();
      list(raw.get("managedFields")).forEach(entry -> managed.add(managed(entry)));
      metadata.setManagedFields(managed);
    }
    return metadata;
  }

  private static ManagedFieldsEntry managed(@Nullable Object raw) {
    var entry = new ManagedFieldsEntry();
    var fields = required(raw);
    entry.setManager(text(fields.get("manager")));
    entry.setOperation(text(fields.get("operation")));
    entry.setSubresource(text(fields.get("subresource")));
    var owned = map(fields.get("fieldsV1"));
    if (owned != null) {
      var set = new FieldsV1();
      owned.forEach((name, value) -> set.setAdditionalProperty((String) name, value));
      entry.setFieldsV1(set);
    }
    return entry;
  }

  private static PersistentVolumeClaimSpec spec(Map<?, ?> raw) {
    var spec = new PersistentVolumeClaimSpec();
    var modes = new ArrayList<String>();
    list(raw.get("accessModes")).forEach(mode -> modes.add(text(mode)));
    spec.setAccessModes(modes);
    spec.setStorageClassName(text(raw.get("storageClassName")));
    spec.setVolumeMode(text(raw.get("volumeMode")));
    spec.setVolumeName(text(raw.get("volumeName")));
    spec.setVolumeAttributesClassName(text(raw.get("volumeAttributesClassName")));
    if (map(raw.get("selector")) != null) {
      spec.setSelector(new LabelSelector());
    }
    var source = map(raw.get("dataSource"));
    if (source != null) {
      var reference = new TypedLocalObjectReference();
      reference.setApiGroup(text(source.get("apiGroup")));
      reference.setKind(text(source.get("kind")));
      reference.setName(text(source.get("name")));
      spec.setDataSource(reference);
    }
    var ref = map(raw.get("dataSourceRef"));
    if (ref != null) {
      var reference = new TypedObjectReference();
      reference.setApiGroup(text(ref.get("apiGroup")));
      reference.setKind(text(ref.get("kind")));
      reference.setName(text(ref.get("name")));
      reference.setNamespace(text(ref.get("namespace")));
      spec.setDataSourceRef(reference);
    }
    var resources = map(raw.get("resources"));
    if (resources != null) {
      var wanted = new VolumeResourceRequirements();
      wanted.setRequests(quantities(map(resources.get("requests"))));
      wanted.setLimits(quantities(map(resources.get("limits"))));
      spec.setResources(wanted);
    }
    return spec;
  }

  private static Map<String, Quantity> quantities(@Nullable Map<?, ?> raw) {
    var quantities = new LinkedHashMap<String, Quantity>();
    if (raw != null) {
      raw.forEach((name, value) -> {
        var amount = value instanceof JsonNumber number ? number.text() : text(value);
        if (amount != null) {
          quantities.put((String) name, Quantity.parse(amount));
        }
      });
    }
    return quantities;
  }

  private static @Nullable String text(@Nullable Object value) {
    if (value == null || value instanceof String) {
      return (String) value;
    }
    throw new IllegalArgumentException("not a text: " + value);
  }

  private static Map<String, String> texts(@Nullable Map<?, ?> raw) {
    var texts = new LinkedHashMap<String, String>();
    if (raw != null) {
      raw.forEach((name, value) -> texts.put((String) name, text(value)));
    }
    return texts;
  }

  private static @Nullable Map<?, ?> map(@Nullable Object value) {
    if (value == null || value instanceof Map<?, ?>) {
      return (Map<?, ?>) value;
    }
    throw new IllegalArgumentException("not an object: " + value);
  }

  private static Map<?, ?> required(@Nullable Object value) {
    var map = map(value);
    return map == null ? Map.of() : map;
  }

  private static List<?> list(@Nullable Object value) {
    if (value == null) {
      return List.of();
    }
    if (value instanceof List<?> list) {
      return list;
    }
    throw new IllegalArgumentException("not a list: " + value);
  }
}
