package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.ControllerGrpc;
import io.csiclone.testkit.EmbeddedControlPlane;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The driver behind sidecars that provision. */
class ExternalProvisionerTest {

  @TempDir private Path folder;

  @Test
  void theDriverLeavesTheClusterAloneAndAnswersTheSidecars() throws Exception {
    Path pool = Files.createDirectory(folder.resolve("pool"));
    Path socket = folder.resolve("csi.sock");
    Queue<String> asked = new ConcurrentLinkedQueue<>();
    try (EmbeddedControlPlane cluster =
        EmbeddedControlPlane.builder()
            .claimBinder(false)
            .authorizer(call -> {
              asked.add(call.toString());
              return true;
            })
            .start()) {
      var driver =
          new FutureTask<>(() ->
              ReflinkDriver.run(
                  "--endpoint=unix://" + socket,
                  "--pool=" + pool,
                  "--node-id=node-1",
                  "--kubeconfig=" + cluster.kubeconfig(),
                  "--provisioner=external"));
      Thread thread = Thread.ofPlatform().start(driver);
      try (UnixSockets.Client sidecar = UnixSockets.Client.to(socket)) {
        var volume =
            ControllerGrpc.newBlockingStub(sidecar.channel())
                .withWaitForReady()
                .createVolume(CsiCalls.create("pvc-1", 64L << 20, null))
                .getVolume();

        assertThat(pool.resolve("volumes/" + volume.getVolumeId() + ".img")).exists();
      } finally {
        thread.interrupt();
      }
      assertThat(driver.get()).isZero();
      assertThat(asked).isEmpty();
      assertThat(socket).doesNotExist();
    }
  }
}
