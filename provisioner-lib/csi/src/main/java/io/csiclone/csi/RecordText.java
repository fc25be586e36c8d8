package io.csiclone.csi;

import io.csiclone.csiproto.VolumeCapability.AccessMode.Mode;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A volume's record as text that an administrator can read: Java properties. */
final class RecordText {

  private static final String FORMAT = "1";

  private RecordText() {}

  static String write(VolumeRecord record) {
    CreateRequest request = record.request();
    Properties text = new Properties();
    text.setProperty("format", FORMAT);
    text.setProperty("volume-id", record.volumeId());
    text.setProperty("state", record.state().name());
    text.setProperty("capacity-bytes", Long.toString(record.capacityBytes()));
    text.setProperty("name", request.name());
    text.setProperty("required-bytes", Long.toString(request.requiredBytes()));
    text.setProperty("limit-bytes", Long.toString(request.limitBytes()));
    text.setProperty("access-type", request.capabilities().accessType().name());
    text.setProperty("fs-type", request.capabilities().fsType());
    text.setProperty(
        "access-modes",
        request.capabilities().modes().stream()
            .map(Mode::name)
            .sorted()
            .collect(Collectors.joining(" ")));
    if (request.source() != null) {
      text.setProperty(sourceKey(request.source().kind()), request.source().id());
    }
    request.parameters().forEach((key, value) -> text.setProperty("parameter." + key, value));
    for (int i = 0; i < request.requisite().size(); i++) {
      String prefix = "requisite." + i + ".";
      request.requisite().get(i).forEach((key, value) -> text.setProperty(prefix + key, value));
    }
    record.context().forEach((key, value) -> text.setProperty("context." + key, value));
    if (record.madeAt() != null) {
      text.setProperty("made-at", record.madeAt().toString());
    }
    if (record.failure() != null) {
      text.setProperty("failure-reason", record.failure().reason().name());
      text.setProperty("failure-message", record.failure().message());
    }
    StringWriter out = new StringWriter();
    try {
      text.store(out, null);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toString();
  }

  /**
   * @throws IllegalArgumentException when the text is not a record of this format
   */
  static VolumeRecord read(String content) {
    Properties text = new Properties();
    try {
      text.load(new StringReader(content));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (!FORMAT.equals(text.getProperty("format"))) {
      throw new IllegalArgumentException("format is " + text.getProperty("format") + ", not 1");
    }
    CapabilitySet capabilities =
        new CapabilitySet(
            AccessType.valueOf(required(text, "access-type")),
            required(text, "fs-type"),
            Arrays.stream(required(text, "access-modes").split(" "))
                .map(Mode::valueOf)
                .collect(Collectors.toSet()));
    CreateRequest request =
        new CreateRequest(
            required(text, "name"),
            Long.parseLong(required(text, "required-bytes")),
            Long.parseLong(required(text, "limit-bytes")),
            capabilities,
            withPrefix(text, "parameter."),
            source(text),
            requisite(text));
    String reason = text.getProperty("failure-reason");
    String madeAt = text.getProperty("made-at");
    return new VolumeRecord(
        required(text, "volume-id"),
        VolumeRecord.State.valueOf(required(text, "state")),
        request,
        Long.parseLong(required(text, "capacity-bytes")),
        withPrefix(text, "context."),
        madeAt == null ? null : instant(madeAt),
        reason == null ? null : failure(reason, text));
  }

  private static Instant instant(String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException("made-at is no time: " + text, e);
    }
  }

  private static String sourceKey(ContentSource.Kind kind) {
    return "source-" + kind.word() + "-id";
  }

  private static @Nullable ContentSource source(Properties text) {
    for (ContentSource.Kind kind : ContentSource.Kind.values()) {
      String id = text.getProperty(sourceKey(kind));
      if (id != null) {
        return new ContentSource(kind, id);
      }
    }
    return null;
  }

  private static VolumeRecord.Failure failure(String reason, Properties text) {
    return new VolumeRecord.Failure(
        Refusal.Reason.valueOf(reason), required(text, "failure-message"));
  }

  private static String required(Properties text, String key) {
    @Nullable String value = text.getProperty(key);
    if (value == null) {
      throw new IllegalArgumentException(key + " is missing");
    }
    return value;
  }

  private static Map<String, String> withPrefix(Properties text, String prefix) {
    Map<String, String> found = new HashMap<>();
    for (String key : text.stringPropertyNames()) {
      if (key.startsWith(prefix)) {
        found.put(key.substring(prefix.length()), required(text, key));
      }
    }
    return found;
  }

  private static List<Map<String, String>> requisite(Properties text) {
    Map<Integer, Map<String, String>> terms = new TreeMap<>();
    withPrefix(text, "requisite.")
        .forEach((key, value) -> {
          int dot = key.indexOf('.');
          terms
              .computeIfAbsent(Integer.valueOf(key.substring(0, dot)), i -> new HashMap<>())
              .put(key.substring(dot + 1), value);
        });
    return List.copyOf(terms.values());
  }
}
