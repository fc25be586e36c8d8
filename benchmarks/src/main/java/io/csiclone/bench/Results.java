package io.csiclone.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/** Where results go: {@code benchmarks/target/NAME.json}. */
final class Results {

  static final Path FOLDER = Path.of("benchmarks/target");

  private Results() {}

  static Path write(String name, List<?> rows) throws IOException {
    Files.createDirectories(FOLDER);
    Path json = FOLDER.resolve(name + ".json");
    Files.writeString(
        json,
        JsonMapper.builder().build().writerWithDefaultPrettyPrinter().writeValueAsString(rows));
    return json;
  }
}
