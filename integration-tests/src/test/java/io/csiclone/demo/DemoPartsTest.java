package io.csiclone.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoPartsTest {

  @TempDir Path folder;

  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final Steps steps = new Steps(new PrintStream(printed, true, StandardCharsets.UTF_8));

  @Test
  void aStepThatDiffersFailsTheWholeAndTheOthersStillRun() {
    steps.check("one", () -> "");
    steps.check(
        "two",
        () -> {
          throw new Steps.Differs("it was accepted");
        });
    steps.check("three", () -> "");

    assertThat(steps.allAsExpected()).isFalse();
    steps.summary();
    assertThat(printed.toString(StandardCharsets.UTF_8))
        .contains("✓ one", "✗ two\n    it was accepted", "✓ three", "2 steps as expected, 1 not");
  }

  @Test
  void aStepTheRestNeedsStopsTheDemo() {
    assertThatThrownBy(() ->
            steps.need(
                "a bound claim",
                () -> {
                  throw new IOException("no answer");
                }))
        .isInstanceOf(Steps.Stop.class)
        .hasMessageContaining("a bound claim");
  }

  @Test
  void nothingDoneIsNotASuccess() {
    assertThat(steps.allAsExpected()).isFalse();
  }

  @Test
  void aProcessThatDiesIsNoticedBeforeItIsReadyAndItsLogIsShown() throws Exception {
    try (HttpClient http = HttpClient.newHttpClient();
        ChildProcess child =
            ChildProcess.java("part", folder, Map.of(), List.of("no.such.MainClass"))) {
      URI nowhere = URI.create("http://127.0.0.1:" + Stage.freePort() + "/readyz");

      assertThatThrownBy(() -> child.awaitReady(http, nowhere, Duration.ofSeconds(30)))
          .hasMessageContaining("the part ended with exit code 1");
      assertThat(child.logTail()).contains("no.such.MainClass");
    }
  }

  @Test
  void everythingStartedIsGoneAfterwards() throws IOException {
    Stage stage = new Stage();
    Path made = stage.folder(folder);
    Files.createDirectories(made.resolve("pool/volumes"));
    assertThat(stage.leftovers()).isNotEmpty();

    stage.close();

    assertThat(stage.leftovers()).isEmpty();
    assertThat(made).doesNotExist();
    assertThatThrownBy(stage::controlPlane).hasMessageContaining("interrupted");
  }

  @Test
  void aMissingJarIsNamedWithTheCommandThatMakesIt() {
    assertThatThrownBy(() -> Jars.one(folder.resolve("part-*.jar").toString()))
        .hasMessageContaining("part-*.jar")
        .hasMessageContaining("./dev build");
  }

  @Test
  void theBytesWrittenIntoAVolumeLeaveHolesAndFollowTheSeed() throws Exception {
    Path pool = folder;
    Files.createDirectories(pool.resolve("volumes"));
    for (String id : List.of("vol-a", "vol-b")) {
      Path image = Files.createFile(pool.resolve("volumes").resolve(id + ".img"));
      try (var file = new java.io.RandomAccessFile(image.toFile(), "rw")) {
        file.setLength(16 << 20);
      }
      VolumeBytes bytes = new VolumeBytes(pool, 7);
      bytes.fillWithHoles(bytes.image(id));
      assertThat(bytes.leftovers()).contains("volumes/" + id + ".img");
      assertThat(VolumeBytes.isZeroFrom(image, 0)).isFalse();
    }
    Path a = pool.resolve("volumes/vol-a.img");
    assertThat(VolumeBytes.sha256(a))
        .isEqualTo(VolumeBytes.sha256(pool.resolve("volumes/vol-b.img")));
    byte[] hole = Arrays.copyOfRange(Files.readAllBytes(a), 5 << 20, 8 << 20);
    assertThat(hole).containsOnly(0);
  }
}
