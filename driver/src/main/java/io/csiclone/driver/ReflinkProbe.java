package io.csiclone.driver;

import io.csiclone.copy.CopyEngine;
import io.csiclone.copy.CopyException;
import io.csiclone.copy.CopyListener;
import io.csiclone.copy.CopyMethod;
import io.csiclone.copy.CopyOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;

/** Finds out by trying whether files of a folder can share extents. */
final class ReflinkProbe {

  private static final int BYTES = 64 * 1024;

  private ReflinkProbe() {}

  static boolean reflinks(Path folder, CopyEngine engine) throws IOException {
    Path source = folder.resolve(".reflink-probe-source");
    Path target = folder.resolve(".reflink-probe-target");
    try {
      byte[] bytes = new byte[BYTES];
      ThreadLocalRandom.current().nextBytes(bytes);
      Files.write(source, bytes);
      Files.write(target, new byte[BYTES]);
      return engine
              .copy(source, target, new CopyOptions(CopyMethod.REFLINK), CopyListener.none())
              .method()
          == CopyMethod.REFLINK;
    } catch (CopyException e) {
      throw new IOException("a test copy in pool " + folder + " failed: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      Files.deleteIfExists(source);
      Files.deleteIfExists(target);
    }
  }
}
