package io.csiclone.csi;

import com.google.protobuf.Int64Value;
import io.csiclone.csi.CloneCoordinator.KnownVolume;
import io.csiclone.csiproto.ControllerGetCapabilitiesRequest;
import io.csiclone.csiproto.ControllerGetCapabilitiesResponse;
import io.csiclone.csiproto.ControllerGrpc;
import io.csiclone.csiproto.ControllerServiceCapability;
import io.csiclone.csiproto.ControllerServiceCapability.RPC;
import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.csiproto.CreateVolumeResponse;
import io.csiclone.csiproto.DeleteVolumeRequest;
import io.csiclone.csiproto.DeleteVolumeResponse;
import io.csiclone.csiproto.GetCapacityRequest;
import io.csiclone.csiproto.GetCapacityResponse;
import io.csiclone.csiproto.ValidateVolumeCapabilitiesRequest;
import io.csiclone.csiproto.ValidateVolumeCapabilitiesResponse;
import io.csiclone.csiproto.Volume;
import io.csiclone.csiproto.VolumeContentSource;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;

/**
 * CSI's Controller service: checks requests, lets the {@link CloneCoordinator} work and words the
 * answers. Calls without an override here answer UNIMPLEMENTED.
 */
final class ControllerService extends ControllerGrpc.ControllerImplBase {

  private final CloneCoordinator coordinator;
  private final VolumeBackend backend;
  private final Placement placement;
  private final Duration longestWait;

  ControllerService(
      CloneCoordinator coordinator,
      VolumeBackend backend,
      Placement placement,
      Duration longestWait) {
    this.coordinator = coordinator;
    this.backend = backend;
    this.placement = placement;
    this.longestWait = longestWait;
  }

  @Override
  public void createVolume(
      CreateVolumeRequest request, StreamObserver<CreateVolumeResponse> answer) {
    CreateRequest checked = CreateRequest.of(request);
    BackendVolume made = coordinator.create(checked, Patience.ofCall(longestWait));
    Volume.Builder volume =
        Volume.newBuilder()
            .setVolumeId(made.volumeId())
            .setCapacityBytes(made.capacityBytes())
            .addAllAccessibleTopology(placement.topologies());
    if (checked.sourceVolumeId() != null) {
      // Optional in the specification, but callers delete a clone that does not name its source.
      volume.setContentSource(
          VolumeContentSource.newBuilder()
              .setVolume(
                  VolumeContentSource.VolumeSource.newBuilder()
                      .setVolumeId(checked.sourceVolumeId())));
    }
    answer.onNext(CreateVolumeResponse.newBuilder().setVolume(volume).build());
    answer.onCompleted();
  }

  @Override
  public void deleteVolume(
      DeleteVolumeRequest request, StreamObserver<DeleteVolumeResponse> answer) {
    coordinator.delete(
        Fields.required("volume_id", request.getVolumeId()), Patience.ofCall(longestWait));
    answer.onNext(DeleteVolumeResponse.getDefaultInstance());
    answer.onCompleted();
  }

  @Override
  public void validateVolumeCapabilities(
      ValidateVolumeCapabilitiesRequest request,
      StreamObserver<ValidateVolumeCapabilitiesResponse> answer) {
    String volumeId = Fields.required("volume_id", request.getVolumeId());
    if (request.getVolumeCapabilitiesCount() == 0) {
      throw Refusal.invalid("volume_capabilities", "is missing");
    }
    KnownVolume volume = coordinator.require(volumeId);
    var response = ValidateVolumeCapabilitiesResponse.newBuilder();
    String objection = objection(request, volume);
    if (objection.isEmpty()) {
      response.setConfirmed(
          ValidateVolumeCapabilitiesResponse.Confirmed.newBuilder()
              .putAllVolumeContext(request.getVolumeContextMap())
              .addAllVolumeCapabilities(request.getVolumeCapabilitiesList())
              .putAllParameters(request.getParametersMap()));
    } else {
      response.setMessage(objection);
    }
    answer.onNext(response.build());
    answer.onCompleted();
  }

  /** Why the volume cannot serve these capabilities, empty when it can. No error by contract. */
  private static String objection(ValidateVolumeCapabilitiesRequest request, KnownVolume volume) {
    CapabilitySet wanted;
    try {
      wanted = CapabilitySet.of("volume_capabilities", request.getVolumeCapabilitiesList());
      CreateRequest.noMutableParameters(request.getMutableParamsMap());
    } catch (Refusal refusal) {
      return String.valueOf(refusal.getMessage());
    }
    AccessType made = volume.accessType();
    if (made != null && made != wanted.accessType()) {
      return "volume_capabilities ask for " + wanted.accessType() + ", the volume is " + made;
    }
    return "";
  }

  @Override
  public void getCapacity(GetCapacityRequest request, StreamObserver<GetCapacityResponse> answer) {
    OptionalLong available = backend.availableBytes();
    if (available.isEmpty()) {
      super.getCapacity(request, answer);
      return;
    }
    if (request.getVolumeCapabilitiesCount() != 0) {
      CapabilitySet.of("volume_capabilities", request.getVolumeCapabilitiesList());
    }
    boolean here =
        !request.hasAccessibleTopology()
            || placement.suits(List.of(request.getAccessibleTopology().getSegmentsMap()));
    answer.onNext(
        GetCapacityResponse.newBuilder()
            .setAvailableCapacity(here ? Math.max(0, available.getAsLong()) : 0)
            .setMinimumVolumeSize(Int64Value.of(backend.minimumBytes()))
            .build());
    answer.onCompleted();
  }

  @Override
  public void controllerGetCapabilities(
      ControllerGetCapabilitiesRequest request,
      StreamObserver<ControllerGetCapabilitiesResponse> answer) {
    var response = ControllerGetCapabilitiesResponse.newBuilder();
    response.addCapabilities(rpc(RPC.Type.CREATE_DELETE_VOLUME));
    response.addCapabilities(rpc(RPC.Type.CLONE_VOLUME));
    if (backend.availableBytes().isPresent()) {
      response.addCapabilities(rpc(RPC.Type.GET_CAPACITY));
    }
    answer.onNext(response.build());
    answer.onCompleted();
  }

  private static ControllerServiceCapability rpc(RPC.Type type) {
    return ControllerServiceCapability.newBuilder().setRpc(RPC.newBuilder().setType(type)).build();
  }
}
