package io.csiclone.bench;

import io.csiclone.copy.CopyEngine;
import io.csiclone.copy.CopyListener;
import io.csiclone.copy.CopyOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The copy engine in this JVM.
 *
 * @param atOnce whether the files of a folder are handed over all at once, each by a caller of its
 *     own, or one after the other
 */
record OurEngine(String name, CopyEngine engine, CopyOptions options, boolean atOnce)
    implements Contestant {

  @Override
  public double copy(Path source, Path target) throws Exception {
    double before = Cpu.process();
    if (Files.isDirectory(source)) {
      copyFolder(source, target);
    } else {
      copyOne(source, target);
    }
    return Cpu.process() - before;
  }

  private void copyFolder(Path source, Path target) throws Exception {
    if (!atOnce) {
      for (Path file : Medium.files(source)) {
        copyOne(file, target.resolve(file.getFileName()));
      }
      return;
    }
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> copies = new ArrayList<>();
      for (Path file : Medium.files(source)) {
        copies.add(
            callers.submit(() -> {
              copyOne(file, target.resolve(file.getFileName()));
              return true;
            }));
      }
      for (Future<?> copy : copies) {
        copy.get();
      }
    }
  }

  private void copyOne(Path source, Path target) throws IOException, InterruptedException {
    if (!Files.exists(target)) {
      Volumes.setLength(target, Files.size(source));
    }
    var _ = engine.copy(source, target, options, CopyListener.none());
  }
}
