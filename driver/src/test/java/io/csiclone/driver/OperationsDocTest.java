package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** docs/operations-driver.md says what is built: every option with its default, every metric. */
class OperationsDocTest {

  private static final Path ROOT =
      Path.of(System.getProperty("basedir", System.getProperty("user.dir"))).resolve("..");

  /** The second column of the table with that heading of the first, by the first. */
  private static Map<String, String> table(String heading) throws IOException {
    var rows = new LinkedHashMap<String, String>();
    boolean inside = false;
    for (String line : Files.readAllLines(ROOT.resolve("docs/operations-driver.md"))) {
      inside = line.startsWith("| " + heading + " |") || inside && line.startsWith("|");
      if (inside && line.startsWith("| `")) {
        String[] cells = line.split(" \\| ", -1);
        rows.put(cells[0].replaceAll("[| `]", ""), cells[1].replace("`", "").strip());
      }
    }
    assertThat(rows).as("rows of the table headed '%s'", heading).isNotEmpty();
    return rows;
  }

  @Test
  void everyOptionIsInTheTableWithItsDefaultAndNoOther() throws IOException {
    var options = new LinkedHashMap<String, String>();
    ReflinkDriver.commandLine().getCommandSpec().options().stream()
        .filter(option -> !option.usageHelp() && !option.versionHelp())
        .forEach(option ->
            options.put(
                option.longestName(),
                option.required() && option.group() == null
                    ? "required"
                    : option.arity().max() == 0
                        ? "no"
                        : option.defaultValue() == null ? "none" : option.defaultValue()));

    assertThat(table("option")).containsExactlyInAnyOrderEntriesOf(options);
  }

  @Test
  void theChartsDefaultsAreThoseOfTheProcess() throws IOException {
    Map<?, ?> values =
        new KubernetesSerialization()
            .unmarshal(
                Files.readString(ROOT.resolve("charts/reflink-driver/values.yaml")), Map.class);
    Map<String, String> options = table("option");

    assertThat(values.get("copies"))
        .isEqualTo(
            Map.of(
                "perPool", Integer.valueOf(options.get("--copies")),
                "perSource", Integer.valueOf(options.get("--copies-per-source"))));
    assertThat(values.get("provisioner")).isEqualTo(options.get("--provisioner"));
    assertThat(values.get("sweepMinutes"))
        .isEqualTo(Integer.valueOf(options.get("--sweep-minutes")));
  }

  @Test
  void everyMetricIsInTheTableAndNoOther() throws IOException {
    TreeSet<String> names =
        new DriverMetrics(new CloneProgress())
            .text()
            .lines()
            .filter(line -> line.startsWith("# TYPE "))
            .map(line -> line.split(" ", -1)[2])
            .collect(Collectors.toCollection(TreeSet::new));

    assertThat(table("metric").keySet()).containsExactlyInAnyOrderElementsOf(names);
  }
}
