package io.csiclone.driver;

import io.csiclone.csi.CopyLimits;
import io.csiclone.testkit.conformance.ConformanceSuite;
import io.csiclone.testkit.conformance.VolumeOpener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The conformance suite on this driver, as any user may run it: no root, bytes by the images. */
class ConformanceTest {

  private static final long MIB = 1L << 20;

  @TempDir private Path folder;
  private final DriverProcess process = new DriverProcess();
  private Path pool;
  private Path socket;

  @BeforeEach
  void start() throws IOException {
    pool = Files.createDirectory(folder.resolve("pool"));
    socket = folder.resolve("csi.sock");
    process.start(
        new DriverOptions(
            socket,
            pool,
            "node-1",
            Optional.empty(),
            Optional.empty(),
            false,
            Optional.empty(),
            Path.of("/var/lib/kubelet"),
            OptionalInt.empty(),
            CopyLimits.DEFAULT,
            Duration.ofHours(1)),
        "1.0");
  }

  @AfterEach
  void stop() {
    process.close();
  }

  @TestFactory
  Stream<DynamicNode> theDriverConforms() {
    return ConformanceSuite.forSocket(socket)
        .openWith(VolumeOpener.paths(handle -> pool.resolve("volumes/" + handle + ".img")))
        .sizes(16 * MIB, 32 * MIB)
        .build()
        .tests();
  }
}
