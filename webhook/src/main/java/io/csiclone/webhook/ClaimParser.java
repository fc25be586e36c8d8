package io.csiclone.webhook;

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
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * Reads the object of a review as a claim: as much of it as is judged, which is a fraction of what
 * a mapper would look at. That it is no claim is told when somebody asks for one.
 */
final class ClaimParser {

  private static final Members OBJECT = Members.of("metadata", "spec");
  private static final Members METADATA = Members.of("name", "generateName", "annotations");
  private static final Members METADATA_AND_ORIGIN =
      Members.of("name", "generateName", "annotations", "managedFields");
  private static final Members MANAGED = Members.of("subresource", "fieldsV1");
  private static final Members OWNED = Members.of("f:spec");
  private static final Members OWNED_OF_SPEC = Members.of("f:storageClassName");
  private static final Members SPEC =
      Members.of(
          "accessModes",
          "dataSource",
          "dataSourceRef",
          "resources",
          "selector",
          "storageClassName",
          "volumeMode",
          "volumeName");
  private static final Members RESOURCES = Members.of("requests");
  private static final Members REQUESTS = Members.of("storage");

  private final JsonParser json;
  private final boolean origin;
  private final PersistentVolumeClaim claim = new PersistentVolumeClaim();
  private @Nullable Map<?, ?> dataSourceRef;
  private boolean hasClassField;
  private boolean namesDataSource;

  /** What is not as in a claim. */
  private @Nullable String odd;

  /**
   * @param origin whether what tells who named the storage class is read
   */
  private ClaimParser(JsonParser json, boolean origin) {
    this.json = json;
    this.origin = origin;
  }

  /** An object that has been read, or null where there is none. */
  static @Nullable ClaimParser read(JsonParser json, boolean origin) {
    if (!Members.entered(json)) {
      return null;
    }
    var parser = new ClaimParser(json, origin);
    parser.object();
    return parser;
  }

  /** Whether it has a spec that names a data source. */
  boolean namesDataSource() {
    return namesDataSource;
  }

  /** Whether it has a spec without a storage class. */
  boolean lacksClass() {
    return claim.getSpec() != null && claim.getSpec().getStorageClassName() == null;
  }

  /** Whether it has a storage class and no volume. */
  boolean hasClassButNoVolume() {
    var spec = claim.getSpec();
    return spec != null
        && spec.getStorageClassName() != null
        && (spec.getVolumeName() == null || spec.getVolumeName().isEmpty());
  }

  /**
   * The claim.
   *
   * @throws IllegalArgumentException when a field is of another type than a claim has it
   */
  WrittenClaim claim(String namespace) {
    if (odd != null) {
      throw new IllegalArgumentException(odd);
    }
    claim.getMetadata().setNamespace(namespace);
    return new WrittenClaim(claim, hasClassField, dataSourceRef);
  }

  private void object() {
    claim.setMetadata(new ObjectMeta());
    for (var member = OBJECT.next(json); member != null; member = OBJECT.next(json)) {
      if (isObject()) {
        switch (member) {
          case "metadata" -> metadata(claim.getMetadata());
          default -> claim.setSpec(spec());
        }
      }
    }
  }

  private void metadata(ObjectMeta metadata) {
    var members = origin ? METADATA_AND_ORIGIN : METADATA;
    for (var member = members.next(json); member != null; member = members.next(json)) {
      switch (member) {
        case "name" -> metadata.setName(text());
        case "generateName" -> metadata.setGenerateName(text());
        case "annotations" -> metadata.setAnnotations(annotations());
        default -> metadata.setManagedFields(list(this::managed));
      }
    }
  }

  private Map<String, String> annotations() {
    if (!isObject()) {
      return Map.of();
    }
    var annotations = new LinkedHashMap<String, String>();
    for (var name = json.nextName(); name != null; name = json.nextName()) {
      json.nextToken();
      if (origin || !name.equals(ClassOrigin.LAST_APPLIED)) {
        annotations.put(name, text());
      } else {
        json.skipChildren();
      }
    }
    return annotations;
  }

  private ManagedFieldsEntry managed() {
    var entry = new ManagedFieldsEntry();
    if (isObject()) {
      for (var member = MANAGED.next(json); member != null; member = MANAGED.next(json)) {
        switch (member) {
          case "subresource" -> entry.setSubresource(text());
          default -> entry.setFieldsV1(owned());
        }
      }
    }
    return entry;
  }

