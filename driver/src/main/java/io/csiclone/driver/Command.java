package io.csiclone.driver;

import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Runs one external program with a time limit. Arguments are passed as they are, without a shell.
 */
final class Command {

  /** Enough for everything that only changes kernel tables. */
  static final Duration SHORT = Duration.ofSeconds(20);

  /** For what writes or checks a filesystem. */
  static final Duration LONG = Duration.ofMinutes(5);

  private static final File DEV_NULL = new File("/dev/null");
  private static final int OUTPUT_LIMIT = 256 * 1024;
  private static final String SYSTEM_PATH =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private Command() {}

  /** What a program said. Texts are stripped. */
  record Result(List<String> command, int exit, String out, String err) {

    boolean ok() {
      return exit == 0;
    }

    /** The failure as the caller of the driver sees it. */
    BackendException failure() {
      String said = err.isEmpty() ? out : err;
      return new BackendException(
          Reason.FAILED,
          "'%s' failed with exit code %d: %s"
              .formatted(String.join(" ", command), exit, said.replace('\n', ' ')));
    }
  }

  /** Runs a program that must succeed; answers its standard output. */
  static String run(Duration limit, String... command) {
    Result result = attempt(limit, command);
    if (!result.ok()) {
      throw result.failure();
    }
    return result.out();
  }

  /**
   * Runs a program whose failure the caller wants to look at.
   *
   * @throws BackendException when it is not installed, or did not end within {@code limit}
   */
  static Result attempt(Duration limit, String... command) {
    List<String> words = List.of(command);
    ProcessBuilder builder = builder(words).redirectInput(ProcessBuilder.Redirect.from(DEV_NULL));
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new BackendException(
          Reason.FAILED,
          "cannot run %s; is it installed where the driver runs?".formatted(words.getFirst()),
          e);
    }
    try {
      CompletableFuture<String> out = read(process.getInputStream());
      CompletableFuture<String> err = read(process.getErrorStream());
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new BackendException(
            Reason.FAILED,
            "'%s' did not end within %d seconds"
                .formatted(String.join(" ", words), limit.toSeconds()));
      }
      return new Result(words, process.exitValue(), text(out), text(err));
    } catch (InterruptedException e) {
      // Until it is gone it may keep busy what the caller wants to clean up.
      process
          .destroyForcibly()
          .onExit()
          .completeOnTimeout(process, SHORT.toSeconds(), TimeUnit.SECONDS)
          .join();
      Thread.currentThread().interrupt();
      throw new BackendException(
          Reason.FAILED, "interrupted while '%s' ran".formatted(String.join(" ", words)), e);
    } finally {
      process.destroyForcibly();
    }
  }

  /** A program of the system, which speaks English. */
  static ProcessBuilder builder(List<String> words) {
    ProcessBuilder builder = new ProcessBuilder(words);
    Map<String, String> environment = builder.environment();
    environment.put("LC_ALL", "C");
    environment.put(OrphanedPrograms.VARIABLE, OrphanedPrograms.THIS_PROCESS);
    environment.merge("PATH", SYSTEM_PATH, (own, system) -> own + ":" + system);
    return builder;
  }

  /** Waits for work that an interrupt of the caller must not end, on a thread of its own. */
  static <T> T shielded(Supplier<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            result.complete(work.get());
          } catch (RuntimeException | Error e) {
            result.completeExceptionally(e);
          }
        });
    try {
      return result.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof BackendException cause ? cause : e;
    }
  }

  private static CompletableFuture<String> read(InputStream stream) {
    CompletableFuture<String> text = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          try (stream) {
            byte[] head = stream.readNBytes(OUTPUT_LIMIT);
            stream.transferTo(OutputStream.nullOutputStream());
            text.complete(new String(head, StandardCharsets.UTF_8).strip());
          } catch (IOException e) {
            text.completeExceptionally(new UncheckedIOException(e));
          }
        });
    return text;
  }

  private static String text(CompletableFuture<String> output) throws InterruptedException {
    try {
      return output.get(SHORT.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      // The program has ended: a left-over child that holds the pipe must not hold us.
      return "";
    }
  }
}
