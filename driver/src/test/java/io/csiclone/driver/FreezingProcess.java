package io.csiclone.driver;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** A process that freezes the mount it is told and does nothing more, for being killed. */
final class FreezingProcess {

  private FreezingProcess() {}

  public static void main(String[] arguments) throws InterruptedException {
    FrozenMount frozen = FrozenMount.at(Path.of(arguments[0]), Duration.ofHours(1));
    System.out.println(frozen.held());
    new CountDownLatch(1).await();
  }

  static Process started(Path mount) throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                FreezingProcess.class.getName(),
                mount.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String said = process.inputReader().readLine();
    if (!"true".equals(said)) {
      throw new IllegalStateException("the filesystem was not frozen: " + said);
    }
    return process;
  }
}