  private FieldsV1 owned() {
    var owned = new FieldsV1();
    if (isObject()) {
      while (OWNED.next(json) != null) {
        var ofSpec = new LinkedHashMap<String, Object>();
        if (Members.entered(json)) {
          for (var name = OWNED_OF_SPEC.next(json); name != null; name = OWNED_OF_SPEC.next(json)) {
            ofSpec.put(name, Map.of());
            json.skipChildren();
          }
        }
        owned.setAdditionalProperty("f:spec", ofSpec);
      }
    }
    return owned;
  }

  private PersistentVolumeClaimSpec spec() {
    var spec = new PersistentVolumeClaimSpec();
    for (var member = SPEC.next(json); member != null; member = SPEC.next(json)) {
      switch (member) {
        case "accessModes" -> spec.setAccessModes(list(this::text));
        case "dataSource" -> spec.setDataSource(dataSource());
        case "dataSourceRef" -> spec.setDataSourceRef(dataSourceRef());
        case "resources" -> spec.setResources(resources());
        case "selector" -> spec.setSelector(selector());
        case "storageClassName" -> {
          hasClassField = true;
          spec.setStorageClassName(text());
        }
        case "volumeMode" -> spec.setVolumeMode(text());
        default -> spec.setVolumeName(text());
      }
    }
    return spec;
  }

  private @Nullable TypedLocalObjectReference dataSource() {
    var raw = reference();
    if (raw == null) {
      return null;
    }
    var reference = new TypedLocalObjectReference();
    reference.setApiGroup(text(raw.get("apiGroup")));
    reference.setKind(text(raw.get("kind")));
    reference.setName(text(raw.get("name")));
    return reference;
  }

  private @Nullable TypedObjectReference dataSourceRef() {
    var raw = reference();
    dataSourceRef = raw;
    if (raw == null) {
      return null;
    }
    var reference = new TypedObjectReference();
    reference.setApiGroup(text(raw.get("apiGroup")));
    reference.setKind(text(raw.get("kind")));
    reference.setName(text(raw.get("name")));
    reference.setNamespace(text(raw.get("namespace")));
    return reference;
  }

  /** With all that the model does not know. */
  private @Nullable Map<?, ?> reference() {
    namesDataSource |= !json.hasToken(JsonToken.VALUE_NULL);
    return isObject() ? JsonTree.object(json) : null;
  }

  private VolumeResourceRequirements resources() {
    var resources = new VolumeResourceRequirements();
    if (isObject()) {
      while (RESOURCES.next(json) != null) {
        if (isObject()) {
          while (REQUESTS.next(json) != null) {
            var storage = size();
            resources.setRequests(storage == null ? null : Map.of("storage", storage));
          }
        }
      }
    }
    return resources;
  }

  private @Nullable Quantity size() {
    boolean number = json.currentToken() != null && json.currentToken().isNumeric();
    var text = number ? json.getString() : text();
    try {
      return text == null ? null : Quantity.parse(text);
    } catch (IllegalArgumentException e) {
      odd = "not a quantity: " + text;
      return null;
    }
  }

  private @Nullable LabelSelector selector() {
    if (!isObject()) {
      return null;
    }
    json.skipChildren();
    return new LabelSelector();
  }

  private <T> List<T> list(Supplier<@Nullable T> element) {
    var list = new ArrayList<T>(4);
    if (json.hasToken(JsonToken.START_ARRAY)) {
      while (json.nextToken() != JsonToken.END_ARRAY) {
        T one = element.get();
        if (one != null) {
          list.add(one);
        }
      }
    } else {
      expectNull();
    }
    return list;
  }

  private boolean isObject() {
    if (json.hasToken(JsonToken.START_OBJECT)) {
      return true;
    }
    expectNull();
    return false;
  }

  private @Nullable String text() {
    if (json.hasToken(JsonToken.VALUE_STRING)) {
      return json.getString();
    }
    expectNull();
    return null;
  }

  private @Nullable String text(@Nullable Object value) {
    if (value == null || value instanceof String) {
      return (String) value;
    }
    odd = "not a text: " + value;
    return null;
  }

  private void expectNull() {
    if (!json.hasToken(JsonToken.VALUE_NULL)) {
      odd = "of another type: " + json.currentName();
      json.skipChildren();
    }
  }
}
