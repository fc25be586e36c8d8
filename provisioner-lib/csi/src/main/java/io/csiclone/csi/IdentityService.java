package io.csiclone.csi;

import com.google.protobuf.BoolValue;
import io.csiclone.csiproto.GetPluginCapabilitiesRequest;
import io.csiclone.csiproto.GetPluginCapabilitiesResponse;
import io.csiclone.csiproto.GetPluginInfoRequest;
import io.csiclone.csiproto.GetPluginInfoResponse;
import io.csiclone.csiproto.IdentityGrpc;
import io.csiclone.csiproto.ProbeRequest;
import io.csiclone.csiproto.ProbeResponse;
import io.grpc.stub.StreamObserver;

/** CSI's Identity service. */
final class IdentityService extends IdentityGrpc.IdentityImplBase {

  private final DriverIdentity identity;
  private final Capabilities announced;

  IdentityService(DriverIdentity identity, Capabilities announced) {
    this.identity = identity;
    this.announced = announced;
  }

  @Override
  public void getPluginInfo(
      GetPluginInfoRequest request, StreamObserver<GetPluginInfoResponse> answer) {
    answer.onNext(
        GetPluginInfoResponse.newBuilder()
            .setName(identity.name())
            .setVendorVersion(identity.version())
            .build());
    answer.onCompleted();
  }

  @Override
  public void getPluginCapabilities(
      GetPluginCapabilitiesRequest request, StreamObserver<GetPluginCapabilitiesResponse> answer) {
    answer.onNext(
        GetPluginCapabilitiesResponse.newBuilder()
            .addAllCapabilities(announced.ofPlugin())
            .build());
    answer.onCompleted();
  }

  /** A server that answers has taken up its records, so it is ready. */
  @Override
  public void probe(ProbeRequest request, StreamObserver<ProbeResponse> answer) {
    answer.onNext(ProbeResponse.newBuilder().setReady(BoolValue.of(true)).build());
    answer.onCompleted();
  }
}
