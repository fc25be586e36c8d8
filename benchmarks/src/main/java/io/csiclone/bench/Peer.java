package io.csiclone.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A tool that people use today. Whatever it leaves in the cache is flushed on its account.
 *
 * @param name tool and variant, as the tables tell it
 * @param program what has to be installed
 * @param command the whole command, with SOURCE and TARGET where the paths go
 */
record Peer(String name, String program, List<String> command) implements Contestant {

  private static final Map<String, String> DEBIAN_PACKAGES =
      Map.of(
          "cp", "coreutils",
          "dd", "coreutils",
          "qemu-img", "qemu-utils",
          "nbdcopy", "libnbd-bin");

  /** One whose command line, split at blanks, begins with the program. */
  static Peer of(String name, String command) {
    List<String> words = List.of(command.split(" "));
    return new Peer(name, words.getFirst(), words);
  }

  /** One that is started for each file of a folder and has each on the medium before the next. */
  static Peer forEachFile(String name, String command) {
    String program = command.substring(0, command.indexOf(' '));
    String line = command.replace("SOURCE", "\"$f\"").replace("TARGET", "\"$1/${f##*/}\"");
    return new Peer(
        name,
        program,
        List.of(
            "sh", "-c", "for f in \"$0\"/*; do " + line + " || exit 1; done", "SOURCE", "TARGET"));
  }

  boolean present() {
    return Programs.present(program);
  }

  String debianPackage() {
    return DEBIAN_PACKAGES.getOrDefault(program, program);
  }

  @Override
  public void warm() throws IOException, InterruptedException {
    var _ = Programs.run("sh", "-c", program + " --version");
    var _ = Programs.run("sync", "--version");
  }

  @Override
  public double copy(Path source, Path target) throws IOException, InterruptedException {
    double before = Cpu.children() + Cpu.thread();
    var _ =
        Programs.run(
            command.stream()
                .map(word ->
                    word.replace("SOURCE", source.toString()).replace("TARGET", target.toString()))
                .toList());
    if (Files.isDirectory(target)) {
      // One call for them all, which is the cheapest way.
      var _ = Programs.run("sync", "-f", target.toString());
    } else {
      Medium.flush(target);
    }
    return Cpu.children() + Cpu.thread() - before;
  }

  /** The command as one would type it. */
  String commandLine() {
    return String.join(" ", command);
  }
}
