package io.csiclone.webhook;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * One operation of a JSON patch (RFC 6902). Patches are written by hand and never as a difference
 * of two objects, since an object that went through a model has lost what the model does not know.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record PatchOperation(String op, String path, @Nullable Object value) {

  static PatchOperation add(String path, Object value) {
    return new PatchOperation("add", path, value);
  }

  static PatchOperation replace(String path, String value) {
    return new PatchOperation("replace", path, value);
  }

  static PatchOperation remove(String path) {
    return new PatchOperation("remove", path, null);
  }
}
