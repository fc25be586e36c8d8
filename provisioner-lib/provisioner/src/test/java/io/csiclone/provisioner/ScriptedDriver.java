package io.csiclone.provisioner;

import com.google.protobuf.Int64Value;
import io.csiclone.csiproto.ControllerExpandVolumeRequest;
import io.csiclone.csiproto.ControllerExpandVolumeResponse;
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
import io.csiclone.csiproto.GetPluginCapabilitiesRequest;
import io.csiclone.csiproto.GetPluginCapabilitiesResponse;
import io.csiclone.csiproto.GetPluginInfoRequest;
import io.csiclone.csiproto.GetPluginInfoResponse;
import io.csiclone.csiproto.IdentityGrpc;
import io.csiclone.csiproto.NodeGetInfoRequest;
import io.csiclone.csiproto.NodeGetInfoResponse;
import io.csiclone.csiproto.NodeGrpc;
import io.csiclone.csiproto.PluginCapability;
import io.csiclone.csiproto.Topology;
import io.csiclone.csiproto.Volume;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A CSI driver that keeps volumes in memory, idempotent by name as the specification demands, and
 * answers otherwise when told to.
 */
final class ScriptedDriver implements AutoCloseable {

  static final String NAME = "scripted.example.com";

  final List<CreateVolumeRequest> creates = new CopyOnWriteArrayList<>();
  final List<ControllerExpandVolumeRequest> expands = new CopyOnWriteArrayList<>();
  final List<GetCapacityRequest> capacityQuestions = new CopyOnWriteArrayList<>();
  final List<String> deletes = new CopyOnWriteArrayList<>();

  /** The secrets that came with the last DeleteVolume. */
  volatile Map<String, String> deleteSecrets = Map.of();

  /** The volumes that exist: by id, what they were made from. */
  final Map<String, CreateVolumeRequest> volumes = new ConcurrentHashMap<>();

  /** What the next CreateVolume calls answer instead of OK, one each. */
  final Queue<Status> nextCreates = new ConcurrentLinkedQueue<>();

  /** What the next ControllerExpandVolume calls answer instead of OK, one each. */
  final Queue<Status> nextExpands = new ConcurrentLinkedQueue<>();

  /** What the next DeleteVolume calls answer instead of OK, one each. */
  final Queue<Status> nextDeletes = new ConcurrentLinkedQueue<>();

  /** While set, what every CreateVolume of these names answers. Names as in the request. */
  final Map<String, Status> createAnswers = new ConcurrentHashMap<>();

  final Set<RPC.Type> abilities = EnumSet.of(RPC.Type.CREATE_DELETE_VOLUME, RPC.Type.CLONE_VOLUME);

  /** While set, what every CreateVolume answers. */
  volatile @Nullable Status createAnswer;

  /** How long CreateVolume takes. */
  volatile long createMillis;

  /** How many bytes are left. */
  volatile long room = 100L << 30;

  /** The largest volume's size, or 0 for no limit. */
  volatile long largestVolume;

  /** While set, what every GetCapacity answers. */
  volatile @Nullable Status capacityAnswer;

  volatile boolean forgetsContentSource;
  volatile long missingBytes;
  volatile Map<String, String> segments = Map.of();

  /** What every volume made has as its context. */
  final Map<String, String> volumeContext = new ConcurrentHashMap<>(Map.of("pool", "blue"));

  private final Server server;
  private final ManagedChannel channel;

