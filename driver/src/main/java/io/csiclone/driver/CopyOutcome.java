package io.csiclone.driver;

import io.csiclone.copy.CopyReport;
import io.csiclone.copy.VolumeDigest;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * What the copy command prints about a copy, as lines or as JSON. The names are the JSON's keys, so
 * that scripts do not depend on the engine's types. Sizes in bytes.
 *
 * @param source what was copied
 * @param target the copy
 * @param method the method that moved the data, or most of it
 * @param sourceBytes the source's length
 * @param read bytes that passed through the engine
 * @param cloned bytes whose extents are shared
 * @param written bytes written to the target
 * @param skipped bytes of holes and zeros that were not written
 * @param holes of the skipped ones, those not even read
 * @param zeroed bytes of the target made zeros by a command
 * @param digest the digest of the source, when asked for and computed
 * @param passedOver faster methods that were not used
 * @param byMethod bytes that each method moved or shared
 * @param resumed bytes that an earlier copy had brought to the medium
 * @param startedOver why the journal of an earlier copy did not help
 * @param milliseconds until all was on the medium and verified
 * @param copyingMilliseconds of them, until the last byte was handed to the kernel
 * @param flushingMilliseconds of them, the last flush
 * @param comparingMilliseconds of them, reading back
 */
record CopyOutcome(
    String source,
    String target,
    String method,
    long sourceBytes,
    long read,
    long cloned,
    long written,
    long skipped,
    long holes,
    long zeroed,
    @Nullable String digest,
    List<Missed> passedOver,
    Map<String, Long> byMethod,
    long resumed,
    @Nullable String startedOver,
    long milliseconds,
    long copyingMilliseconds,
    long flushingMilliseconds,
    long comparingMilliseconds) {

  /** A method that was not used, and why. */
  record Missed(String method, String reason) {}

  static CopyOutcome of(Path source, Path target, CopyReport report) {
    return new CopyOutcome(
        source.toString(),
        target.toString(),
        report.method().name(),
        report.sourceBytes(),
        report.read(),
        report.cloned(),
        report.written(),
        report.skipped(),
        report.holes(),
        report.zeroed(),
        report.digest().map(VolumeDigest::toString).orElse(null),
        report.passedOver().stream()
            .map(missed -> new Missed(missed.method().name(), missed.reason()))
            .toList(),
        byMethod(report),
        report.resumed(),
        report.startedOver().orElse(null),
        report.took().toMillis(),
        report.phases().copying().toMillis(),
        report.phases().flushing().toMillis(),
        report.phases().comparing().toMillis());
  }

  private static Map<String, Long> byMethod(CopyReport report) {
    Map<String, Long> bytes = new TreeMap<>();
    report.byMethod().forEach((method, moved) -> bytes.put(method.name(), moved));
    return bytes;
  }

  String toJson() {
    return JsonMapper.builder().build().writeValueAsString(this);
  }

  /** One line for each figure. */
  String toText() {
    StringBuilder text = new StringBuilder();
    line(text, "method", method);
    line(text, "source", sourceBytes);
    line(text, "read", read);
    line(text, "cloned", cloned);
    line(text, "written", written);
    line(text, "skipped", skipped);
    line(text, "holes", holes);
    line(text, "zeroed", zeroed);
    if (resumed > 0) {
      line(text, "resumed", resumed);
    }
    if (startedOver != null) {
      line(text, "started over:", startedOver);
    }
    line(text, "milliseconds", milliseconds);
    if (digest != null) {
      line(text, "digest", digest);
    }
    passedOver.forEach(missed -> line(text, "not " + missed.method() + ":", missed.reason()));
    return text.toString().stripTrailing();
  }

  private static void line(StringBuilder text, String key, Object value) {
    text.append(key).append(' ').append(value).append(System.lineSeparator());
  }
}
