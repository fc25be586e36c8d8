package io.csiclone.csi;

import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** Checks of single request fields. A refusal names the field as the CSI specification does. */
final class Fields {

  private static final int LONGEST_NAME = 128;
  private static final Pattern FS_TYPE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,31}");

  private Fields() {}

  static String required(String field, String value) {
    if (value.isEmpty()) {
      throw Refusal.invalid(field, "is missing");
    }
    return value;
  }

  /**
   * At most 128 bytes; control characters other than white space are banned by the specification.
   */
  static String name(String field, String value) {
    required(field, value);
    int bytes = value.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > LONGEST_NAME) {
      throw Refusal.invalid(field, "has " + bytes + " bytes, at most 128 are allowed");
    }
    if (value.codePoints().anyMatch(c -> Character.isISOControl(c) && "\t\n\r".indexOf(c) < 0)) {
      throw Refusal.invalid(field, "contains a control character");
    }
    return value;
  }

  static Path absolutePath(String field, String value) {
    required(field, value);
    Path path;
    try {
      path = Path.of(value);
    } catch (InvalidPathException e) {
      throw Refusal.invalid(field, "is not a path: " + e.getReason());
    }
    if (!path.isAbsolute()) {
      throw Refusal.invalid(field, "must be an absolute path, not " + Refusal.shown(value));
    }
    if (!path.equals(path.normalize())) {
      throw Refusal.invalid(field, "must not contain \".\" or \"..\": " + Refusal.shown(value));
    }
    return path;
  }

  /** A filesystem's name, or empty. It ends up in command lines, so only plain words pass. */
  static String fsType(String field, String value) {
    if (!value.isEmpty() && !FS_TYPE.matcher(value).matches()) {
      throw Refusal.invalid(field, "is not the name of a filesystem: " + Refusal.shown(value));
    }
    return value;
  }

  static long size(String field, long bytes) {
    if (bytes < 0) {
      throw Refusal.invalid(field, "must not be negative, but is " + bytes);
    }
    return bytes;
  }
}
