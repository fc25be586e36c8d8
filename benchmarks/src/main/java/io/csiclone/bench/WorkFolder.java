package io.csiclone.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A new folder that goes again with all that is in it. A signal interrupts the thread that made it
 * and leaves it the time to detach, unmount and delete.
 */
final class WorkFolder implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Path path;
  private final CountDownLatch closed = new CountDownLatch(1);

  private WorkFolder(Path path) {
    this.path = path;
  }

  static WorkFolder in(Path parent) throws IOException {
    WorkFolder folder =
        new WorkFolder(Files.createTempDirectory(Files.createDirectories(parent), "copy-bench"));
    Thread owner = Thread.currentThread();
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> {
              try {
                if (folder.closed.getCount() > 0) {
                  owner.interrupt();
                  var _ = folder.closed.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            }));
    return folder;
  }

  Path path() {
    return path;
  }

  @Override
  public void close() throws IOException {
    try (Stream<Path> all = Files.walk(path)) {
      for (Path one : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(one);
      }
    } finally {
      closed.countDown();
    }
  }
}
