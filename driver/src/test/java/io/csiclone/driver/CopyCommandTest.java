package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.copy.VolumeDigest;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The command as it is typed: arguments in; exit code, output and the target's bytes out. */
class CopyCommandTest {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path folder = Path.of("");

  private Path source = Path.of("");
  private Path target = Path.of("");

  @BeforeEach
  void makeVolumes() throws Exception {
    byte[] content = new byte[4 << 20];
    new Random(1).nextBytes(content);
    source = Files.write(folder.resolve("source"), content);
    target = Files.write(folder.resolve("target"), new byte[5 << 20]);
  }

  private int run(Object... arguments) {
    String[] words = new String[arguments.length];
    for (int i = 0; i < words.length; i++) {
      words[i] = arguments[i].toString();
    }
    CommandLine command = CopyCommand.commandLine();
    return command
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(words);
  }

  @Test
  void itCopiesAndPrintsWhatItDid() throws Exception {
    assertThat(run(source, target)).as(err.toString()).isZero();
    assertThat(Files.mismatch(source, target)).isEqualTo(4 << 20);
    assertThat(out.toString()).contains("source 4194304", "method ").doesNotContain("digest xxh3");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void verifiedItPrintsTheSourcesDigest() {
    assertThat(run("--verify", source, target)).as(err.toString()).isZero();
    assertThat(out.toString()).contains("digest " + VolumeDigest.of(source));
  }

  @Test
  void theVerificationMayFollowTheVolumes() {
    assertThat(run(source, target, "--verify")).as(err.toString()).isZero();
    assertThat(out.toString()).contains("digest " + VolumeDigest.of(source));
  }

  @Test
  void aLimitSlowsItDown() throws Exception {
    Path device = folder.resolve("sparse-target");
    Files.write(device, new byte[4 << 20]);
    long begun = System.nanoTime();
    assertThat(run("--verify", "--limit=8M", source, device)).as(err.toString()).isZero();
    assertThat(System.nanoTime() - begun).isGreaterThan(450_000_000L);
    assertThat(Files.mismatch(source, device)).isEqualTo(-1);
  }

  @Test
  void theProgressTellsRateAndEndsWithAllBytes() {
    assertThat(run("--progress", source, target)).as(err.toString()).isZero();
    assertThat(err.toString())
        .contains("100%", "4/4 MiB", "MiB/s")
        .endsWith(System.lineSeparator());
  }

  @Test
  void asJsonItPrintsOneObjectAndNothingElse() {
    assertThat(run("--json", "--verify", source, target)).as(err.toString()).isZero();
    JsonNode report = JsonMapper.builder().build().readTree(out.toString());
    assertThat(report.propertyNames())
        .containsExactly(
            "source",
            "target",
            "method",
            "sourceBytes",
            "read",
            "cloned",
            "written",
            "skipped",
            "holes",
            "zeroed",
            "digest",
            "passedOver",
            "byMethod",
            "resumed",
            "startedOver",
            "milliseconds",
            "copyingMilliseconds",
            "flushingMilliseconds",
            "comparingMilliseconds");
    assertThat(report.path("target").asString()).isEqualTo(target.toString());
    assertThat(report.path("sourceBytes").asLong()).isEqualTo(4 << 20);
    assertThat(report.path("digest").asString()).isEqualTo(VolumeDigest.of(source).toString());
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void aFailureLeavesTheJsonOutputEmpty() {
    assertThat(run("--json", source, folder.resolve("missing"))).isEqualTo(3);
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString().strip().lines()).hasSize(1);
  }

  @Test
  void aJournalThatHelpsNobodyIsSaidAndRemoved() throws Exception {
    Path journal = Files.writeString(folder.resolve("target.copy-journal"), "scribble");

    assertThat(run("--resume", source, target)).as(err.toString()).isZero();

    assertThat(out.toString()).contains("started over: it is truncated or no journal");
    assertThat(Files.mismatch(source, target)).isEqualTo(4 << 20);
    assertThat(journal).doesNotExist();
  }

  @Test
  void aJournalForADeviceHasToBeNamed() {
    assertThat(run("--resume", source, "/dev/null")).isEqualTo(2);
    assertThat(err.toString()).contains("--journal FILE", "/dev/null");
  }

  @Test
  void aJournalWithoutResumingIsAMistake() {
    assertThat(run("--journal=" + folder.resolve("journal"), source, target)).isEqualTo(2);
    assertThat(err.toString()).contains("--resume");
  }

  @Test
  void aTargetThatIsTooSmallIsRefusedAndUntouched() throws Exception {
    Path small = Files.write(folder.resolve("small"), new byte[10]);
    assertThat(run(source, small)).isEqualTo(3);
    assertThat(err.toString()).contains(small.toString(), "fewer than");
    assertThat(Files.readAllBytes(small)).isEqualTo(new byte[10]);
  }

  @ParameterizedTest
  @CsvSource({"--limit=0,is no rate", "--limit=5X,is no rate"})
  void anOptionThatCannotBeUsedIsNamed(String option, String message) {
    assertThat(run(option, source, target)).isEqualTo(2);
    assertThat(err.toString()).contains(option.substring(0, option.indexOf('=')), message);
  }

  @Test
  void aMissingTargetIsAskedFor() {
    assertThat(run(source)).isEqualTo(2);
    assertThat(err.toString()).contains("TARGET");
  }
}
