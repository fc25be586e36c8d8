package io.csiclone.copy;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;

/**
 * What a journal says, as lines of text behind one that names the format and before one with their
 * checksum.
 *
 * @param source identity of the source
 * @param sourceVersion the state it was in
 * @param sourceBytes its length
 * @param target identity of the target
 * @param targetBytes its length
 * @param granuleBytes the length of a granule
 * @param below all granules below this one are on the medium
 * @param beyond and these
 * @param digest the sum over them, when the copy is digested
 * @param cloned bytes that were shared, so that they are in no digest
 */
record JournalEntry(
    String source,
    String sourceVersion,
    long sourceBytes,
    String target,
    long targetBytes,
    long granuleBytes,
    long below,
    SortedSet<Long> beyond,
    Optional<BlockDigest> digest,
    long cloned) {

  private static final String FORMAT = "csi-clone-copy-journal ";
  private static final String VERSION = "1";

  /** Why a text is no journal to go on from. */
  static final class Unusable extends Exception {
    private static final long serialVersionUID = 1L;

    Unusable(String reason) {
      super(reason);
    }
  }

  String text() {
    String body =
        FORMAT
            + VERSION
            + "\n"
            + line("source", source)
            + line("source-version", sourceVersion)
            + line("source-bytes", sourceBytes)
            + line("target", target)
            + line("target-bytes", targetBytes)
            + line("granule-bytes", granuleBytes)
            + line("done-below", below)
            + line(
                "done-beyond",
                beyond.stream().map(String::valueOf).collect(Collectors.joining(" ")))
            + line(
                "digest",
                digest.map(sum -> "%016x%016x".formatted(sum.high(), sum.low())).orElse("off"))
            + line("cloned", cloned);
    return body + line("crc32c", checksum(body));
  }

  private static String line(String name, Object value) {
    return name + " " + value + "\n";
  }

  private static String checksum(String body) {
    CRC32C crc = new CRC32C();
    crc.update(body.getBytes(StandardCharsets.UTF_8));
    return "%08x".formatted(crc.getValue());
  }

  static JournalEntry parse(String text) throws Unusable {
    int last = text.lastIndexOf("crc32c ");
    if (!text.startsWith(FORMAT) || last < 0) {
      throw new Unusable(text.isEmpty() ? "it is empty" : "it is truncated or no journal");
    }
    String body = text.substring(0, last);
    if (!text.substring(last).equals(line("crc32c", checksum(body)))) {
      throw new Unusable("its checksum is wrong");
    }
    Map<String, String> values = new HashMap<>();
    body.lines()
        .forEach(line -> {
          String[] parts = line.split(" ", 2);
          values.put(parts[0], parts.length == 2 ? parts[1] : "");
        });
    String version = values.getOrDefault(FORMAT.strip(), "");
    if (!version.equals(VERSION)) {
      throw new Unusable("it is of format " + version + ", and this is format " + VERSION);
    }
    try {
      return of(values);
    } catch (IllegalArgumentException e) {
      throw new Unusable("it makes no sense: " + e.getMessage());
    }
  }

  private static JournalEntry of(Map<String, String> values) {
    SortedSet<Long> beyond = new TreeSet<>();
    for (String number : value(values, "done-beyond").split(" ", -1)) {
      if (!number.isEmpty()) {
        beyond.add(Long.parseLong(number));
      }
    }
    String digest = value(values, "digest");
    Optional<BlockDigest> sum =
        digest.equals("off")
            ? Optional.empty()
            : Optional.of(
                new BlockDigest(
                    Long.parseUnsignedLong(digest, 0, 16, 16),
                    Long.parseUnsignedLong(digest, 16, 32, 16)));
    JournalEntry entry =
        new JournalEntry(
            value(values, "source"),
            value(values, "source-version"),
            number(values, "source-bytes"),
            value(values, "target"),
            number(values, "target-bytes"),
            number(values, "granule-bytes"),
            number(values, "done-below"),
            beyond,
            sum,
            number(values, "cloned"));
    if (entry.granuleBytes < BlockDigest.BLOCK || entry.granuleBytes % BlockDigest.BLOCK != 0) {
      throw new IllegalArgumentException("granule-bytes " + entry.granuleBytes);
    }
    return entry;
  }

  private static long number(Map<String, String> values, String name) {
    return Long.parseLong(value(values, name));
  }

  private static String value(Map<String, String> values, String name) {
    String value = values.get(name);
    if (value == null) {
      throw new IllegalArgumentException(name + " is missing");
    }
    return value;
  }
}
