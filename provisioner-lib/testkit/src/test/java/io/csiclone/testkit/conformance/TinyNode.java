package io.csiclone.testkit.conformance;

import io.csiclone.csiproto.NodeExpandVolumeRequest;
import io.csiclone.csiproto.NodeExpandVolumeResponse;
import io.csiclone.csiproto.NodeGetCapabilitiesRequest;
import io.csiclone.csiproto.NodeGetCapabilitiesResponse;
import io.csiclone.csiproto.NodeGetInfoRequest;
import io.csiclone.csiproto.NodeGetInfoResponse;
import io.csiclone.csiproto.NodeGetVolumeStatsRequest;
import io.csiclone.csiproto.NodeGetVolumeStatsResponse;
import io.csiclone.csiproto.NodeGrpc;
import io.csiclone.csiproto.NodePublishVolumeRequest;
import io.csiclone.csiproto.NodePublishVolumeResponse;
import io.csiclone.csiproto.NodeServiceCapability;
import io.csiclone.csiproto.NodeServiceCapability.RPC;
import io.csiclone.csiproto.NodeStageVolumeRequest;
import io.csiclone.csiproto.NodeStageVolumeResponse;
import io.csiclone.csiproto.NodeUnpublishVolumeRequest;
import io.csiclone.csiproto.NodeUnpublishVolumeResponse;
import io.csiclone.csiproto.NodeUnstageVolumeRequest;
import io.csiclone.csiproto.NodeUnstageVolumeResponse;
import io.csiclone.csiproto.Topology;
import io.csiclone.csiproto.VolumeCapability.AccessMode.Mode;
import io.csiclone.csiproto.VolumeUsage;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** The node of a {@link TinyDriver}: a published volume is an empty file or folder. */
final class TinyNode extends NodeGrpc.NodeImplBase {

  private final Map<String, Path> published = new HashMap<>();
  private final Map<String, Long> seen = new HashMap<>();
  private final ToLongFunction<String> size;
  private final @Nullable Fault fault;
  private int layers;

  /**
   * @param size of a volume, negative for one that is not there
   */
  TinyNode(ToLongFunction<String> size, @Nullable Fault fault) {
    this.size = size;
    this.fault = fault;
  }

  private boolean has(Fault asked) {
    return fault == asked;
  }

  private void required(boolean given) {
    if (!given && !has(Fault.TAKES_ANY_NODE_REQUEST)) {
      throw TinyDriver.refusal(Status.INVALID_ARGUMENT);
    }
  }

  private void known(String id, Fault forgives) {
    if (size.applyAsLong(id) < 0 && !has(forgives) && !has(Fault.TAKES_ANY_NODE_REQUEST)) {
      throw TinyDriver.refusal(Status.NOT_FOUND);
    }
  }

  @Override
  public void nodeStageVolume(
      NodeStageVolumeRequest request, StreamObserver<NodeStageVolumeResponse> to) {
    TinyDriver.answer(
        to,
        () -> {
          required(!request.getVolumeId().isEmpty());
          required(!request.getStagingTargetPath().isEmpty());
          required(request.hasVolumeCapability());
          return NodeStageVolumeResponse.getDefaultInstance();
        });
  }

  @Override
  public void nodeUnstageVolume(
      NodeUnstageVolumeRequest request, StreamObserver<NodeUnstageVolumeResponse> to) {
    TinyDriver.answer(
        to,
        () -> {
          required(!request.getVolumeId().isEmpty());
          required(!request.getStagingTargetPath().isEmpty());
          return NodeUnstageVolumeResponse.getDefaultInstance();
        });
  }

  @Override
  public synchronized void nodePublishVolume(
      NodePublishVolumeRequest request, StreamObserver<NodePublishVolumeResponse> to) {
    TinyDriver.answer(
        to,
        () -> {
          required(!request.getVolumeId().isEmpty());
          required(!request.getTargetPath().isEmpty());
          required(request.hasVolumeCapability());
          if (!request.getTargetPath().isEmpty()) {
            publish(request, Path.of(request.getTargetPath()));
          }
          return NodePublishVolumeResponse.getDefaultInstance();
        });
  }

