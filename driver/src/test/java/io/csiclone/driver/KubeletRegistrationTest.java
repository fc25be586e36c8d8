package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.csiclone.csiproto.registration.InfoRequest;
import io.csiclone.csiproto.registration.PluginInfo;
import io.csiclone.csiproto.registration.RegistrationGrpc;
import io.csiclone.csiproto.registration.RegistrationStatus;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The kubelet's side of the registration, spoken over the real socket. */
class KubeletRegistrationTest {

  private static final String NAME = "reflink.csi-clone.io";
  private static final Path ENDPOINT = Path.of("/var/lib/kubelet/plugins/x/csi.sock");

  @TempDir private Path folder;
  private final BlockingQueue<String> refusals = new ArrayBlockingQueue<>(1);

  @Test
  void theKubeletLearnsTypeNameEndpointAndVersion() throws IOException {
    try (KubeletRegistration registration = serve();
        UnixSockets.Client kubelet = UnixSockets.Client.to(folder.resolve(NAME + "-reg.sock"))) {
      PluginInfo info =
          RegistrationGrpc.newBlockingStub(kubelet.channel())
              .getInfo(InfoRequest.getDefaultInstance());

      assertThat(info.getType()).isEqualTo("CSIPlugin");
      assertThat(info.getName()).isEqualTo(NAME);
      assertThat(info.getEndpoint()).isEqualTo(ENDPOINT.toString());
      assertThat(info.getSupportedVersionsList()).containsExactly("1.0.0");
      assertThat(registration.registered()).isFalse();
    }
  }

  @Test
  void theDriverKnowsWhenItIsRegistered() throws IOException {
    try (KubeletRegistration registration = serve();
        UnixSockets.Client kubelet = UnixSockets.Client.to(folder.resolve(NAME + "-reg.sock"))) {
      tell(kubelet, RegistrationStatus.newBuilder().setPluginRegistered(true).build());

      assertThat(registration.registered()).isTrue();
      assertThat(refusals).isEmpty();
    }
  }

  @Test
  void aRefusalIsHandedOnWithTheKubeletsReason() throws Exception {
    try (KubeletRegistration registration = serve();
        UnixSockets.Client kubelet = UnixSockets.Client.to(folder.resolve(NAME + "-reg.sock"))) {
      tell(kubelet, RegistrationStatus.newBuilder().setError("wrong version").build());

      assertThat(refusals.poll(5, TimeUnit.SECONDS)).isEqualTo("wrong version");
      assertThat(registration.registered()).isFalse();
    }
  }

  @Test
  void theSocketIsPrivateAndGoesAway() throws IOException {
    Path socket = folder.resolve(NAME + "-reg.sock");
    try (KubeletRegistration registration = serve()) {
      assertThat(registration.registered()).isFalse();
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
          .isEqualTo("rw-------");
    }
    assertThat(socket).doesNotExist();
  }

  @Test
  void aSocketThatAKilledProcessLeftIsReplaced() throws IOException {
    Path socket = folder.resolve(NAME + "-reg.sock");
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(socket));
    }
    assertThat(socket).exists();

    serve().close();
  }

  @Test
  void aSocketThatSomebodyServesIsLeftAlone() throws IOException {
    try (KubeletRegistration first = serve()) {
      assertThatThrownBy(this::serve)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("another process listens on");
      assertThat(first.registered()).isFalse();
      assertThat(folder.resolve(NAME + "-reg.sock")).exists();
    }
  }

  @Test
  void aFileInTheWayIsLeftAlone() throws IOException {
    Path file = Files.writeString(folder.resolve(NAME + "-reg.sock"), "precious");

    assertThatThrownBy(this::serve).hasMessageContaining("it is not a socket");
    assertThat(file).hasContent("precious");
  }

  private KubeletRegistration serve() throws IOException {
    return KubeletRegistration.serve(folder, NAME, ENDPOINT, refusals::add);
  }

  private static void tell(UnixSockets.Client kubelet, RegistrationStatus status) {
    var _ = RegistrationGrpc.newBlockingStub(kubelet.channel()).notifyRegistrationStatus(status);
  }
}