  ScriptedDriver() {
    String name = InProcessServerBuilder.generateName();
    try {
      server =
          InProcessServerBuilder.forName(name)
              .addService(new Identity())
              .addService(new Controller())
              .addService(new Node())
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    channel = InProcessChannelBuilder.forName(name).build();
  }

  ManagedChannel channel() {
    return channel;
  }

  @Override
  public void close() throws InterruptedException {
    channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    server.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
  }

  private static <T> void answer(StreamObserver<T> observer, T answer) {
    observer.onNext(answer);
    observer.onCompleted();
  }

  private final class Identity extends IdentityGrpc.IdentityImplBase {
    @Override
    public void getPluginInfo(
        GetPluginInfoRequest request, StreamObserver<GetPluginInfoResponse> observer) {
      answer(observer, GetPluginInfoResponse.newBuilder().setName(NAME).build());
    }

    @Override
    public void getPluginCapabilities(
        GetPluginCapabilitiesRequest request,
        StreamObserver<GetPluginCapabilitiesResponse> observer) {
      var response = GetPluginCapabilitiesResponse.newBuilder();
      response
          .addCapabilitiesBuilder()
          .setService(service(PluginCapability.Service.Type.CONTROLLER_SERVICE));
      if (!segments.isEmpty()) {
        response
            .addCapabilitiesBuilder()
            .setService(service(PluginCapability.Service.Type.VOLUME_ACCESSIBILITY_CONSTRAINTS));
      }
      answer(observer, response.build());
    }

    private static PluginCapability.Service service(PluginCapability.Service.Type type) {
      return PluginCapability.Service.newBuilder().setType(type).build();
    }
  }

  private final class Node extends NodeGrpc.NodeImplBase {
    @Override
    public void nodeGetInfo(
        NodeGetInfoRequest request, StreamObserver<NodeGetInfoResponse> observer) {
      answer(
          observer,
          NodeGetInfoResponse.newBuilder()
              .setNodeId("node-id")
              .setAccessibleTopology(Topology.newBuilder().putAllSegments(segments))
              .build());
    }
  }

  private final class Controller extends ControllerGrpc.ControllerImplBase {
    @Override
    public void controllerGetCapabilities(
        ControllerGetCapabilitiesRequest request,
        StreamObserver<ControllerGetCapabilitiesResponse> observer) {
      var response = ControllerGetCapabilitiesResponse.newBuilder();
      for (RPC.Type ability : abilities) {
        response.addCapabilities(
            ControllerServiceCapability.newBuilder().setRpc(RPC.newBuilder().setType(ability)));
      }
      answer(observer, response.build());
    }

    @Override
    public void createVolume(
        CreateVolumeRequest request, StreamObserver<CreateVolumeResponse> observer) {
      creates.add(request);
      Status status = nextCreates.poll();
      if (status == null) {
        status = createAnswers.getOrDefault(request.getName(), createAnswer);
      }
      if (status != null) {
        if (status.getCode() == Status.Code.ABORTED) {
          // Work has begun: the volume exists, ready or not, and leaks if nobody comes back.
          volumes.putIfAbsent("vol-of-" + request.getName(), request);
        }
        observer.onError(status.asRuntimeException());
        return;
      }
      if (createMillis > 0) {
        try {
          Thread.sleep(createMillis);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
      String id = "vol-of-" + request.getName();
      CreateVolumeRequest known = volumes.putIfAbsent(id, request);
      if (known != null && !known.equals(request)) {
        observer.onError(
            Status.ALREADY_EXISTS.withDescription("with another request").asRuntimeException());
        return;
      }
      var volume =
          Volume.newBuilder()
              .setVolumeId(id)
              .setCapacityBytes(request.getCapacityRange().getRequiredBytes() - missingBytes)
              .putAllVolumeContext(volumeContext);
      if (request.hasVolumeContentSource() && !forgetsContentSource) {
        volume.setContentSource(request.getVolumeContentSource());
      }
      if (!segments.isEmpty()) {
        volume.addAccessibleTopology(Topology.newBuilder().putAllSegments(segments));
      }
      answer(observer, CreateVolumeResponse.newBuilder().setVolume(volume).build());
    }

    @Override
    public void getCapacity(
        GetCapacityRequest request, StreamObserver<GetCapacityResponse> observer) {
      capacityQuestions.add(request);
      Status status = capacityAnswer;
      if (status != null) {
        observer.onError(status.asRuntimeException());
        return;
      }
      var response = GetCapacityResponse.newBuilder().setAvailableCapacity(room);
      if (largestVolume > 0) {
        response.setMaximumVolumeSize(Int64Value.of(largestVolume));
      }
      answer(observer, response.build());
    }

    @Override
    public void controllerExpandVolume(
        ControllerExpandVolumeRequest request,
        StreamObserver<ControllerExpandVolumeResponse> observer) {
      expands.add(request);
      Status status = nextExpands.poll();
      if (status != null) {
        observer.onError(status.asRuntimeException());
        return;
      }
      answer(
          observer,
          ControllerExpandVolumeResponse.newBuilder()
              .setCapacityBytes(request.getCapacityRange().getRequiredBytes() - missingBytes)
              .setNodeExpansionRequired(!request.getVolumeCapability().hasBlock())
              .build());
    }

    @Override
    public void deleteVolume(
        DeleteVolumeRequest request, StreamObserver<DeleteVolumeResponse> observer) {
      deleteSecrets = request.getSecretsMap();
      deletes.add(request.getVolumeId());
      Status status = nextDeletes.poll();
      if (status != null) {
        observer.onError(status.asRuntimeException());
        return;
      }
      volumes.remove(request.getVolumeId());
      answer(observer, DeleteVolumeResponse.getDefaultInstance());
    }
  }
}
