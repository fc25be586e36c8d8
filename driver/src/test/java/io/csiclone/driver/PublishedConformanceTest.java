package io.csiclone.driver;

import io.csiclone.csi.CsiServer;
import io.csiclone.csi.DriverIdentity;
import io.csiclone.testkit.conformance.ConformanceSuite;
import io.csiclone.testkit.conformance.VolumeOpener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The conformance suite on volumes that are really attached and mounted. */
@Tag("native")
class PublishedConformanceTest {

  @TempDir private Path folder;
  private @Nullable TestPool pool;
  private @Nullable CsiServer server;

  @AfterEach
  void stop() throws IOException {
    if (server != null) {
      server.close();
    }
    if (pool != null) {
      pool.close(); // asserts that no device and no mount is left
    }
  }

  @TestFactory
  Stream<DynamicNode> theDriverConformsWhereItReflinks() throws IOException {
    return suite("xfs").tests();
  }

  @TestFactory
  Stream<DynamicNode> theDriverConformsWhereItCopies() throws IOException {
    return suite("ext4").tests();
  }

  private ConformanceSuite suite(String poolType) throws IOException {
    TestPool opened = TestPool.on(poolType);
    pool = opened;
    Path socket = folder.resolve("csi.sock");
    server =
        CsiServer.builder()
            .identity(new DriverIdentity("reflink.csi-clone.io", "1.0", "node-1"))
            .volumes(opened.volumes)
            .node(opened.node)
            .copyEngine(opened.engine)
            .records(opened.pool.records())
            .socket(socket)
            .start();
    return ConformanceSuite.forSocket(socket)
        .openWith(VolumeOpener.published(socket, opened.staging("suite")))
        .build();
  }
}
