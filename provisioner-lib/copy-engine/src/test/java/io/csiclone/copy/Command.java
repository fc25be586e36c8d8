package io.csiclone.copy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a command of the system and waits for its end, not for ever. */
final class Command {

  private static final int TIMEOUT_SECONDS = 60;

  private Command() {}

  /** Returns what it printed; fails the test when it does not succeed. */
  static String run(String... command) throws IOException, InterruptedException {
    Path output = Files.createTempFile("command", ".out");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      boolean ended = process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      if (!ended) {
        process.destroyForcibly();
      }
      String text = Files.readString(output, StandardCharsets.UTF_8).strip();
      assertThat(ended).as(List.of(command) + " ended in time: " + text).isTrue();
      assertThat(process.exitValue()).as(List.of(command) + ": " + text).isZero();
      return text;
    } finally {
      Files.delete(output);
    }
  }
}
