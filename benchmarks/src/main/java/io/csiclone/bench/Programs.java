package io.csiclone.bench;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs other programs; none for longer than ten minutes. */
final class Programs {

  private static final String SYSTEM_PATH =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private Programs() {}

  static boolean present(String program) {
    return Arrays.stream(path().split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  /**
   * Runs a program to its end.
   *
   * @return what it printed
   * @throws IOException when it cannot be run, fails, or takes too long
   */
  static String run(List<String> command) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("PATH", path());
    Process process = builder.start();
    try (InputStream out = process.getInputStream()) {
      process.getOutputStream().close();
      String said = new String(out.readAllBytes(), StandardCharsets.UTF_8).strip();
      if (!process.waitFor(10, TimeUnit.MINUTES) || process.exitValue() != 0) {
        throw new IOException("'" + String.join(" ", command) + "' failed: " + said);
      }
      return said;
    } finally {
      process.destroyForcibly();
    }
  }

  static String run(String... command) throws IOException, InterruptedException {
    return run(List.of(command));
  }

  /** As {@link #run}, for what has to be cleared away even by a thread that was interrupted. */
  static void cleanUp(String... command) throws IOException, InterruptedException {
    boolean interrupted = Thread.interrupted();
    try {
      var _ = run(command);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static String path() {
    String own = System.getenv("PATH");
    return own == null ? SYSTEM_PATH : own + File.pathSeparator + SYSTEM_PATH;
  }
}
