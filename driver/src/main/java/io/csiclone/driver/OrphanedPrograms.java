package io.csiclone.driver;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The programs that a killed driver has left running. What one of them still does, attaching a
 * device or mounting it, would come behind the back of the next driver, after a call that undid it
 * has been answered. So the next driver begins when they have ended.
 *
 * <p>They are known by a variable of their environment. In a container they die with the driver.
 */
final class OrphanedPrograms {

  /** The variable that every program of a driver has. */
  static final String VARIABLE = "CSI_CLONE_DRIVER";

  /** What is in it for the programs of this process. */
  static final String THIS_PROCESS = UUID.randomUUID().toString();

  private static final Logger log = LoggerFactory.getLogger(OrphanedPrograms.class);
  private static final Path PROCESSES = Path.of("/proc");
  private static final long PAUSE_MILLIS = 50;

  private OrphanedPrograms() {}

  /**
   * Waits until the programs of that driver have ended; kills those that do not.
   *
   * @param driver the {@link #THIS_PROCESS} of a driver that has ended
   * @param patience how long they may take, and again how long they may take to die
   * @throws IOException with a sentence for the user when one cannot be killed
   */
  static void awaitEnd(String driver, Duration patience) throws IOException {
    if (driver.isEmpty() || driver.equals(THIS_PROCESS)) {
      return;
    }
    List<ProcessHandle> left = left(driver, patience);
    if (left.isEmpty()) {
      return;
    }
    left.forEach(OrphanedPrograms::kill);
    left = left(driver, patience);
    if (!left.isEmpty()) {
      throw new IOException(
          "a program that a killed driver has left running does not end: %s"
              .formatted(describe(left.getFirst())));
    }
  }

  private static List<ProcessHandle> left(String driver, Duration patience) throws IOException {
    long deadline = System.nanoTime() + patience.toNanos();
    List<ProcessHandle> left = startedBy(driver);
    while (!left.isEmpty() && System.nanoTime() < deadline) {
      try {
        Thread.sleep(PAUSE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
      left = startedBy(driver);
    }
    return left;
  }

  private static void kill(ProcessHandle program) {
    log.warn("a killed driver has left {} running; it is killed", describe(program));
    boolean _ = program.destroyForcibly();
  }

  private static String describe(ProcessHandle program) {
    return "%s (process %d)"
        .formatted(program.info().commandLine().orElse("a program"), program.pid());
  }

  private static List<ProcessHandle> startedBy(String driver) throws IOException {
    String entry = VARIABLE + "=" + driver;
    List<ProcessHandle> found = new ArrayList<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROCESSES, "[0-9]*")) {
      for (Path process : processes) {
        if (Stream.of(environment(process).split("\0")).anyMatch(entry::equals)) {
          ProcessHandle.of(Long.parseLong(String.valueOf(process.getFileName())))
              .ifPresent(found::add);
        }
      }
    }
    return found;
  }

  private static String environment(Path process) {
    try {
      return Files.readString(process.resolve("environ"), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return ""; // ended meanwhile, or somebody else's
    }
  }
}
