package io.csiclone.driver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;

/** Stands between a driver and the programs it runs, to stop or fail one call of one of them. */
final class InterceptedPrograms {

  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** When the call is stopped: before the program is run, or when it has done its work. */
  enum When {
    BEFORE,
    AFTER
  }

  private static final String PROGRAM =
      """
      #!/bin/sh
      # The first call that fits is the one; taking the file away decides between two at once.
      taken() {
        [ -e "%1$s/$1" ] || return 1
        case "$(basename "$0") $arguments" in $(cat "%1$s/$1")) rm "%1$s/$1" 2>/dev/null ;; *) return 1 ;; esac
      }
      hold() { held=1; touch "%1$s/reached"; sleep %2$d; }
      arguments="$*"
      if taken fails; then echo "failed by the test" >&2; exit 1; fi
      if taken BEFORE; then hold; fi
      PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$(basename "$0")" "$@"
      code=$?
      if taken AFTER; then hold; fi
      if [ "$held" ]; then touch "%1$s/ended"; fi
      exit $code
      """;

  private final Path folder;

  /**
   * @param folder a new one
   * @param seconds how long a call is stopped
   */
  InterceptedPrograms(Path folder, int seconds, String... programs) throws IOException {
    this.folder = Files.createDirectory(folder);
    var executable =
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    for (String program : List.of(programs)) {
      Path file = Files.createFile(folder.resolve(program), executable);
      Files.writeString(file, PROGRAM.formatted(folder, seconds));
    }
  }

  Path folder() {
    return folder;
  }

  /**
   * Stops the next call of that kind.
   *
   * @param call program and arguments as a pattern of the shell
   */
  void stop(When when, String call) throws IOException {
    Files.deleteIfExists(folder.resolve("reached"));
    Files.deleteIfExists(folder.resolve("ended"));
    Files.writeString(folder.resolve(when.name()), call);
  }

  void fail(String call) throws IOException {
    Files.writeString(folder.resolve("fails"), call);
  }

  /** Waits until the call is stopped. */
  void awaitReached() throws Exception {
    await("reached");
  }

  /** Waits until the call that was stopped has gone on to its end. */
  void awaitEnded() throws Exception {
    await("ended");
  }

  private void await(String what) throws Exception {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!Files.exists(folder.resolve(what))) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("no call has " + what);
      }
      Thread.sleep(5);
    }
  }
}
