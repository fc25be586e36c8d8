package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.csiclone.copy.VolumeDigest;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The copy command as a process: its exit codes, what it does on a signal, and on a terminal. */
@Tag("embedded")
class CopyExecutableTest {

  private static final int SIZE = 32 << 20;
  private static final Pattern HALFWAY = Pattern.compile("\\b([1-9]|[12][0-9])/32 MiB");
  private static final Pattern SOME_DONE = Pattern.compile("done-(below|beyond) [1-9]");
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir private Path folder;

  /** On a filesystem of its own, so that no extents can be shared and a limit slows the copy. */
  private Path elsewhere;

  private Path source;
  private Path target;
  private Path output;
  private final List<Process> started = new ArrayList<>();

  @BeforeEach
  void makeVolumes() throws IOException {
    byte[] content = new byte[SIZE];
    new Random(1).nextBytes(content);
    source = Files.write(folder.resolve("source"), content);
    elsewhere = Files.createTempDirectory(Path.of("/dev/shm"), "copy");
    target = Files.write(elsewhere.resolve("target"), new byte[SIZE]);
    output = folder.resolve("output");
  }

  @AfterEach
  void stop() throws IOException {
    started.forEach(Process::destroyForcibly);
    Files.deleteIfExists(target);
    Files.delete(elsewhere);
  }

  @Test
  void aCopyEndsWithZero() throws Exception {
    Process copy = start(command(source.toString(), target.toString()));

    assertThat(exitOf(copy)).as(said()).isZero();
    assertThat(Files.mismatch(source, target)).isEqualTo(-1);
  }

  @Test
  void aFailedWriteEndsWithOneAndNamesThePath() throws Exception {
    // Files of this process end at one block of ulimit's, which is less than the volume.
    List<String> limited =
        new ArrayList<>(List.of("sh", "-c", "ulimit -f 2048; exec \"$@\"", "sh"));
    limited.addAll(command(source.toString(), target.toString()));

    assertThat(exitOf(start(limited))).as(said()).isEqualTo(1);
    assertThat(said().strip().lines()).as(said()).hasSize(1);
    assertThat(said()).contains(target.toString(), "EFBIG");
  }

  @Test
  void anUnknownOptionEndsWithTwo() throws Exception {
    Process copy = start(command("--fast", source.toString(), target.toString()));

    assertThat(exitOf(copy)).isEqualTo(2);
    assertThat(said()).contains("--fast");
  }

  @Test
  void aRefusedCopyEndsWithThreeAndLeavesTheTargetAsItWas() throws Exception {
    Process copy = start(command(folder.resolve("missing").toString(), target.toString()));

    assertThat(exitOf(copy)).isEqualTo(3);
    assertThat(said().strip().lines()).as(said()).hasSize(1);
    assertThat(said()).contains(folder.resolve("missing").toString());
    assertThat(Files.readAllBytes(target)).isEqualTo(new byte[SIZE]);
  }

  @Test
  void aSourceWrittenToMeanwhileEndsWithFour() throws Exception {
    Process copy =
        start(
            command("--verify", "--progress", "--limit=8M", source.toString(), target.toString()));
    awaitHalfway(copy);

    try (RandomAccessFile file = new RandomAccessFile(source.toFile(), "rw")) {
      int first = file.read();
      file.seek(0);
      file.write(~first);
    }

    assertThat(exitOf(copy)).as(said()).isEqualTo(4);
    assertThat(said()).contains(target.toString(), "offset 0");
  }

  @Test
  void aSignalStopsItAtOnceWithTheTargetNamedAsNoCopy() throws Exception {
    Process copy = start(command("--progress", "--limit=4M", source.toString(), target.toString()));
    awaitHalfway(copy);
    long begun = System.nanoTime();

    var _ = new ProcessBuilder("kill", "-INT", Long.toString(copy.pid())).start().waitFor();

    assertThat(exitOf(copy)).as(said()).isEqualTo(130);
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(10));
    assertThat(said()).contains("interrupted; " + target + " is no copy of " + source);
    assertThat(Files.mismatch(source, target)).isPositive();
  }

  @Test
  void aCopyThatWasCutOffGoesOnWhereItStopped() throws Exception {
    // Enough for the journal to be written some times.
    byte[] part = Files.readAllBytes(source);
    for (int i = 1; i < 16; i++) {
      Files.write(source, part, StandardOpenOption.APPEND);
    }
    Path large = Files.createFile(folder.resolve("large"));
    try (RandomAccessFile file = new RandomAccessFile(large.toFile(), "rw")) {
      file.setLength(Files.size(source));
    }
    Path journal = folder.resolve("large.copy-journal");
    Process first =
        start(command("--resume", "--digest", "--limit=128M", source.toString(), large.toString()));
    await()
        .atMost(LONG)
        .until(() -> !first.isAlive() || SOME_DONE.matcher(journalText(journal)).find());
    first.destroy();
    int exit = exitOf(first);
    assumeFalse(
        said().contains("method REFLINK"), "sharing extents takes no time to be cut off in");
    assertThat(exit).as(said()).isEqualTo(143);
    assertThat(said()).contains("--resume goes on from " + journal);
    assertThat(journal).as("the mark of an incomplete target").exists();

    Process second =
        start(command("--resume", "--digest", "--json", source.toString(), large.toString()));

    assertThat(exitOf(second)).as(said()).isZero();
    JsonNode report = JsonMapper.builder().build().readTree(said());
    assertThat(report.path("resumed").asLong()).as(said()).isPositive();
    assertThat(report.path("digest").asString()).isEqualTo(VolumeDigest.of(large).toString());
    assertThat(Files.mismatch(source, large)).isEqualTo(-1);
    assertThat(journal).doesNotExist();
  }

  private static String journalText(Path journal) throws IOException {
    try {
      return Files.readString(journal);
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  @Test
  void onATerminalItShowsTheProgressByItself() throws Exception {
    String line = String.join(" ", command("--limit=32M", source.toString(), target.toString()));

    Process terminal =
        start(List.of("script", "--quiet", "--return", "--command", line, "/dev/null"));

    assertThat(exitOf(terminal)).as(said()).isZero();
    assertThat(said()).contains("100%", "32/32 MiB", "MiB/s", "method ");
  }

  @Test
  void elsewhereItShowsNoProgressUnlessAsked() throws Exception {
    Process copy = start(command("--json", source.toString(), target.toString()));

    assertThat(exitOf(copy)).as(said()).isZero();
    assertThat(said()).startsWith("{").endsWith("}" + System.lineSeparator());
  }

  private void awaitHalfway(Process copy) throws IOException {
    await().atMost(LONG).until(() -> !copy.isAlive() || HALFWAY.matcher(said()).find());
    assertThat(copy.isAlive()).as(said()).isTrue();
  }

  private static int exitOf(Process process) throws InterruptedException {
    assertThat(process.waitFor(LONG.toSeconds(), TimeUnit.SECONDS)).as("it ended").isTrue();
    return process.exitValue();
  }

  private String said() throws IOException {
    return Files.readString(output);
  }

  /** Signals as at a terminal: a process started in the background would ignore Ctrl-C. */
  private static List<String> command(String... arguments) {
    List<String> words =
        new ArrayList<>(
            List.of(
                "env",
                "--default-signal=INT",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "-cp",
                System.getProperty("java.class.path"),
                CopyCommand.class.getName()));
    words.addAll(List.of(arguments));
    return words;
  }

  private Process start(List<String> command) throws IOException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .redirectInput(Path.of("/dev/null").toFile())
            .start();
    started.add(process);
    return process;
  }
}
