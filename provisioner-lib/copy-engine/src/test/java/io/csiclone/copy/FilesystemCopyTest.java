package io.csiclone.copy;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The contract on each filesystem that volumes are kept on. */
@Tag("native")
@ParameterizedClass
@EnumSource
class FilesystemCopyTest extends CopyContract {

  @TempDir private static Path folder = Path.of("");
  private static @Nullable Mount mount;

  @Parameter TestFilesystem type = TestFilesystem.TMPFS;

  @BeforeParameterizedClassInvocation
  static void mount(TestFilesystem type) throws Exception {
    mount = type.mount(folder);
  }

  @AfterParameterizedClassInvocation
  static void unmount() throws Exception {
    Mount mounted = mount;
    mount = null;
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
    return type.served();
  }

  @Test
  void aReflinkTakesNoSpace() throws Exception {
    assumeTrue(served().contains(CopyMethod.REFLINK), "a filesystem that shares extents");
    assertReflinkTakesNoSpace();
  }
}
