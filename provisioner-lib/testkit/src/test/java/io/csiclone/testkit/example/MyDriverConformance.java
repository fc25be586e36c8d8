package io.csiclone.testkit.example;

import io.csiclone.testkit.conformance.ConformanceSuite;
import io.csiclone.testkit.conformance.VolumeOpener;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

/** The example of the conformance page, compiled. There is no such driver to run it on. */
class MyDriverConformance {

  @TestFactory
  Stream<DynamicNode> theDriverConforms() {
    Path socket = Path.of("/run/my-driver/csi.sock");
    return ConformanceSuite.forSocket(socket)
        .openWith(VolumeOpener.published(socket, Path.of("/run/my-driver/test-mounts")))
        .sizes(64 << 20, 128 << 20)
        .parameter("pool", "fast")
        .build()
        .tests();
  }
}
