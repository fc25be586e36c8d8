package io.csiclone.testkit.conformance;

import io.csiclone.csiproto.ControllerExpandVolumeRequest;
import io.csiclone.csiproto.ControllerExpandVolumeResponse;
import io.csiclone.csiproto.ControllerGetCapabilitiesRequest;
import io.csiclone.csiproto.ControllerGetCapabilitiesResponse;
import io.csiclone.csiproto.ControllerGetVolumeRequest;
import io.csiclone.csiproto.ControllerGetVolumeResponse;
import io.csiclone.csiproto.ControllerGrpc;
import io.csiclone.csiproto.ControllerServiceCapability;
import io.csiclone.csiproto.ControllerServiceCapability.RPC;
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
import io.csiclone.csiproto.GetPluginCapabilitiesRequest;
import io.csiclone.csiproto.GetPluginCapabilitiesResponse;
import io.csiclone.csiproto.GetPluginInfoRequest;
import io.csiclone.csiproto.GetPluginInfoResponse;
import io.csiclone.csiproto.IdentityGrpc;
import io.csiclone.csiproto.ListSnapshotsRequest;
import io.csiclone.csiproto.ListSnapshotsResponse;
import io.csiclone.csiproto.ListVolumesRequest;
import io.csiclone.csiproto.ListVolumesResponse;
import io.csiclone.csiproto.PluginCapability;
import io.csiclone.csiproto.PluginCapability.Service;
import io.csiclone.csiproto.ProbeRequest;
import io.csiclone.csiproto.ProbeResponse;
import io.csiclone.csiproto.ValidateVolumeCapabilitiesRequest;
import io.csiclone.csiproto.ValidateVolumeCapabilitiesResponse;
import io.csiclone.csiproto.Volume;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A right driver in memory and files, or one with a fault. It shares no code with ours. */
final class TinyDriver implements AutoCloseable {

  private static final long COPY_MILLIS = 150;

  private final Path folder;
  private final @Nullable Fault fault;
  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private Server server;
  private final Map<String, Made> byName = new HashMap<>();
  private final Map<String, Made> byId = new HashMap<>();
  private final Set<String> cloned = new HashSet<>();
  private final Map<String, Long> sizes = new TreeMap<>();
  private final TinySnapshots snapshots;
  private final TinyNode node;
  private final Set<String> asked = new HashSet<>();
  private volatile CountDownLatch held = new CountDownLatch(0);
  private boolean halves;

  private record Made(String id, CreateVolumeRequest request) {

    Volume answer() {
      Volume.Builder volume =
          Volume.newBuilder()
              .setVolumeId(id)
              .setCapacityBytes(request.getCapacityRange().getRequiredBytes());
      if (request.hasVolumeContentSource()) {
        volume.setContentSource(request.getVolumeContentSource());
      }
      return volume.build();
    }

    boolean block() {
      return request.getVolumeCapabilities(0).hasBlock();
    }
  }

  TinyDriver(Path folder, @Nullable Fault fault) throws IOException {
    this.folder = folder;
    this.fault = fault;
    this.snapshots = new TinySnapshots(this::file, fault);
    this.node = new TinyNode(this::publishedSize, fault);
    this.server = serve();
  }

