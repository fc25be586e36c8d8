package io.csiclone.copy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A mounted filesystem; unmounted when closed. */
record Mount(Path root) implements AutoCloseable {

  /** A filesystem made by a command such as {@code mkfs.xfs} in a new image file. */
  static Mount image(Path folder, long size, String... mkfs)
      throws IOException, InterruptedException {
    Root.isNeeded();
    Path image = folder.resolve("image");
    Files.deleteIfExists(image);
    VolumeFiles.blank(image, size);
    List<String> command = new ArrayList<>(List.of(mkfs));
    command.add(image.toString());
    Command.run(command.toArray(String[]::new));
    return mount(folder, "-o", "loop", image.toString());
  }

  /** A filesystem in memory, of a type such as {@code tmpfs}. */
  static Mount memory(Path folder, String type, String options)
      throws IOException, InterruptedException {
    Root.isNeeded();
    return mount(folder, "-t", type, "-o", options, type);
  }

  static Mount device(Path folder, Path device) throws IOException, InterruptedException {
    Root.isNeeded();
    return mount(folder, device.toString());
  }

  private static Mount mount(Path folder, String... arguments)
      throws IOException, InterruptedException {
    Path root = Files.createDirectory(folder.resolve("mounted"));
    List<String> command = new ArrayList<>(List.of("mount"));
    command.addAll(List.of(arguments));
    command.add(root.toString());
    Command.run(command.toArray(String[]::new));
    return new Mount(root);
  }

  @Override
  public void close() throws IOException, InterruptedException {
    Command.run("umount", root.toString());
    Files.delete(root);
  }
}
