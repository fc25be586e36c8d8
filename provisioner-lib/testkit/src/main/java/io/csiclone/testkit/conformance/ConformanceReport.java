package io.csiclone.testkit.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The results of a run as a page for people, written again after every check. */
final class ConformanceReport {

  private final @Nullable Path file;
  private final Map<String, List<String>> rows = new LinkedHashMap<>();
  private String driver = "";
  private int passed;
  private int failed;
  private int skipped;

  /**
   * @param file where to write, or null for nowhere
   */
  ConformanceReport(@Nullable Path file) {
    this.file = file;
  }

  synchronized void of(String nameAndVersion) {
    driver = nameAndVersion;
  }

  void passed(String volumes, Check check) {
    synchronized (this) {
      passed++;
    }
    add(volumes, check, "yes");
  }

  void failed(String volumes, Check check, Throwable why) {
    synchronized (this) {
      failed++;
    }
    add(volumes, check, "**no**: " + oneLine(why));
  }

  void skipped(String volumes, Check check, Throwable why) {
    synchronized (this) {
      skipped++;
    }
    add(volumes, check, "not checked: " + oneLine(why));
  }

  private synchronized void add(String volumes, Check check, String result) {
    rows.computeIfAbsent(volumes, any -> new ArrayList<>())
        .add("| %s | %s |".formatted(check.statement(), result));
    if (file != null) {
      try {
        Files.writeString(file, text());
      } catch (IOException e) {
        throw new UncheckedIOException("the conformance report cannot be written", e);
      }
    }
  }

  /** The page. */
  synchronized String text() {
    StringBuilder text = new StringBuilder("# Conformance of " + driver + "\n\n");
    text.append(
        "%d statements hold, %d do not, %d were not checked.%n".formatted(passed, failed, skipped));
    rows.forEach((volumes, lines) -> {
      text.append("\n## ").append(volumes).append("\n\n| statement | holds |\n|---|---|\n");
      lines.forEach(line -> text.append(line).append('\n'));
    });
    return text.toString();
  }

  private static String oneLine(Throwable why) {
    String message = why.getMessage() == null ? why.getClass().getSimpleName() : why.getMessage();
    return message.strip().replaceAll("\\s+", " ").replace("|", "\\|");
  }
}
