package io.csiclone.csi;

import com.google.protobuf.Int64Value;
import io.csiclone.csi.VolumeCatalogue.KnownVolume;
import io.csiclone.csiproto.ControllerExpandVolumeRequest;
import io.csiclone.csiproto.ControllerExpandVolumeResponse;
import io.csiclone.csiproto.ControllerGetCapabilitiesRequest;
import io.csiclone.csiproto.ControllerGetCapabilitiesResponse;
import io.csiclone.csiproto.ControllerGetVolumeRequest;
import io.csiclone.csiproto.ControllerGetVolumeResponse;
import io.csiclone.csiproto.ControllerGrpc;
import io.csiclone.csiproto.CreateSnapshotRequest;
import io.csiclone.csiproto.CreateSnapshotResponse;
import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.csiproto.CreateVolumeResponse;
import io.csiclone.csiproto.DeleteSnapshotRequest;
import io.csiclone.csiproto.DeleteSnapshotResponse;
import io.csiclone.csiproto.DeleteVolumeRequest;
import io.csiclone.csiproto.DeleteVolumeResponse;
import io.csiclone.csiproto.GetCapacityRequest;
import io.csiclone.csiproto.GetCapacityResponse;
import io.csiclone.csiproto.ListSnapshotsRequest;
import io.csiclone.csiproto.ListSnapshotsResponse;
import io.csiclone.csiproto.ListVolumesRequest;
import io.csiclone.csiproto.ListVolumesResponse;
import io.csiclone.csiproto.ValidateVolumeCapabilitiesRequest;
import io.csiclone.csiproto.ValidateVolumeCapabilitiesResponse;
import io.csiclone.csiproto.Volume;
import io.csiclone.csiproto.VolumeCondition;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * CSI's Controller service: checks requests, lets the {@link CloneCoordinator} work and words the
 * answers. Calls without an override here answer UNIMPLEMENTED.
 */
final class ControllerService extends ControllerGrpc.ControllerImplBase {

  private final CloneCoordinator coordinator;
  private final VolumeCatalogue catalogue;
  private final SnapshotCalls snapshots;
  private final VolumeBackend backend;
  private final Capabilities announced;
  private final Placement placement;
  private final Duration longestWait;

  ControllerService(
      CloneCoordinator coordinator,
      VolumeCatalogue catalogue,
      VolumeBackend backend,
      Capabilities announced,
      Placement placement,
      Duration longestWait) {
    this.coordinator = coordinator;
    this.catalogue = catalogue;
    this.snapshots = new SnapshotCalls(coordinator, catalogue);
    this.backend = backend;
    this.announced = announced;
    this.placement = placement;
    this.longestWait = longestWait;
  }

  @Override
  public void createVolume(
      CreateVolumeRequest request, StreamObserver<CreateVolumeResponse> answer) {
    CreateRequest checked = CreateRequest.of(request, announced);
    var making = new VolumeMaking(checked, catalogue, backend, placement);
    BackendVolume made = coordinator.make(making, patience());
    // Naming the source is optional in the specification, but callers delete a clone without it.
    Volume volume = volume(made.volumeId(), made.capacityBytes(), made.context(), checked.source());
    answer.onNext(CreateVolumeResponse.newBuilder().setVolume(volume).build());
    answer.onCompleted();
  }

  @Override
  public void deleteVolume(
      DeleteVolumeRequest request, StreamObserver<DeleteVolumeResponse> answer) {
    coordinator.delete(Fields.required("volume_id", request.getVolumeId()), patience());
    answer.onNext(DeleteVolumeResponse.getDefaultInstance());
    answer.onCompleted();
  }

  @Override
  public void listVolumes(ListVolumesRequest request, StreamObserver<ListVolumesResponse> answer) {
    var page =
        catalogue.page(
            record -> !record.isSnapshot(), request.getMaxEntries(), request.getStartingToken());
    var response = ListVolumesResponse.newBuilder().setNextToken(page.nextToken());
    for (VolumeRecord record : page.records()) {
      response.addEntries(
          ListVolumesResponse.Entry.newBuilder()
              .setVolume(volume(record))
              .setStatus(
                  ListVolumesResponse.VolumeStatus.newBuilder()
                      .setVolumeCondition(condition(record))));
    }
    answer.onNext(response.build());
    answer.onCompleted();
  }

