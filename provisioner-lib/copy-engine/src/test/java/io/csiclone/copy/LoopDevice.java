package io.csiclone.copy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A loop device over a file; detached when closed. */
record LoopDevice(Path path, Path file) implements AutoCloseable {

  static LoopDevice attach(Path file, String... options) throws IOException, InterruptedException {
    Root.isNeeded();
    List<String> command = new ArrayList<>(List.of("losetup", "--find", "--show"));
    command.addAll(List.of(options));
    command.add(file.toString());
    String[] lines = Command.run(command.toArray(String[]::new)).split("\n", -1);
    return new LoopDevice(Path.of(lines[lines.length - 1]), file);
  }

  @Override
  public void close() throws IOException, InterruptedException {
    Command.run("losetup", "--detach", path.toString());
  }
}
