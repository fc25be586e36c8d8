package io.csiclone.copy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.Descriptor;
import io.csiclone.copy.internal.linux.SystemCallException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.UnaryOperator;
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

  @Test
  void whatComesOutOfThePageCacheIsWrittenThroughItAndWhatComesFromTheMediumIsNot()
      throws Exception {
    assumeTrue(
        type == TestFilesystem.EXT4 || type == TestFilesystem.XFS, "direct writes are served");
    int size = 16 << 20;
    Path source = VolumeFiles.dirty(filesystem().resolve("hot-and-cold"), size);
    Command.run("sync", "--file-system", source.toString());

    assertThat(writtenThroughCache(source, "hot")).isEqualTo(size);
    try (Descriptor file = Descriptor.forReading(source)) {
      file.dropCache(0, 0);
      assumeTrue(file.cachedBytes(0, size) == 0, "pages can be dropped");
    }
    assertThat(writtenThroughCache(source, "cold")).isZero();
  }

  private long writtenThroughCache(Path source, String name) throws Exception {
    LongAdder cached = new LongAdder();
    UnaryOperator<Endpoint> counting =
        real ->
            new DelegatingEndpoint(real) {
              @Override
              public long write(AlignedBuffer buffer, int from, int length, long offset)
                  throws SystemCallException {
                long through = super.write(buffer, from, length, offset);
                cached.add(through);
                return through;
              }
            };
    Path target =
        VolumeFiles.blank(filesystem().resolve(name), Math.toIntExact(Files.size(source)));
    CopyOptions options = new CopyOptions(CopyMethod.READ_WRITE);
    try (CopyEngine engine = TestEngines.behindTarget(2, counting)) {
      var _ = engine.copy(source, target, options, CopyListener.none());
    }
    return cached.sum();
  }
}
