package io.csiclone.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The bench in its small form: that it runs and leaves nothing, not what comes out. */
class CopyBenchTest {

  @TempDir private Path folder = Path.of("");

  private final StringWriter out = new StringWriter();

  private int run(String... arguments) {
    return new CommandLine(CopyBench.class)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(out, true))
        .execute(arguments);
  }

  private JsonNode json(String name) throws Exception {
    return JsonMapper.builder().build().readTree(Files.readString(folder.resolve(name)));
  }

  @Test
  @Tag("native")
  void filesDevicesReflinksAndManyVolumesAreCopiedByEverybodyAndCompared() throws Exception {
    Path work = folder.resolve("work");
    int exit =
        run(
            "--quick",
            "--dir=" + work,
            "--results=" + folder,
            "--svg=" + folder.resolve("ratios.svg"),
            "--case=dense",
            "--case=loop-sparse",
            "--case=reflink",
            "--case=volumes");

    assertThat(exit).as(out.toString()).isZero();
    assertThat(json("copy.json").findValuesAsString("case").stream().distinct())
        .hasSize(4)
        .anyMatch(name -> name.startsWith("loop to loop"))
        .anyMatch(name -> name.startsWith("XFS reflink"));
    assertThat(json("copy-contestants.json").findValuesAsString("contestant"))
        .contains("ours", "cp", "dd");
    assertThat(folder.resolve("ratios.svg")).content().contains("<svg");
    assertThat(work).as("volumes that were left behind").isEmptyDirectory();
  }

  @Test
  void anUnknownCaseIsNamedWithThoseThereAre() {
    assertThat(run("--case=thick")).isEqualTo(2);
    assertThat(out.toString()).contains("--case", "thick", "sparse-64k");
  }

  @Test
  void noRoundsAtAllAreAMistake() {
    assertThat(run("--quick", "--rounds=0")).isEqualTo(2);
    assertThat(out.toString()).contains("--rounds", "1 or more");
  }
}
