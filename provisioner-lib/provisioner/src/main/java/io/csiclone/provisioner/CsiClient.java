package io.csiclone.provisioner;

import io.csiclone.csiproto.ControllerExpandVolumeRequest;
import io.csiclone.csiproto.ControllerExpandVolumeResponse;
import io.csiclone.csiproto.ControllerGetCapabilitiesRequest;
import io.csiclone.csiproto.ControllerGrpc;
import io.csiclone.csiproto.ControllerServiceCapability;
import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.csiproto.DeleteVolumeRequest;
import io.csiclone.csiproto.GetCapacityRequest;
import io.csiclone.csiproto.GetPluginCapabilitiesRequest;
import io.csiclone.csiproto.GetPluginInfoRequest;
import io.csiclone.csiproto.IdentityGrpc;
import io.csiclone.csiproto.NodeGetInfoRequest;
import io.csiclone.csiproto.NodeGrpc;
import io.csiclone.csiproto.PluginCapability.Service;
import io.csiclone.csiproto.Volume;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Calls the driver, each time with a deadline, and says what its answers mean. */
final class CsiClient {

  /** The outcome of a CreateVolume. */
  sealed interface CreateAnswer {
    /** The volume exists. */
    record Created(Volume volume) implements CreateAnswer {}

    /** It may be under way: the same request has to be sent again. */
    record InProgress(Status status) implements CreateAnswer {}

    /** Nothing is under way; another node might have room. */
    record Exhausted(Status status) implements CreateAnswer {}

    /** Nothing is under way. */
    record Failed(Status status) implements CreateAnswer {}
  }

  /** The outcome of a DeleteVolume. */
  sealed interface DeleteAnswer {
    /** The volume does not exist any more. */
    record Deleted() implements DeleteAnswer {}

    /** It may be under way. */
    record InProgress(Status status) implements DeleteAnswer {}

    /** The volume exists. */
    record Failed(Status status) implements DeleteAnswer {}
  }

  /** The outcome of a ControllerExpandVolume. */
  sealed interface ExpandAnswer {
    /** The volume has the size that is said. */
    record Expanded(ControllerExpandVolumeResponse response) implements ExpandAnswer {}

    /** It may be under way. */
    record InProgress(Status status) implements ExpandAnswer {}

    /** Nothing is under way. */
    record Failed(Status status) implements ExpandAnswer {}
  }

  /** The outcome of a GetCapacity. */
  sealed interface CapacityAnswer {
    /** So many bytes are left; no volume may be larger than the second number, if there is one. */
    record Room(long bytes, @Nullable Long largestVolume) implements CapacityAnswer {}

    /** The driver does not say. */
    record Unknown(Status status) implements CapacityAnswer {}
  }

  private final Channel channel;
  private final Duration callTimeout;
  private final ProvisionerMetrics metrics;

  CsiClient(Channel channel, Duration callTimeout, ProvisionerMetrics metrics) {
    this.channel = channel;
    this.callTimeout = callTimeout;
    this.metrics = metrics;
  }

  /**
   * Asks the driver what it is and can do, waiting for its socket to answer.
   *
   * @throws IllegalStateException when it does not answer in time, or is another driver, or cannot
   *     make volumes
   */
  DriverTraits describe(String expectedName, boolean withNode, Duration within) {
    var identity =
        IdentityGrpc.newBlockingStub(channel)
            .withWaitForReady()
            .withDeadlineAfter(within.toMillis(), TimeUnit.MILLISECONDS);
    String name;
    boolean topology = false;
    boolean controller = false;
    var abilities = EnumSet.noneOf(ControllerServiceCapability.RPC.Type.class);
    Map<String, String> segments = Map.of();
    try {
      name = identity.getPluginInfo(GetPluginInfoRequest.getDefaultInstance()).getName();
      for (var capability :
          identity
              .getPluginCapabilities(GetPluginCapabilitiesRequest.getDefaultInstance())
              .getCapabilitiesList()) {
        Service.Type type = capability.getService().getType();
        controller |= type == Service.Type.CONTROLLER_SERVICE;
        topology |= type == Service.Type.VOLUME_ACCESSIBILITY_CONSTRAINTS;
      }
      if (controller) {
        controller()
            .controllerGetCapabilities(ControllerGetCapabilitiesRequest.getDefaultInstance())
            .getCapabilitiesList()
            .forEach(capability -> abilities.add(capability.getRpc().getType()));
      }
      if (withNode) {
        segments =
            NodeGrpc.newBlockingStub(channel)
                .withDeadlineAfter(callTimeout.toMillis(), TimeUnit.MILLISECONDS)
                .nodeGetInfo(NodeGetInfoRequest.getDefaultInstance())
                .getAccessibleTopology()
                .getSegmentsMap();
      }
    } catch (StatusRuntimeException e) {
      throw new IllegalStateException(
          "driver " + expectedName + " did not describe itself: " + e.getStatus(), e);
    }
    if (!name.equals(expectedName)) {
      throw new IllegalStateException(
          "the driver at this socket is " + name + ", not " + expectedName);
    }
    if (!abilities.contains(ControllerServiceCapability.RPC.Type.CREATE_DELETE_VOLUME)) {
      throw new IllegalStateException(
          "driver " + name + " has no controller service with CREATE_DELETE_VOLUME");
    }
    return new DriverTraits(name, abilities, topology, segments);
  }

