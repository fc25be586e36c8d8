package io.csiclone.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/** Results as files. */
final class Results {

  /** Where they go unless told otherwise. */
  static final Path FOLDER = Path.of("benchmarks/target");

  private Results() {}

  /** Writes {@code NAME.json}. */
  static Path write(Path folder, String name, List<?> rows) throws IOException {
    Files.createDirectories(folder);
    Path json = folder.resolve(name + ".json");
    Files.writeString(
        json,
        JsonMapper.builder().build().writerWithDefaultPrettyPrinter().writeValueAsString(rows));
    return json;
  }
}
