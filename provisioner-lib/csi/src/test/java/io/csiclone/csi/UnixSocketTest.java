package io.csiclone.csi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.csiclone.csiproto.ControllerGetCapabilitiesRequest;
import io.csiclone.csiproto.ControllerServiceCapability.RPC;
import io.csiclone.csiproto.GetPluginCapabilitiesRequest;
import io.csiclone.csiproto.GetPluginInfoRequest;
import io.csiclone.csiproto.IdentityGrpc;
import io.csiclone.csiproto.PluginCapability;
import io.csiclone.csiproto.PluginCapability.Service.Type;
import io.csiclone.csiproto.ProbeRequest;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCalls;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The socket and who answers on it. */
class UnixSocketTest {

  @TempDir private Path folder;
  private TestDriver driver;

  @BeforeEach
  void prepare() throws IOException {
    driver = new TestDriver(folder);
  }

  @AfterEach
  void stop() {
    driver.close();
  }

  @Test
  void theDriverTellsWhoItIsWhatItCanAndThatItIsReady() {
    driver.start();
    var info = driver.identity().getPluginInfo(GetPluginInfoRequest.getDefaultInstance());
    assertThat(info.getName()).isEqualTo("folder.test");
    assertThat(info.getVendorVersion()).isEqualTo("1.0");
    assertThat(driver.identity().probe(ProbeRequest.getDefaultInstance()).getReady().getValue())
        .isTrue();
    assertThat(
            driver
                .identity()
                .getPluginCapabilities(GetPluginCapabilitiesRequest.getDefaultInstance())
                .getCapabilitiesList())
        .filteredOn(PluginCapability::hasService)
        .extracting(capability -> capability.getService().getType())
        .containsExactly(Type.CONTROLLER_SERVICE, Type.VOLUME_ACCESSIBILITY_CONSTRAINTS);
    assertThat(
            driver
                .controller()
                .controllerGetCapabilities(ControllerGetCapabilitiesRequest.getDefaultInstance())
                .getCapabilitiesList())
        .extracting(capability -> capability.getRpc().getType())
        .contains(
            RPC.Type.CREATE_DELETE_VOLUME,
            RPC.Type.CLONE_VOLUME,
            RPC.Type.GET_CAPACITY,
            RPC.Type.EXPAND_VOLUME,
            RPC.Type.SINGLE_NODE_MULTI_WRITER);
  }

  @Test
  void aDriverWithoutTopologyClaimsNone() {
    driver.node.topology = Map.of();
    driver.start();
    assertThat(
            driver
                .identity()
                .getPluginCapabilities(GetPluginCapabilitiesRequest.getDefaultInstance())
                .getCapabilitiesList())
        .filteredOn(PluginCapability::hasService)
        .extracting(capability -> capability.getService().getType())
        .containsExactly(Type.CONTROLLER_SERVICE);
  }

  @Test
  void onlyItsOwnerMayUseTheSocketAndItGoesAwayOnClose() throws IOException {
    driver.start();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(driver.socket())))
        .isEqualTo("rw-------");
    driver.stop();
    assertThat(driver.socket()).doesNotExist();
  }

  @Test
  void aMissingFolderIsMadeForItsOwnerOnly() throws IOException {
    Path made = folder.resolve("plugins");
    try (CsiServer server = builder().socket(made.resolve("csi.sock")).start()) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made)))
          .isEqualTo("rwx------");
      assertThat(server.socket()).exists().isAbsolute();
    }
  }

  @Test
  void aSocketThatACrashLeftIsReplaced() throws IOException {
    try (ServerSocketChannel crashed = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      crashed.bind(UnixDomainSocketAddress.of(driver.socket()));
    }
    assertThat(driver.socket()).exists();
    driver.start();
    assertThat(driver.identity().probe(ProbeRequest.getDefaultInstance()).hasReady()).isTrue();
  }

  @Test
  void aSocketThatSomebodyAnswersIsLeftAlone() {
    driver.start();
    assertThatThrownBy(() -> builder().start())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("already listens");
    assertThat(driver.identity().probe(ProbeRequest.getDefaultInstance()).hasReady()).isTrue();
  }

  @Test
  void aFileThatIsNoSocketIsLeftAlone() throws IOException {
    Files.writeString(driver.socket(), "precious");
    assertThatThrownBy(() -> driver.start())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("is not a socket");
    assertThat(driver.socket()).hasContent("precious");
  }

  @Test
  void oneRecordsFolderServesOneServer() {
    driver.start();
    Path other = folder.resolve("other.sock");
    assertThatThrownBy(() -> builder().records(driver.records()).socket(other).start())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("is in use by another server");
    assertThat(other).doesNotExist();
  }

  @Test
  void aMissingPartIsNamed() {
    assertThatThrownBy(() -> CsiServer.builder().socket(driver.socket()).start())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(".identity(");
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "csi.sock", "%2Fvar%2Flib%2Fkubelet%2Fcsi.sock", "host:1"})
  void anyAuthorityIsAccepted(String authority) {
    driver.start();
    ManagedChannel channel = driver.channel();
    var response =
        ClientCalls.blockingUnaryCall(
            channel,
            IdentityGrpc.getProbeMethod(),
            CallOptions.DEFAULT.withAuthority(authority).withDeadlineAfter(10, TimeUnit.SECONDS),
            ProbeRequest.getDefaultInstance());
    assertThat(response.getReady().getValue()).isTrue();
  }

  private CsiServerBuilder builder() {
    return CsiServer.builder()
        .identity(new DriverIdentity("folder.test", "1.0", "node-1"))
        .volumes(driver.backend)
        .copyEngine(driver.engine)
        .records(folder.resolve("other-records"))
        .socket(driver.socket());
  }
}
