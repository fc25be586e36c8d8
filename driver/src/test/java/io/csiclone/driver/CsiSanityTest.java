package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.testkit.conformance.ConformanceSuite;
import io.csiclone.testkit.conformance.VolumeOpener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * What csi-sanity asks of a driver, asked of the driver's process with csi-sanity's defaults: the
 * checks that docs/development/csi-sanity.md names, for mounts and block devices.
 */
@Tag("native")
class CsiSanityTest {

  private static final long GIB = 1L << 30;
  private static final Pattern ROW =
      Pattern.compile("^\\|[^|]*\\| `([^`|]+)` \\|", Pattern.MULTILINE);

  private @Nullable TestDisk disk;
  private @Nullable KillableDriver driver;

  @TestFactory
  Stream<DynamicNode> theDriverPassesWhereItReflinks() throws Exception {
    return suite("xfs");
  }

  @TestFactory
  Stream<DynamicNode> theDriverPassesWhereItCopies() throws Exception {
    return suite("ext4");
  }

  private Stream<DynamicNode> suite(String poolType) throws Exception {
    // A tenth of one volume.
    TestDisk made = TestDisk.with(poolType, GIB);
    disk = made;
    KillableDriver started = new KillableDriver(made.folder(), made.base());
    driver = started;
    started.launch(false);
    started.awaitServing();
    Path socket = made.base().resolve("csi.sock");
    return ConformanceSuite.forSocket(socket)
        .openWith(VolumeOpener.published(socket, kubelet(made)))
        .mount("")
        .block()
        .sizes(10 * GIB, 11 * GIB)
        .patience(Duration.ZERO)
        .only(checksOfThePage())
        .build()
        .tests();
  }

  private static Path kubelet(TestDisk disk) {
    return disk.base().resolve("kubelet");
  }

  private static List<String> checksOfThePage() throws IOException {
    String page = Files.readString(Path.of("../docs/development/csi-sanity.md"));
    return ROW.matcher(page).results().map(row -> row.group(1)).distinct().toList();
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    TestDisk used = disk;
    KillableDriver stopped = driver;
    if (used == null || stopped == null) {
      return;
    }
    try {
      assertThat(
              PoolAudit.differences(
                  PoolAudit.expected(Map.of()), PoolAudit.found(stopped, kubelet(used))))
          .as("left behind")
          .isEmpty();
    } finally {
      stopped.close();
      PoolAudit.tearDown(used.folder(), kubelet(used));
      used.close();
    }
  }
}
