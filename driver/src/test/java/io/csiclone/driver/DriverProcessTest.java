package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.csiclone.csi.CopyLimits;
import io.csiclone.csiproto.ControllerGrpc;
import io.csiclone.csiproto.CreateVolumeResponse;
import io.csiclone.csiproto.DeleteVolumeRequest;
import io.csiclone.csiproto.NodeGetInfoRequest;
import io.csiclone.csiproto.NodeGrpc;
import io.csiclone.csiproto.registration.RegistrationGrpc;
import io.csiclone.csiproto.registration.RegistrationStatus;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The driver's parts together, on real sockets, as any user may run them. */
class DriverProcessTest {

  private static final long MIB = 1L << 20;

  @TempDir private Path folder;
  private Path pool;
  private Path socket;

  @BeforeEach
  void folders() throws IOException {
    pool = Files.createDirectory(folder.resolve("pool"));
    socket = folder.resolve("csi.sock");
  }

  @Test
  void aVolumeIsMadeClonedAndDeletedOverTheSocket() throws IOException {
    try (DriverProcess process = started(Optional.empty());
        UnixSockets.Client caller = UnixSockets.Client.to(socket)) {
      assertThat(process).isNotNull();
      var controller = ControllerGrpc.newBlockingStub(caller.channel());
      String source =
          controller
              .createVolume(CsiCalls.create("pvc-1", 64 * MIB, null))
              .getVolume()
              .getVolumeId();
      byte[] written = new byte[(int) MIB];
      new Random(7).nextBytes(written);
      Path image = pool.resolve("volumes/" + source + ".img");
      try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
        file.seek(10 * MIB);
        file.write(written);
      }

      CreateVolumeResponse made =
          controller.createVolume(CsiCalls.create("pvc-2", 80 * MIB, source));

      assertThat(made.getVolume().getContentSource().getVolume().getVolumeId()).isEqualTo(source);
      assertThat(made.getVolume().getCapacityBytes()).isEqualTo(80 * MIB);
      Path clone = pool.resolve("volumes/" + made.getVolume().getVolumeId() + ".img");
      assertThat(clone).hasSize(80 * MIB);
      assertThat(Files.mismatch(image, clone)).isEqualTo(64 * MIB);

      for (String id : new String[] {source, made.getVolume().getVolumeId()}) {
        var _ = controller.deleteVolume(DeleteVolumeRequest.newBuilder().setVolumeId(id).build());
      }
      assertThat(pool.resolve("volumes")).isEmptyDirectory();
    }
    assertThat(socket).doesNotExist();
  }

  @Test
  void theNodeTellsItsNameAsTopology() throws IOException {
    try (DriverProcess process = started(Optional.empty());
        UnixSockets.Client caller = UnixSockets.Client.to(socket)) {
      assertThat(process).isNotNull();
      var info =
          NodeGrpc.newBlockingStub(caller.channel())
              .nodeGetInfo(NodeGetInfoRequest.getDefaultInstance());

      assertThat(info.getNodeId()).isEqualTo("node-1");
      assertThat(info.getAccessibleTopology().getSegmentsMap())
          .containsOnly(Map.entry("topology.reflink.csi-clone.io/node", "node-1"));
    }
  }

  @Test
  void aRefusalByTheKubeletEndsTheProcessWithAFailure() throws Exception {
    Path registry = Files.createDirectory(folder.resolve("registry"));
    try (DriverProcess process = started(Optional.of(registry));
        UnixSockets.Client kubelet =
            UnixSockets.Client.to(registry.resolve("reflink.csi-clone.io-reg.sock"))) {
      var _ =
          RegistrationGrpc.newBlockingStub(kubelet.channel())
              .notifyRegistrationStatus(
                  RegistrationStatus.newBuilder().setError("no such luck").build());

      assertThat(process.await()).isEqualTo(1);
    }
    assertThat(registry).isEmptyDirectory();
  }

  @Test
  void probesAreAnsweredByTheStateOfTheDriver() throws Exception {
    Path registry = Files.createDirectory(folder.resolve("registry"));
    try (DriverProcess process = started(Optional.of(registry));
        UnixSockets.Client kubelet =
            UnixSockets.Client.to(registry.resolve("reflink.csi-clone.io-reg.sock"))) {
      assertThat(probe(process, "livez")).isEqualTo("200 ok");
      assertThat(probe(process, "readyz"))
          .isEqualTo("503 the kubelet has not registered the driver yet");

      var _ =
          RegistrationGrpc.newBlockingStub(kubelet.channel())
              .notifyRegistrationStatus(
                  RegistrationStatus.newBuilder().setPluginRegistered(true).build());

      assertThat(probe(process, "readyz")).isEqualTo("200 ok");
      assertThat(probe(process, "metrics"))
          .startsWith("200 ")
          .contains("csi_clone_clones_active 0");
    }
  }

  @Test
  void aProcessStoppedBeforeItStartedLeavesNothing() throws IOException {
    DriverProcess process = new DriverProcess();
    process.close();

    assertThatThrownBy(() -> process.start(options(Optional.empty()), "1.0"))
        .hasMessage("stopped while starting");
    assertThat(socket).doesNotExist();
    started(Optional.empty()).close();
  }

  @Test
  void aPoolServesOneProcess() throws IOException {
    try (DriverProcess process = started(Optional.empty())) {
      assertThat(process).isNotNull();
      assertThatThrownBy(() -> started(Optional.empty()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("is in use by another driver process");
      assertThat(socket).as("the first one's").exists();
    }
  }

  private DriverProcess started(Optional<Path> registry) throws IOException {
    DriverProcess process = new DriverProcess();
    process.start(options(registry), "1.0");
    return process;
  }

  private DriverOptions options(Optional<Path> registry) {
    return new DriverOptions(
        socket,
        pool,
        "node-1",
        Optional.empty(),
        Optional.empty(),
        false,
        registry,
        Path.of("/var/lib/kubelet"),
        OptionalInt.of(0),
        CopyLimits.DEFAULT,
        Duration.ofHours(1));
  }

  private static String probe(DriverProcess process, String what) throws Exception {
    var answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + process.healthPort() + "/" + what))
                    .build(),
                BodyHandlers.ofString());
    return answer.statusCode() + " " + answer.body().strip();
  }
}
