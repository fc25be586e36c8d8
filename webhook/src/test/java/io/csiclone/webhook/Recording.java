package io.csiclone.webhook;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * An admission review as a real API server sent it. The README beside the recordings says how they
 * came about.
 *
 * @param server the server's version, such as {@code v1.20.2}
 * @param name who wrote the claim and what it said, then the phase: {@code
 *     kubectl-apply.nothing.mutate}
 * @param body byte by byte what was sent
 */
record Recording(String server, String name, String body) {

  private static final JsonMapper JSON = JsonMapper.shared();

  static List<Recording> all() {
    try (var files = Files.walk(folder())) {
      return files
          .filter(file -> file.toString().endsWith(".json"))
          .sorted()
          .map(Recording::read)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Those whose name matches. */
  static List<Recording> named(String regex) {
    var found = all().stream().filter(recording -> recording.name.matches(regex)).toList();
    if (found.isEmpty()) {
      throw new AssertionError("no recording is named like " + regex);
    }
    return found;
  }

  private static Path folder() {
    try {
      return Path.of(Objects.requireNonNull(Recording.class.getResource("/reviews")).toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  private static Recording read(Path file) {
    try {
      return new Recording(
          Objects.requireNonNull(file.getParent()).getFileName().toString(),
          file.getFileName().toString().replaceFirst("\\.json$", ""),
          Files.readString(file).strip());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  byte[] bytes() {
    return body.getBytes(StandardCharsets.UTF_8);
  }

  /** A copy that a test may change. */
  ObjectNode review() {
    return (ObjectNode) JSON.readTree(body);
  }

  @Override
  public String toString() {
    return server + " " + name;
  }
}