  CreateAnswer create(CreateVolumeRequest request) {
    try {
      return new CreateAnswer.Created(
          timed("Controller/CreateVolume", () -> controller().createVolume(request)).getVolume());
    } catch (StatusRuntimeException e) {
      Status status = e.getStatus();
      if (mayBeUnderWay(status)) {
        return new CreateAnswer.InProgress(status);
      }
      return status.getCode() == Status.Code.RESOURCE_EXHAUSTED
          ? new CreateAnswer.Exhausted(status)
          : new CreateAnswer.Failed(status);
    }
  }

  DeleteAnswer delete(String volumeId, Map<String, String> secrets) {
    try {
      var request =
          DeleteVolumeRequest.newBuilder().setVolumeId(volumeId).putAllSecrets(secrets).build();
      var _ = timed("Controller/DeleteVolume", () -> controller().deleteVolume(request));
      return new DeleteAnswer.Deleted();
    } catch (StatusRuntimeException e) {
      return mayBeUnderWay(e.getStatus())
          ? new DeleteAnswer.InProgress(e.getStatus())
          : new DeleteAnswer.Failed(e.getStatus());
    }
  }

  ExpandAnswer expand(ControllerExpandVolumeRequest request) {
    try {
      return new ExpandAnswer.Expanded(
          timed(
              "Controller/ControllerExpandVolume",
              () -> controller().controllerExpandVolume(request)));
    } catch (StatusRuntimeException e) {
      return mayBeUnderWay(e.getStatus())
          ? new ExpandAnswer.InProgress(e.getStatus())
          : new ExpandAnswer.Failed(e.getStatus());
    }
  }

  CapacityAnswer capacity(GetCapacityRequest request) {
    try {
      var answer = timed("Controller/GetCapacity", () -> controller().getCapacity(request));
      return new CapacityAnswer.Room(
          answer.getAvailableCapacity(),
          answer.hasMaximumVolumeSize() ? answer.getMaximumVolumeSize().getValue() : null);
    } catch (StatusRuntimeException e) {
      return new CapacityAnswer.Unknown(e.getStatus());
    }
  }

  private <T> T timed(String method, Supplier<T> call) {
    long begun = System.nanoTime();
    Status.Code code = Status.Code.UNKNOWN;
    try {
      T answer = call.get();
      code = Status.Code.OK;
      return answer;
    } catch (StatusRuntimeException e) {
      code = e.getStatus().getCode();
      throw e;
    } finally {
      metrics.called(method, code, Duration.ofNanos(System.nanoTime() - begun));
    }
  }

  /** What a caller of a driver has to read as "still working"; any other code means it is not. */
  private static boolean mayBeUnderWay(Status status) {
    return switch (status.getCode()) {
      case CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE, ABORTED -> true;
      default -> false;
    };
  }

  /** A status as users read it. */
  static String words(Status status) {
    String description = status.getDescription();
    return status.getCode() + (description == null ? "" : ": " + description);
  }

  private ControllerGrpc.ControllerBlockingStub controller() {
    return ControllerGrpc.newBlockingStub(channel)
        .withDeadlineAfter(callTimeout.toMillis(), TimeUnit.MILLISECONDS);
  }
}
