package io.csiclone.driver;

import static io.csiclone.driver.TestPool.MIB;
import static io.csiclone.driver.TestPool.mounting;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.csiclone.csi.CsiServer;
import io.csiclone.csi.DriverIdentity;
import io.csiclone.csiproto.ControllerGrpc;
import io.csiclone.csiproto.ControllerGrpc.ControllerBlockingStub;
import io.csiclone.csiproto.CreateSnapshotRequest;
import io.csiclone.csiproto.Volume;
import io.csiclone.csiproto.VolumeContentSource;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Snapshot classes have the same say as storage classes, and callers are told the outcome. */
@Tag("native")
class SnapshotConsistencyTest {

  private static final String PARAMETER = "csi-clone.io/consistency";

  @TempDir private Path folder;

  @Test
  void aSnapshotOfAVolumeInUseFollowsItsClassAndWhatIsRestoredTellsHow() throws Exception {
    try (TestPool test = TestPool.on("xfs");
        CsiServer server = serve(test);
        UnixSockets.Client caller = UnixSockets.Client.to(server.socket())) {
      var controller = ControllerGrpc.newBlockingStub(caller.channel());
      String source =
          controller
              .createVolume(CsiCalls.create("source", 64 * MIB, null))
              .getVolume()
              .getVolumeId();
      Path files = test.open(source, mounting("ext4"));
      Files.writeString(files.resolve("a"), "kept");

      assertThat(refusal(controller, source, "require-unused"))
          .satisfies(status -> assertThat(status.getCode()).isEqualTo(Code.FAILED_PRECONDITION))
          .satisfies(status ->
              assertThat(status.getDescription()).contains(test.staging(source).toString()));
      assertThat(refusal(controller, source, "perhaps"))
          .satisfies(status -> assertThat(status.getCode()).isEqualTo(Code.INVALID_ARGUMENT))
          .satisfies(status ->
              assertThat(status.getDescription())
                  .contains(
                      PARAMETER + " is 'perhaps'",
                      "crash-consistent, require-unused or best-effort"));

      String snapshot = take(controller, source, "crash-consistent");
      Volume restored = restore(controller, snapshot);
      assertThat(restored.getVolumeContextMap()).containsExactly(Map.entry(PARAMETER, "frozen"));
      assertThat(test.open(restored.getVolumeId(), mounting("ext4")).resolve("a"))
          .hasContent("kept");
      test.shut(restored.getVolumeId());
      test.shut(source);
    }
  }

  private static Status refusal(
      ControllerBlockingStub controller, String source, String consistency) {
    StatusRuntimeException thrown =
        catchThrowableOfType(
            StatusRuntimeException.class, () -> take(controller, source, consistency));
    assertThat(thrown).as("a refusal").isNotNull();
    return thrown.getStatus();
  }

  private static String take(ControllerBlockingStub controller, String source, String consistency) {
    return controller
        .createSnapshot(
            CreateSnapshotRequest.newBuilder()
                .setName(consistency)
                .setSourceVolumeId(source)
                .putParameters(PARAMETER, consistency)
                .build())
        .getSnapshot()
        .getSnapshotId();
  }

  private static Volume restore(ControllerBlockingStub controller, String snapshot) {
    return controller
        .createVolume(
            CsiCalls.create("restored", 64 * MIB, null).toBuilder()
                .setVolumeContentSource(
                    VolumeContentSource.newBuilder()
                        .setSnapshot(
                            VolumeContentSource.SnapshotSource.newBuilder()
                                .setSnapshotId(snapshot)))
                .build())
        .getVolume();
  }

  private CsiServer serve(TestPool test) {
    return CsiServer.builder()
        .identity(new DriverIdentity("reflink.csi-clone.io", "1.0", "node-1"))
        .volumes(test.volumes)
        .node(test.node)
        .copyEngine(test.engine)
        .records(test.pool.records())
        .socket(folder.resolve("csi.sock"))
        .answerWithin(Duration.ofMinutes(1))
        .start();
  }
}
