package io.csiclone.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.it.ReviewRecorder.Recorded;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

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
    return VOLATILE.matcher(review).replaceAll("…");
  }
}
