package io.csiclone.demo;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;

/** Prints what is done, one line a step, and remembers what differed. */
final class Steps {

  /** What one step found; the text goes beside its title. */
  interface Step {
    String run() throws Exception;
  }

  /** Something is not as it must be. The message says what. */
  static final class Differs extends Exception {
    private static final long serialVersionUID = 1L;

    Differs(String message) {
      super(message);
    }
  }

  /** A step differed on which all later ones rest. */
  static final class Stop extends Exception {
    private static final long serialVersionUID = 1L;

    Stop(String step) {
      super("the rest needs: " + step);
    }
  }

  private static final int TITLE = 60;

  private final PrintStream out;
  private final long start = System.nanoTime();
  private int done;
  private int failed;
  private volatile boolean ended;

  Steps(PrintStream out) {
    this.out = out;
  }

  void heading(String text) {
    if (!ended) {
      out.println();
      out.println(text);
    }
  }

  void say(String text) {
    if (!ended) {
      out.println("  " + text);
    }
  }

  /** From now on no step is run or reported: what they need is being taken away. */
  void end() {
    ended = true;
  }

  /** Runs a step. Others go on when it differs. */
  boolean check(String title, Step step) {
    if (ended) {
      return false;
    }
    long begin = System.nanoTime();
    try {
      String found = step.run();
      done++;
      out.printf(
          Locale.ROOT,
          "✓ %-" + TITLE + "s %7s%s%n",
          title,
          seconds(Duration.ofNanos(System.nanoTime() - begin)),
          found.isEmpty() ? "" : "\n    " + found.replace("\n", "\n    "));
      return true;
    } catch (Exception e) {
      if (ended) {
        return false;
      }
      failed++;
      String why = e instanceof Differs ? String.valueOf(e.getMessage()) : e.toString();
      out.printf("✗ %s%n    %s%n", title, why.replace("\n", "\n    "));
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      return false;
    }
  }

  /** Runs a step without which the later ones mean nothing. */
  void need(String title, Step step) throws Stop {
    if (!check(title, step)) {
      throw new Stop(title);
    }
  }

  /** Throws unless it holds. */
  static void require(boolean holds, String message) throws Differs {
    if (!holds) {
      throw new Differs(message);
    }
  }

  boolean differed() {
    return failed > 0 && !ended;
  }

  boolean allAsExpected() {
    return failed == 0 && done > 0 && !ended;
  }

  void summary() {
    out.println();
    if (ended) {
      out.println("✗ interrupted; everything was cleaned up");
      return;
    }
    out.printf(
        "%s %d steps as expected, %d not, in %s%n",
        allAsExpected() ? "✓" : "✗",
        done,
        failed,
        seconds(Duration.ofNanos(System.nanoTime() - start)));
  }

  static String seconds(Duration time) {
    return String.format(Locale.ROOT, "%.2f s", time.toMillis() / 1000.0);
  }
}
