package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.csiclone.csiproto.ControllerGrpc;
import io.csiclone.csiproto.DeleteVolumeRequest;
import io.csiclone.csiproto.NodeGrpc;
import io.csiclone.csiproto.NodeStageVolumeRequest;
import io.csiclone.csiproto.NodeUnstageVolumeRequest;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The driver as the process that users start and stop. */
@Tag("embedded")
class DriverExecutableTest {

  private static final long MIB = 1L << 20;
  private static final Duration START = Duration.ofSeconds(30);
  private static final Duration STOP = Duration.ofSeconds(10);

  @TempDir private Path folder;
  private Path pool;
  private Path socket;
  private Path log;
  private final List<Process> started = new ArrayList<>();

  @BeforeEach
  void folders() throws IOException {
    pool = Files.createDirectory(folder.resolve("pool"));
    socket = folder.resolve("csi.sock");
    log = folder.resolve("log");
  }

  @AfterEach
  void stop() {
    started.forEach(Process::destroyForcibly);
  }

  @Test
  void aTermSignalStopsItWithinSecondsAndTheSocketIsGone() throws Exception {
    Process driver = start();

    driver.destroy();

    assertThat(driver.waitFor(STOP.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(socket).doesNotExist();
    assertThat(Files.readString(log))
        .contains("serves CSI on " + socket)
        .doesNotContain("WARN", "Exception");
  }

  @Test
  void afterAKillItStartsOnTheSamePoolAndSocketWithItsVolumes() throws Exception {
    Process killed = start();
    String id;
    try (UnixSockets.Client caller = UnixSockets.Client.to(socket)) {
      id =
          ControllerGrpc.newBlockingStub(caller.channel())
              .createVolume(CsiCalls.create("pvc-1", 64 * MIB, null))
              .getVolume()
              .getVolumeId();
    }
    killed.destroyForcibly().waitFor();
    assertThat(socket).as("left by the killed process").exists();
    Files.createFile(pool.resolve("volumes/.half.img.new"));

    start();
    try (UnixSockets.Client caller = UnixSockets.Client.to(socket)) {
      var controller = ControllerGrpc.newBlockingStub(caller.channel());
      assertThat(
              controller
                  .createVolume(CsiCalls.create("pvc-1", 64 * MIB, null))
                  .getVolume()
                  .getVolumeId())
          .isEqualTo(id);
      var _ = controller.deleteVolume(DeleteVolumeRequest.newBuilder().setVolumeId(id).build());
    }
    assertThat(pool.resolve("volumes")).isEmptyDirectory();
  }

  @Test
  void aSecondOneOnTheSamePoolSaysSoAndExitsWithTwo() throws Exception {
    start();
    Process second = launch(folder.resolve("other.sock"), folder.resolve("second-log"));

    assertThat(second.waitFor(START.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(second.exitValue()).isEqualTo(2);
    assertThat(Files.readString(folder.resolve("second-log")))
        .isEqualToIgnoringNewLines(
            "pool %s is in use by another driver process; give each its own".formatted(pool));
    assertThat(folder.resolve("other.sock")).doesNotExist();
  }

  /** Root or not, the caller learns what to do; nothing is left behind in either case. */
  @Test
  void stagingWorksForRootAndExplainsItselfToOthers() throws Exception {
    start();
    Path staging = folder.resolve("staging");
    try (UnixSockets.Client caller = UnixSockets.Client.to(socket)) {
      String id =
          ControllerGrpc.newBlockingStub(caller.channel())
              .createVolume(CsiCalls.create("pvc-1", 64 * MIB, null))
              .getVolume()
              .getVolumeId();
      var node = NodeGrpc.newBlockingStub(caller.channel());
      NodeStageVolumeRequest stage =
          NodeStageVolumeRequest.newBuilder()
              .setVolumeId(id)
              .setStagingTargetPath(staging.toString())
              .setVolumeCapability(CsiCalls.ext4())
              .build();
      if (DeviceNumbers.uid() != 0) {
        assertThatThrownBy(() -> node.nodeStageVolume(stage))
            .isInstanceOf(StatusRuntimeException.class)
            .hasMessageContaining("attaching and mounting volumes needs root");
        return;
      }
      var _ = node.nodeStageVolume(stage);
      assertThat(MountTable.read().at(staging)).isPresent();
      var _ =
          node.nodeUnstageVolume(
              NodeUnstageVolumeRequest.newBuilder()
                  .setVolumeId(id)
                  .setStagingTargetPath(staging.toString())
                  .build());
      assertThat(MountTable.read().at(staging)).isEmpty();
    }
  }

  private Process start() throws IOException {
    Process driver = launch(socket, log);
    await()
        .atMost(START)
        .until(() ->
            !driver.isAlive() || Files.exists(log) && Files.readString(log).contains("serves CSI"));
    assertThat(driver.isAlive()).as(Files.readString(log)).isTrue();
    return driver;
  }

  private Process launch(Path at, Path output) throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                ReflinkDriver.class.getName(),
                "--endpoint",
                "unix://" + at,
                "--pool",
                pool.toString(),
                "--node-id",
                "node-1")
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    started.add(process);
    return process;
  }
}