  private Server serve() throws IOException {
    return NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket()))
        .channelType(NioServerDomainSocketChannel.class)
        .bossEventLoopGroup(loops)
        .workerEventLoopGroup(loops)
        .executor(Executors.newVirtualThreadPerTaskExecutor())
        .addService(new Controller())
        .addService(new Identity())
        .addService(node)
        .build()
        .start();
  }

  /** As a kill and a new process: no call is answered any more, what is on the medium stays. */
  void killAndRestart() throws IOException, InterruptedException {
    server.shutdownNow();
    held.countDown();
    server.awaitTermination(10, TimeUnit.SECONDS);
    synchronized (this) {
      if (has(Fault.FORGETS_WHAT_IT_HAD)) {
        for (String id : byId.keySet()) {
          Files.deleteIfExists(file(id));
        }
        byName.clear();
        byId.clear();
      }
      halves = has(Fault.KEEPS_HALF_A_CLONE);
    }
    Files.deleteIfExists(socket());
    server = serve();
  }

  /** No copy ends until the answer is closed. */
  AutoCloseable holdCopies() {
    CountDownLatch latch = new CountDownLatch(1);
    held = latch;
    return latch::countDown;
  }

  Path socket() {
    return folder.resolve("csi.sock");
  }

  Path file(String id) {
    return folder.resolve(id + ".img");
  }

  private boolean has(Fault which) {
    return fault == which;
  }

  private synchronized long publishedSize(String id) {
    return byId.containsKey(id) ? sizes.getOrDefault(id, 0L) : -1;
  }

  private Volume create(CreateVolumeRequest request) throws IOException, InterruptedException {
    if (request.getName().isEmpty() || request.getVolumeCapabilitiesCount() == 0) {
      throw refusal(Status.INVALID_ARGUMENT);
    }
    if (has(Fault.NEEDS_A_SIZE) && !request.hasCapacityRange()) {
      throw refusal(Status.INVALID_ARGUMENT);
    }
    Made made;
    synchronized (this) {
      if (has(Fault.ABORTS_FIRST_CALLS)
          && request.hasVolumeContentSource()
          && asked.add(request.getName())) {
        throw refusal(Status.ABORTED);
      }
      String name = request.getName();
      if (has(Fault.SHORTENS_NAMES)) {
        name = name.substring(0, Math.min(100, name.length()));
      }
      Made known = byName.get(name);
      if (known != null && !has(Fault.MAKES_ANOTHER_EACH_TIME)) {
        return again(known, request);
      }
      Made source = source(request);
      String id =
          has(Fault.MAKES_ANOTHER_EACH_TIME)
              ? UUID.randomUUID().toString()
              : UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)).toString();
      made = new Made(id, request);
      long bytes = request.getCapacityRange().getRequiredBytes();
      byName.put(name, made);
      byId.put(id, made);
      sizes.put(id, bytes);
      if (source == null) {
        restore(request, id);
        resize(id, bytes);
      } else if (!has(Fault.IS_READY_BEFORE_ITS_COPY)) {
        populate(source, id, bytes);
      }
    }
    if (has(Fault.IS_READY_BEFORE_ITS_COPY) && request.hasVolumeContentSource()) {
      resize(made.id(), request.getCapacityRange().getRequiredBytes());
      Thread.sleep(COPY_MILLIS);
      held.await();
      copy(request.getVolumeContentSource().getVolume().getVolumeId(), made.id());
    }
    boolean forgets =
        request.getVolumeContentSource().hasSnapshot()
            ? has(Fault.FORGETS_THE_SNAPSHOT)
            : has(Fault.FORGETS_CONTENT_SOURCE);
    return forgets ? made.answer().toBuilder().clearContentSource().build() : made.answer();
  }

  private Volume again(Made known, CreateVolumeRequest request) throws IOException {
    if (halves && request.hasVolumeContentSource()) {
      resize(known.id(), request.getCapacityRange().getRequiredBytes() / 2);
      resize(known.id(), request.getCapacityRange().getRequiredBytes());
    }
    CreateVolumeRequest first = known.request();
    boolean clones = request.hasVolumeContentSource();
    boolean sameSource =
        clones == first.hasVolumeContentSource()
            && first.getVolumeContentSource().equals(request.getVolumeContentSource());
    boolean forgiven =
        clones ? has(Fault.IGNORES_ANOTHER_SOURCE) : has(Fault.IGNORES_A_MISSING_SOURCE);
    if ((!sameSource && !forgiven) || (clones && has(Fault.REFUSES_RETRIES))) {
      throw refusal(Status.ALREADY_EXISTS);
    }
    if (!first.getCapacityRange().equals(request.getCapacityRange())
        && !has(Fault.IGNORES_ANOTHER_SIZE)) {
      throw refusal(Status.ALREADY_EXISTS);
    }
    if (clones && has(Fault.COPIES_AGAIN)) {
      copy(request.getVolumeContentSource().getVolume().getVolumeId(), known.id());
    }
    return known.answer();
  }

  private void restore(CreateVolumeRequest request, String id) throws IOException {
    String snapshot = request.getVolumeContentSource().getSnapshot().getSnapshotId();
    if (snapshots.has(snapshot)) {
      Files.copy(file(snapshot), file(id), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private @Nullable Made source(CreateVolumeRequest request) {
    if (!request.hasVolumeContentSource()) {
      return null;
    }
    if (request.getVolumeContentSource().hasSnapshot()) {
      if (!snapshots.has(request.getVolumeContentSource().getSnapshot().getSnapshotId())
          && !has(Fault.RESTORES_NOTHING)) {
        throw refusal(Status.NOT_FOUND);
      }
      return null;
    }
    if (!request.getVolumeContentSource().hasVolume()) {
      throw refusal(Status.INVALID_ARGUMENT);
    }
    Made source = byId.get(request.getVolumeContentSource().getVolume().getVolumeId());
    if (source == null) {
      if (has(Fault.MAKES_CLONES_OF_NOTHING)) {
        return null;
      }
      throw refusal(Status.NOT_FOUND);
    }
    if (source.block() != request.getVolumeCapabilities(0).hasBlock()
        && !has(Fault.IGNORES_THE_MODE)) {
      throw refusal(Status.INVALID_ARGUMENT);
    }
    if (sizeOf(source) > request.getCapacityRange().getRequiredBytes()
        && !has(Fault.CUTS_SMALLER_CLONES)) {
      throw refusal(Status.OUT_OF_RANGE);
    }
    return source;
  }

  private void populate(Made source, String id, long bytes)
      throws IOException, InterruptedException {
    held.await();
    if (has(Fault.SHARES_STORAGE)) {
      Files.createSymbolicLink(file(id), file(source.id()));
      return;
    }
    if (has(Fault.COPIES_NOTHING)
        || (has(Fault.COPIES_ONCE) && !cloned.add(source.id()))
        || (has(Fault.COPIES_NO_CLONES) && source.request().hasVolumeContentSource())) {
      resize(id, bytes);
      return;
    }
    if (has(Fault.COPIES_AFTER_ANSWERING)) {
      resize(id, bytes);
      Thread.ofVirtual().start(() -> copyLate(source.id(), id));
      return;
    }
    Files.copy(file(source.id()), file(id), StandardCopyOption.REPLACE_EXISTING);
    if (has(Fault.COPIES_HALF)) {
      resize(id, bytes / 2);
      resize(id, bytes);
    }
    if (!has(Fault.KEEPS_THE_OLD_SIZE)) {
      resize(id, bytes);
    }
  }

  private void copyLate(String source, String id) {
    try {
      Thread.sleep(COPY_MILLIS);
      copy(source, id);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void copy(String source, String id) throws IOException {
    if (Files.exists(file(source)) && Files.exists(file(id))) {
      Files.copy(file(source), file(id), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private void resize(String id, long bytes) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(file(id).toFile(), "rw")) {
      open.setLength(bytes);
    }
  }

  private synchronized void delete(String id) throws IOException {
    if (id.isEmpty()) {
      throw refusal(Status.INVALID_ARGUMENT);
    }
    Made made = byId.remove(id);
    if (made == null) {
      if (has(Fault.FAILS_TO_DELETE_THE_UNKNOWN)) {
        throw refusal(Status.NOT_FOUND);
      }
      return;
    }
    if (!has(Fault.KEEPS_DELETED_NAMES)) {
      byName.values().remove(made);
    }
    if (!has(Fault.LISTS_THE_DELETED)) {
      sizes.remove(id);
    }
    Files.deleteIfExists(file(id));
  }

  static StatusRuntimeException refusal(Status status) {
    return status.withDescription("refused").asRuntimeException();
  }

  private long sizeOf(Made volume) {
    return has(Fault.CLONES_AT_THE_FORMER_SIZE)
        ? volume.request().getCapacityRange().getRequiredBytes()
        : sizes.getOrDefault(volume.id(), 0L);
  }

  private synchronized ListVolumesResponse list(int most, String token) {
    if (!token.isEmpty() && !sizes.containsKey(token) && !has(Fault.TAKES_ANY_TOKEN)) {
      throw refusal(Status.ABORTED);
    }
    var page = ListVolumesResponse.newBuilder();
    List<String> ids =
        sizes.keySet().stream().filter(id -> id.compareTo(token) >= 0).sorted().toList();
    boolean more = most != 0 && ids.size() > most;
    for (String id : more ? ids.subList(0, most) : ids) {
      page.addEntries(
          ListVolumesResponse.Entry.newBuilder().setVolume(Volume.newBuilder().setVolumeId(id)));
    }
    if (more) {
      boolean again = has(Fault.LISTS_A_PAGE_AGAIN) && token.isEmpty() && most > 1;
      page.setNextToken(ids.get(again ? most - 1 : most));
    }
    return page.build();
  }

  private synchronized Volume describe(String id) {
    Made made = byId.get(id);
    if (made == null) {
      if (has(Fault.DESCRIBES_THE_UNKNOWN)) {
        return Volume.newBuilder().setVolumeId(id).build();
      }
      throw refusal(Status.NOT_FOUND);
    }
    return has(Fault.DESCRIBES_WITHOUT_SOURCE)
        ? made.answer().toBuilder().clearContentSource().build()
        : made.answer();
  }

  private synchronized long expand(ControllerExpandVolumeRequest request) throws IOException {
    String id = request.getVolumeId();
    long bytes = request.getCapacityRange().getRequiredBytes();
    if (id.isEmpty() || (!request.hasCapacityRange() && !has(Fault.EXPANDS_TO_NO_SIZE))) {
      throw refusal(Status.INVALID_ARGUMENT);
    }
    if (!byId.containsKey(id)) {
      if (has(Fault.EXPANDS_THE_UNKNOWN)) {
        return bytes;
      }
      throw refusal(Status.NOT_FOUND);
    }
    long before = sizes.getOrDefault(id, 0L);
    if (bytes < before && !has(Fault.SHRINKS)) {
      return before;
    }
    long size = has(Fault.EXPANDS_EACH_TIME) ? Math.max(before + 4096, bytes) : bytes;
    sizes.put(id, size);
    if (has(Fault.EXPANDS_INTO_EMPTINESS)) {
      resize(id, 0);
    }
    if (!has(Fault.EXPANDS_IN_WORDS_ONLY)) {
      resize(id, size);
    }
    return size;
  }

  interface Work<T> {
    T run() throws IOException, InterruptedException;
  }

  static <T> void answer(StreamObserver<T> answer, Work<T> work) {
    try {
      answer.onNext(work.run());
      answer.onCompleted();
    } catch (StatusRuntimeException e) {
      answer.onError(e);
    } catch (IOException e) {
      answer.onError(Status.INTERNAL.withCause(e).asRuntimeException());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      answer.onError(Status.UNAVAILABLE.asRuntimeException());
    }
  }

  private final class Controller extends ControllerGrpc.ControllerImplBase {

    @Override
    public void createVolume(CreateVolumeRequest request, StreamObserver<CreateVolumeResponse> to) {
      answer(to, () -> CreateVolumeResponse.newBuilder().setVolume(create(request)).build());
    }

    @Override
    public void deleteVolume(DeleteVolumeRequest request, StreamObserver<DeleteVolumeResponse> to) {
      answer(
          to,
          () -> {
            delete(request.getVolumeId());
            return DeleteVolumeResponse.getDefaultInstance();
          });
    }

    @Override
    public void validateVolumeCapabilities(
        ValidateVolumeCapabilitiesRequest request,
        StreamObserver<ValidateVolumeCapabilitiesResponse> to) {
      answer(
          to,
          () -> {
            if (request.getVolumeId().isEmpty() || request.getVolumeCapabilitiesCount() == 0) {
              throw refusal(Status.INVALID_ARGUMENT);
            }
            synchronized (TinyDriver.this) {
              if (!byId.containsKey(request.getVolumeId())) {
                throw refusal(Status.NOT_FOUND);
              }
            }
            return ValidateVolumeCapabilitiesResponse.newBuilder()
                .setConfirmed(
                    ValidateVolumeCapabilitiesResponse.Confirmed.newBuilder()
                        .addAllVolumeCapabilities(request.getVolumeCapabilitiesList()))
                .build();
          });
    }

    @Override
    public void listVolumes(ListVolumesRequest request, StreamObserver<ListVolumesResponse> to) {
      answer(to, () -> list(request.getMaxEntries(), request.getStartingToken()));
    }

    @Override
    public void getCapacity(GetCapacityRequest request, StreamObserver<GetCapacityResponse> to) {
      answer(
          to,
          () -> {
            if (has(Fault.KEEPS_ITS_ROOM_SECRET)) {
              throw refusal(Status.INVALID_ARGUMENT);
            }
            return GetCapacityResponse.newBuilder()
                .setAvailableCapacity(folder.toFile().getUsableSpace())
                .build();
          });
    }

    @Override
    public void controllerGetVolume(
        ControllerGetVolumeRequest request, StreamObserver<ControllerGetVolumeResponse> to) {
      answer(
          to,
          () ->
              ControllerGetVolumeResponse.newBuilder()
                  .setVolume(describe(request.getVolumeId()))
                  .build());
    }

    @Override
    public void controllerExpandVolume(
        ControllerExpandVolumeRequest request, StreamObserver<ControllerExpandVolumeResponse> to) {
      answer(
          to,
          () ->
              ControllerExpandVolumeResponse.newBuilder()
                  .setCapacityBytes(expand(request))
                  .build());
    }

    @Override
    public void createSnapshot(
        CreateSnapshotRequest request, StreamObserver<CreateSnapshotResponse> to) {
      synchronized (TinyDriver.this) {
        answer(
            to,
            () -> CreateSnapshotResponse.newBuilder().setSnapshot(snapshots.take(request)).build());
      }
    }

    @Override
    public void deleteSnapshot(
        DeleteSnapshotRequest request, StreamObserver<DeleteSnapshotResponse> to) {
      synchronized (TinyDriver.this) {
        answer(
            to,
            () -> {
              snapshots.delete(request.getSnapshotId());
              return DeleteSnapshotResponse.getDefaultInstance();
            });
      }
    }

    @Override
    public void listSnapshots(
        ListSnapshotsRequest request, StreamObserver<ListSnapshotsResponse> to) {
      synchronized (TinyDriver.this) {
        answer(to, () -> snapshots.list(request));
      }
    }

    @Override
    public void controllerGetCapabilities(
        ControllerGetCapabilitiesRequest request,
        StreamObserver<ControllerGetCapabilitiesResponse> to) {
      var response = ControllerGetCapabilitiesResponse.newBuilder();
      for (RPC.Type type :
          List.of(
              RPC.Type.CREATE_DELETE_VOLUME,
              RPC.Type.CLONE_VOLUME,
              RPC.Type.LIST_VOLUMES,
              has(Fault.ANNOUNCES_THE_UNKNOWN) ? RPC.Type.UNKNOWN : RPC.Type.GET_VOLUME,
              RPC.Type.GET_CAPACITY,
              RPC.Type.EXPAND_VOLUME,
              RPC.Type.CREATE_DELETE_SNAPSHOT,
              RPC.Type.LIST_SNAPSHOTS)) {
        response.addCapabilities(
            ControllerServiceCapability.newBuilder().setRpc(RPC.newBuilder().setType(type)));
      }
      answer(to, response::build);
    }
  }

  private final class Identity extends IdentityGrpc.IdentityImplBase {

    @Override
    public void getPluginInfo(
        GetPluginInfoRequest request, StreamObserver<GetPluginInfoResponse> to) {
      answer(
          to,
          () ->
              GetPluginInfoResponse.newBuilder()
                  .setName(has(Fault.HAS_AN_ODD_NAME) ? "tiny driver!" : "tiny.test")
                  .build());
    }

    @Override
    public void getPluginCapabilities(
        GetPluginCapabilitiesRequest request, StreamObserver<GetPluginCapabilitiesResponse> to) {
      var response = GetPluginCapabilitiesResponse.newBuilder();
      for (Service.Type type :
          List.of(
              has(Fault.ANNOUNCES_THE_UNKNOWN)
                  ? Service.Type.UNKNOWN
                  : Service.Type.CONTROLLER_SERVICE,
              Service.Type.VOLUME_ACCESSIBILITY_CONSTRAINTS)) {
        response.addCapabilities(
            PluginCapability.newBuilder().setService(Service.newBuilder().setType(type)));
      }
      answer(to, response::build);
    }

    @Override
    public void probe(ProbeRequest request, StreamObserver<ProbeResponse> to) {
      answer(to, ProbeResponse::getDefaultInstance);
    }
  }

  @Override
  public void close() {
    server.shutdownNow();
    var _ = loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
