package io.csiclone.driver;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One line of {@code /proc/self/mountinfo}, see proc(5).
 *
 * @param device {@code major:minor} of the files in it
 * @param root what of the filesystem is mounted, as a path inside it
 * @param point where it is mounted
 * @param options the mount's own options
 * @param propagation the optional fields, for instance {@code shared:1}
 * @param fsType the filesystem
 * @param source the filesystem's own word for what is mounted, for instance {@code /dev/loop3}
 * @param superOptions the filesystem's options, the same for all its mounts
 */
record Mount(
    String device,
    String root,
    Path point,
    List<String> options,
    List<String> propagation,
    String fsType,
    String source,
    List<String> superOptions) {

  boolean readOnly() {
    return options.contains("ro");
  }

  /**
   * Whether the filesystem itself refuses writes although this mount would let them through. Newer
   * kernels leave ext4 writable by its flags after an error and say so in options of their own.
   */
  boolean wentReadOnly() {
    return !readOnly()
        && Stream.of("ro", "emergency_ro", "shutdown").anyMatch(superOptions::contains);
  }

  boolean shared() {
    return propagation.stream().anyMatch(field -> field.startsWith("shared:"));
  }

  /** Parses a line; empty when it is not of the form that proc(5) describes. */
  static Optional<Mount> parse(String line) {
    String[] fields = line.split(" ");
    int separator = List.of(fields).indexOf("-");
    if (separator < 6 || fields.length < separator + 4) {
      return Optional.empty();
    }
    return Optional.of(
        new Mount(
            fields[2],
            unescape(fields[3]),
            Path.of(unescape(fields[4])),
            List.of(fields[5].split(",")),
            List.of(fields).subList(6, separator),
            fields[separator + 1],
            unescape(fields[separator + 2]),
            List.of(fields[separator + 3].split(","))));
  }

  /** The kernel writes space, tab, newline and backslash as a backslash and three octal digits. */
  private static String unescape(String field) {
    if (field.indexOf('\\') < 0) {
      return field;
    }
    byte[] bytes = field.getBytes(StandardCharsets.UTF_8);
    byte[] plain = new byte[bytes.length];
    int length = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == '\\' && octal(bytes, i + 1)) {
        plain[length++] =
            (byte) ((bytes[i + 1] - '0') << 6 | (bytes[i + 2] - '0') << 3 | (bytes[i + 3] - '0'));
        i += 3;
      } else {
        plain[length++] = bytes[i];
      }
    }
    return new String(plain, 0, length, StandardCharsets.UTF_8);
  }

  private static boolean octal(byte[] bytes, int from) {
    if (from + 3 > bytes.length) {
      return false;
    }
    for (int i = from; i < from + 3; i++) {
      if (bytes[i] < '0' || bytes[i] > '7') {
        return false;
      }
    }
    return true;
  }
}
