package io.csiclone.driver;

import io.csiclone.csiproto.registration.InfoRequest;
import io.csiclone.csiproto.registration.PluginInfo;
import io.csiclone.csiproto.registration.RegistrationGrpc;
import io.csiclone.csiproto.registration.RegistrationStatus;
import io.csiclone.csiproto.registration.RegistrationStatusResponse;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the driver known to the kubelet: a socket in the kubelet's plugin registry folder, which
 * the kubelet finds, asks who is there, and tells the outcome.
 */
final class KubeletRegistration implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(KubeletRegistration.class);

  private final UnixSockets.Service service;
  private final Service registration;

  private KubeletRegistration(UnixSockets.Service service, Service registration) {
    this.service = service;
    this.registration = registration;
  }

  /** The socket's name, by the kubelet's convention. */
  static String socketName(String driverName) {
    return driverName + "-reg.sock";
  }

  /**
   * @param folder the kubelet's plugin registry
   * @param endpoint the driver's CSI socket under the path the kubelet sees
   * @param onRefused called with the kubelet's reason when it refuses the driver
   */
  static KubeletRegistration serve(
      Path folder, String driverName, Path endpoint, Consumer<String> onRefused)
      throws IOException {
    Service registration = new Service(driverName, endpoint, onRefused);
    return new KubeletRegistration(
        UnixSockets.Service.on(folder.resolve(socketName(driverName)), registration), registration);
  }

  /** Whether the kubelet has accepted the driver. */
  boolean registered() {
    return registration.registered;
  }

  @Override
  public void close() {
    service.close();
  }

  private static final class Service extends RegistrationGrpc.RegistrationImplBase {

    private final String driverName;
    private final Path endpoint;
    private final Consumer<String> onRefused;
    private volatile boolean registered;

    private Service(String driverName, Path endpoint, Consumer<String> onRefused) {
      this.driverName = driverName;
      this.endpoint = endpoint;
      this.onRefused = onRefused;
    }

    @Override
    public void getInfo(InfoRequest request, StreamObserver<PluginInfo> answer) {
      answer.onNext(
          PluginInfo.newBuilder()
              .setType("CSIPlugin")
              .setName(driverName)
              .setEndpoint(endpoint.toString())
              .addSupportedVersions("1.0.0")
              .build());
      answer.onCompleted();
    }

    @Override
    public void notifyRegistrationStatus(
        RegistrationStatus status, StreamObserver<RegistrationStatusResponse> answer) {
      answer.onNext(RegistrationStatusResponse.getDefaultInstance());
      answer.onCompleted();
      registered = status.getPluginRegistered();
      if (registered) {
        log.info("the kubelet has registered {} at {}", driverName, endpoint);
      } else {
        onRefused.accept(status.getError());
      }
    }
  }
}
