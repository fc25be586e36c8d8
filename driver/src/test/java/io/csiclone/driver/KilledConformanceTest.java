package io.csiclone.driver;

import io.csiclone.testkit.conformance.ConformanceSuite;
import io.csiclone.testkit.conformance.VolumeOpener;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The conformance suite on the driver as a process that the suite may kill. */
@Tag("embedded")
class KilledConformanceTest {

  private static final long MIB = 1L << 20;

  @TempDir private Path folder;
  private @Nullable KillableDriver started;

  @AfterEach
  void stop() throws Exception {
    if (started != null) {
      started.close();
    }
  }

  @TestFactory
  Stream<DynamicNode> theDriverConformsAndSurvivesKills() throws Exception {
    Path pool = Files.createDirectory(folder.resolve("pool"));
    KillableDriver driver = new KillableDriver(pool, folder);
    started = driver;
    driver.launch(false);
    driver.awaitServing();
    return ConformanceSuite.forSocket(folder.resolve("csi.sock"))
        .openWith(VolumeOpener.paths(handle -> pool.resolve("volumes/" + handle + ".img")))
        .sizes(16 * MIB, 32 * MIB)
        .block()
        .killWith(() -> {
          driver.kill();
          driver.launch(false);
        })
        .reportTo(folder.resolve("report.md"))
        .build()
        .tests();
  }
}