  @Override
  public void controllerGetVolume(
      ControllerGetVolumeRequest request, StreamObserver<ControllerGetVolumeResponse> answer) {
    KnownVolume known = catalogue.require(Fields.required("volume_id", request.getVolumeId()));
    VolumeRecord record = known.record();
    BackendVolume volume = known.volume();
    answer.onNext(
        ControllerGetVolumeResponse.newBuilder()
            .setVolume(
                volume(
                    volume.volumeId(),
                    volume.capacityBytes(),
                    record == null ? Map.of() : record.context(),
                    record == null ? null : record.request().source()))
            .setStatus(
                ControllerGetVolumeResponse.VolumeStatus.newBuilder()
                    .setVolumeCondition(normal(volume.volumeId())))
            .build());
    answer.onCompleted();
  }

  private Volume volume(VolumeRecord record) {
    return volume(
        record.volumeId(), record.capacityBytes(), record.context(), record.request().source());
  }

  private Volume volume(
      String volumeId,
      long capacityBytes,
      Map<String, String> context,
      @Nullable ContentSource source) {
    Volume.Builder volume =
        Volume.newBuilder()
            .setVolumeId(volumeId)
            .setCapacityBytes(capacityBytes)
            .putAllVolumeContext(context)
            .addAllAccessibleTopology(placement.topologies());
    if (source != null) {
      volume.setContentSource(source.toProto());
    }
    return volume.build();
  }

  private VolumeCondition condition(VolumeRecord record) {
    return catalogue.isThere(record)
        ? normal(record.volumeId())
        : VolumeCondition.newBuilder()
            .setAbnormal(true)
            .setMessage(record.what() + " is on record, but the storage does not have it any more")
            .build();
  }

  private static VolumeCondition normal(String volumeId) {
    return VolumeCondition.newBuilder().setMessage("Volume " + volumeId + " is there").build();
  }

  @Override
  public void controllerExpandVolume(
      ControllerExpandVolumeRequest request,
      StreamObserver<ControllerExpandVolumeResponse> answer) {
    VolumeExpansion expansion = announced.expansion().orElse(null);
    if (expansion == null) {
      super.controllerExpandVolume(request, answer);
      return;
    }
    String volumeId = Fields.required("volume_id", request.getVolumeId());
    if (!request.hasCapacityRange()) {
      throw Refusal.invalid("capacity_range", "is missing");
    }
    if (request.hasVolumeCapability()) {
      announced.check("volume_capability", request.getVolumeCapability());
    }
    BackendVolume grown =
        coordinator.grow(volumeId, request.getCapacityRange(), expansion, patience());
    answer.onNext(
        ControllerExpandVolumeResponse.newBuilder()
            .setCapacityBytes(grown.capacityBytes())
            .setNodeExpansionRequired(announced.nodeExpansion().isPresent())
            .build());
    answer.onCompleted();
  }

  @Override
  public void createSnapshot(
      CreateSnapshotRequest request, StreamObserver<CreateSnapshotResponse> answer) {
    answer.onNext(snapshots.create(request, patience()));
    answer.onCompleted();
  }

  @Override
  public void deleteSnapshot(
      DeleteSnapshotRequest request, StreamObserver<DeleteSnapshotResponse> answer) {
    answer.onNext(snapshots.delete(request, patience()));
    answer.onCompleted();
  }

  @Override
  public void listSnapshots(
      ListSnapshotsRequest request, StreamObserver<ListSnapshotsResponse> answer) {
    answer.onNext(snapshots.list(request));
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
    KnownVolume volume = catalogue.require(volumeId);
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
  private String objection(ValidateVolumeCapabilitiesRequest request, KnownVolume volume) {
    CapabilitySet wanted;
    try {
      wanted = announced.check("volume_capabilities", request.getVolumeCapabilitiesList());
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
      announced.check("volume_capabilities", request.getVolumeCapabilitiesList());
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
    answer.onNext(
        ControllerGetCapabilitiesResponse.newBuilder()
            .addAllCapabilities(announced.ofController())
            .build());
    answer.onCompleted();
  }

  private Patience patience() {
    return Patience.ofCall(longestWait);
  }
}
