package io.csiclone.driver;

import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A mounted filesystem that is held still by a process of its own. That process thaws it when told
 * to, when this one dies, whatever kills it, and after a time limit.
 */
final class FrozenMount implements AutoCloseable {

  /** How long pods may have to wait, whatever goes wrong. */
  static final Duration LIMIT = Duration.ofSeconds(10);

  /**
   * Standard input is held open by the driver; it ends with it. The signals of a terminal or a
   * service manager reach children too, and must not take the thawing away.
   */
  private static final String HOLD =
      """
      trap '' HUP INT TERM PIPE
      fsfreeze -f "$1" || exit
      echo frozen
      timeout -s KILL "$2" head -c 1 >/dev/null
      fsfreeze -u "$1"
      """;

  private static final String FROZEN = "frozen";

  private final Path at;
  private final Process holder;
  private final BufferedReader output;
  private final long until;

  /**
   * @param until before when it is not thawed by itself, in terms of {@link System#nanoTime}
   */
  private FrozenMount(Path at, Process holder, BufferedReader output, long until) {
    this.at = at;
    this.holder = holder;
    this.output = output;
    this.until = until;
  }

  /**
   * Freezes what is mounted there.
   *
   * @throws BackendException when it cannot be frozen, or not in time; then it is not, or will be
   *     thawed at once
   */
  static FrozenMount at(Path mount) {
    return at(mount, LIMIT);
  }

  /**
   * @param limit after which it is thawed at any rate
   */
  static FrozenMount at(Path mount, Duration limit) {
    long until = System.nanoTime() + limit.toNanos();
    Process holder;
    try {
      holder =
          Command.builder(
                  List.of(
                      "sh", "-c", HOLD, "hold", mount.toString(), Long.toString(limit.toSeconds())))
              .redirectErrorStream(true)
              .start();
    } catch (IOException e) {
      throw new BackendException(Reason.FAILED, "cannot run sh to freeze " + mount, e);
    }
    FrozenMount frozen = new FrozenMount(mount, holder, reader(holder), until);
    // Not to be cut off by an interrupt: a holder left to itself would keep the mount busy.
    String answer = Command.shielded(frozen::said);
    if (!answer.equals(FROZEN)) {
      frozen.letGo();
      boolean _ = frozen.ended();
      throw new BackendException(Reason.FAILED, "cannot freeze %s: %s".formatted(mount, answer));
    }
    return frozen;
  }

  private String said() {
    try {
      return nextLine().get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException | InterruptedException e) {
      return "no answer within " + LIMIT;
    }
  }

  private static BufferedReader reader(Process holder) {
    return new BufferedReader(
        new InputStreamReader(holder.getInputStream(), StandardCharsets.UTF_8));
  }

  private CompletableFuture<String> nextLine() {
    CompletableFuture<String> line = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            String read = output.readLine();
            line.complete(read == null ? "" : read);
          } catch (IOException e) {
            line.completeExceptionally(new UncheckedIOException(e));
          }
        });
    return line;
  }

  /** Whether it has been frozen all the time since. */
  boolean held() {
    return holder.isAlive() && System.nanoTime() - until < 0;
  }

  /**
   * Thaws it. An interrupt does not end the waiting for that.
   *
   * @throws BackendException when it may still be frozen
   */
  @Override
  public void close() {
    letGo();
    if (!ended()) {
      throw new BackendException(Reason.FAILED, "%s was not thawed within %s".formatted(at, LIMIT));
    }
    if (holder.exitValue() != 0) {
      String answer = Command.shielded(this::said);
      // EINVAL: somebody else has thawed it.
      if (!answer.contains("Invalid argument")) {
        throw new BackendException(Reason.FAILED, "cannot thaw %s: %s".formatted(at, answer));
      }
    }
  }

  private boolean ended() {
    holder.onExit().completeOnTimeout(holder, LIMIT.toMillis(), TimeUnit.MILLISECONDS).join();
    return !holder.isAlive();
  }

  private void letGo() {
    try {
      holder.getOutputStream().close();
    } catch (IOException e) {
      // Nothing was written, so nothing could not be flushed.
    }
  }
}
