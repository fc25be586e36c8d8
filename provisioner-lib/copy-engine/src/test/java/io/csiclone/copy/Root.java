package io.csiclone.copy;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Loop devices and mounts are root's to make. */
final class Root {

  private Root() {}

  static void isNeeded() throws IOException {
    assumeTrue(
        Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0),
        "needs root: makes loop devices and mounts");
  }
}