  private void publish(NodePublishVolumeRequest request, Path target) throws IOException {
    String id = request.getVolumeId();
    Path before = published.get(id);
    Mode mode = request.getVolumeCapability().getAccessMode().getMode();
    if (mode == Mode.SINGLE_NODE_SINGLE_WRITER
        && before != null
        && !before.equals(target)
        && !has(Fault.LETS_MANY_WRITERS_IN)) {
      throw TinyDriver.refusal(Status.FAILED_PRECONDITION);
    }
    layers++;
    if (has(Fault.PUBLISHES_NOTHING) || has(Fault.TAKES_ANY_NODE_REQUEST)) {
      return;
    }
    if (!Files.exists(target)) {
      if (request.getVolumeCapability().hasBlock()) {
        Files.createFile(target);
      } else {
        Files.createDirectory(target);
      }
    }
    published.put(id, target);
    seen.put(id, size.applyAsLong(id));
  }

  @Override
  public synchronized void nodeUnpublishVolume(
      NodeUnpublishVolumeRequest request, StreamObserver<NodeUnpublishVolumeResponse> to) {
    TinyDriver.answer(
        to,
        () -> {
          required(!request.getVolumeId().isEmpty());
          required(!request.getTargetPath().isEmpty());
          Path target = Path.of(request.getTargetPath());
          if (!target.equals(published.get(request.getVolumeId()))) {
            if (has(Fault.FAILS_TO_TAKE_BACK_THE_UNKNOWN)) {
              throw TinyDriver.refusal(Status.INTERNAL);
            }
          } else if (!has(Fault.STACKS_PUBLICATIONS) || --layers == 0) {
            published.remove(request.getVolumeId());
            if (!has(Fault.KEEPS_TARGETS)) {
              Files.delete(target);
            }
          }
          return NodeUnpublishVolumeResponse.getDefaultInstance();
        });
  }

  @Override
  public synchronized void nodeGetVolumeStats(
      NodeGetVolumeStatsRequest request, StreamObserver<NodeGetVolumeStatsResponse> to) {
    TinyDriver.answer(
        to,
        () -> {
          String id = request.getVolumeId();
          required(!id.isEmpty());
          required(!request.getVolumePath().isEmpty());
          known(id, Fault.MEASURES_THE_UNKNOWN);
          if (!Path.of(request.getVolumePath()).equals(published.get(id))
              && !has(Fault.MEASURES_ANYWHERE)
              && !has(Fault.MEASURES_THE_UNKNOWN)
              && !has(Fault.TAKES_ANY_NODE_REQUEST)) {
            throw TinyDriver.refusal(Status.NOT_FOUND);
          }
          return NodeGetVolumeStatsResponse.newBuilder()
              .addUsage(
                  VolumeUsage.newBuilder()
                      .setUnit(VolumeUsage.Unit.BYTES)
                      .setTotal(seen.getOrDefault(id, 0L)))
              .build();
        });
  }

  @Override
  public synchronized void nodeExpandVolume(
      NodeExpandVolumeRequest request, StreamObserver<NodeExpandVolumeResponse> to) {
    TinyDriver.answer(
        to,
        () -> {
          String id = request.getVolumeId();
          required(!id.isEmpty());
          required(!request.getVolumePath().isEmpty());
          known(id, Fault.EXPANDS_THE_UNKNOWN_ON_THE_NODE);
          if (has(Fault.FAILS_TO_EXPAND_ON_THE_NODE)) {
            throw TinyDriver.refusal(Status.INTERNAL);
          }
          seen.put(id, size.applyAsLong(id));
          return NodeExpandVolumeResponse.getDefaultInstance();
        });
  }

  @Override
  public void nodeGetInfo(NodeGetInfoRequest request, StreamObserver<NodeGetInfoResponse> to) {
    TinyDriver.answer(
        to,
        () ->
            NodeGetInfoResponse.newBuilder()
                .setNodeId(has(Fault.HAS_NO_NODE_ID) ? "" : "tiny-node")
                .setAccessibleTopology(Topology.newBuilder().putSegments("tiny/node", "tiny-node"))
                .build());
  }

  @Override
  public void nodeGetCapabilities(
      NodeGetCapabilitiesRequest request, StreamObserver<NodeGetCapabilitiesResponse> to) {
    var response = NodeGetCapabilitiesResponse.newBuilder();
    for (RPC.Type type :
        List.of(
            has(Fault.ANNOUNCES_THE_UNKNOWN) ? RPC.Type.UNKNOWN : RPC.Type.EXPAND_VOLUME,
            RPC.Type.STAGE_UNSTAGE_VOLUME,
            RPC.Type.GET_VOLUME_STATS,
            RPC.Type.SINGLE_NODE_MULTI_WRITER)) {
      response.addCapabilities(
          NodeServiceCapability.newBuilder().setRpc(RPC.newBuilder().setType(type)));
    }
    TinyDriver.answer(to, response::build);
  }
}
