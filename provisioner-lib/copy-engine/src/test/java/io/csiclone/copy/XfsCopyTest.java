package io.csiclone.copy;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract on XFS, which shares extents. */
@Tag("native")
class XfsCopyTest extends CopyContract {

  private static @Nullable Mount mount;

  @BeforeAll
  static void mount(@TempDir Path folder) throws Exception {
    mount = Mount.image(folder, 512L << 20, "mkfs.xfs", "-q", "-m", "reflink=1");
  }

  @AfterAll
  static void unmount() throws Exception {
    Mount mounted = mount;
    if (mounted != null) {
      mounted.close();
    }
  }

  @Override
  Path filesystem() {
    return Objects.requireNonNull(mount).root();
  }

  @Override
  Set<CopyMethod> served() {
    return EnumSet.allOf(CopyMethod.class);
  }

  @Test
  void aReflinkTakesNoSpace() throws Exception {
    assertReflinkTakesNoSpace();
  }
}
