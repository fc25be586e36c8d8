package io.csiclone.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.it.ReviewRecorder.Recorded;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The reviews that the webhook's tests read, one folder for each version of the API server. They
 * are written when {@code csiclone.record} is set; otherwise what the server sends must be what was
 * recorded of its version.
 */
final class RecordedReviews {

  private static final boolean RECORDING = Boolean.getBoolean("csiclone.record");

  /** What differs between two recordings of the same request. */
  private static final Pattern VOLATILE =
      Pattern.compile(
          "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
              + "|\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ"
              + "|\"resourceVersion\":\"\\d+\"");

  private static final KubernetesSerialization JSON = new KubernetesSerialization();

  private final Path folder;

  RecordedReviews(Path root, String serverVersion) {
    folder = root.resolve("webhook/src/test/resources/reviews").resolve(serverVersion);
  }

  /** Keeps the review under that name, or compares it with the one that is kept. */
  void keep(String name, Recorded review) {
    Path file = folder.resolve(name + ".json");
    try {
      if (RECORDING) {
        Files.createDirectories(folder);
        Files.writeString(file, review.body() + "\n");
      } else if (Files.isDirectory(folder)) {
        assertThat(file).as("recorded reviews; ./dev record reviews writes them").exists();
        assertThat(lasting(review.body()))
            .as("the review %s as this server sends it, and as %s has it", name, file)
            .isEqualTo(lasting(Files.readString(file).strip()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String lasting(String review) {
    Object whole = JSON.unmarshal(review, Map.class);
    return VOLATILE.matcher(JSON.asJson(inOneOrder(whole))).replaceAll("…");
  }

  /**
   * With managers sorted by name. The server sorts them by time in whole seconds, so that two which
   * wrote one after the other may come in either order.
   */
  private static @Nullable Object inOneOrder(@Nullable Object node) {
    if (!(node instanceof Map<?, ?> map)) {
      return node;
    }
    var ordered = new LinkedHashMap<Object, @Nullable Object>();
    map.forEach((key, value) ->
        ordered.put(
            key,
            "managedFields".equals(key) && value instanceof List<?> managers
                ? managers.stream().sorted(Comparator.comparing(RecordedReviews::manager)).toList()
                : inOneOrder(value)));
    return ordered;
  }

  private static String manager(Object entry) {
    return entry instanceof Map<?, ?> fields ? String.valueOf(fields.get("manager")) : "";
  }
}
