package io.csiclone.csi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * docs/status-codes.md, row by row: each situation is brought about and the answer compared with
 * what the page says. A row that nothing brings about fails, and so does a situation without a row.
 */
class StatusCodesTest {

  private static final Path PAGE = Path.of("..", "..", "docs", "status-codes.md");
  private static final Pattern ROW =
      Pattern.compile("\\| `(\\w+)` \\| (.+?) \\| `([A-Z_]+)` \\|.*");

  private record Row(String call, String situation, Code code) {
    String name() {
      return call + ": " + situation;
    }
  }

  private static List<Row> rows() throws IOException {
    List<Row> rows = new ArrayList<>();
    for (String line : Files.readAllLines(PAGE)) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        rows.add(new Row(row.group(1), row.group(2), Code.valueOf(row.group(3))));
      } else if (line.startsWith("| `")) {
        throw new AssertionError("not a row of the table: " + line);
      }
    }
    return rows;
  }

  private static Map<String, Situation> situations() {
    Map<String, Situation> all = new LinkedHashMap<>();
    all.putAll(ControllerSituations.all());
    all.putAll(SnapshotSituations.all());
    all.putAll(NodeSituations.all());
    return all;
  }

  @TestFactory
  Stream<DynamicTest> eachRowIsTrue(@TempDir Path folder) throws IOException {
    Map<String, Situation> situations = situations();
    return rows().stream()
        .map(row ->
            dynamicTest(
                row.name(),
                () -> {
                  Situation situation =
                      Optional.ofNullable(situations.get(row.name()))
                          .orElseThrow(() -> new AssertionError("nothing brings it about"));
                  Path own = Files.createTempDirectory(folder, "driver");
                  assertThat(answer(own, situation)).isEqualTo(row.code());
                }));
  }

  private static Code answer(Path folder, Situation situation) throws Exception {
    try (TestDriver driver = new TestDriver(folder)) {
      try {
        situation.bringAbout(driver);
        return Code.OK;
      } catch (StatusRuntimeException e) {
        return e.getStatus().getCode();
      }
    }
  }

  @Test
  void eachSituationHasARow() throws IOException {
    assertThat(rows().stream().map(Row::name)).doesNotHaveDuplicates();
    assertThat(situations().keySet())
        .containsExactlyInAnyOrderElementsOf(rows().stream().map(Row::name).toList());
  }
}
