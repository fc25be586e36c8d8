package io.csiclone.copy;

import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;

/** The contract on whatever filesystem temporary files live on; needs no root. */
class TemporaryFolderCopyTest extends CopyContract {

  @TempDir private static Path temporary = Path.of("");

  @Override
  Path filesystem() {
    return temporary;
  }

  @Override
  Set<CopyMethod> served() throws java.io.IOException {
    FileStore store = Files.getFileStore(temporary);
    return switch (store.type()) {
      case "xfs", "btrfs", "bcachefs" -> EnumSet.allOf(CopyMethod.class);
      default -> EnumSet.range(CopyMethod.COPY_FILE_RANGE, CopyMethod.PLAIN);
    };
  }
}
