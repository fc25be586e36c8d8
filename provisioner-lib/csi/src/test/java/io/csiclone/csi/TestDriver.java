package io.csiclone.csi;

import static org.awaitility.Awaitility.await;

import io.csiclone.copy.CopyEngine;
import io.csiclone.csiproto.CapacityRange;
import io.csiclone.csiproto.ControllerGrpc;
import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.csiproto.DeleteVolumeRequest;
import io.csiclone.csiproto.IdentityGrpc;
import io.csiclone.csiproto.NodeGrpc;
import io.csiclone.csiproto.Volume;
import io.csiclone.csiproto.VolumeCapability;
import io.csiclone.csiproto.VolumeCapability.AccessMode.Mode;
import io.csiclone.csiproto.VolumeContentSource;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A whole driver in a temporary folder and a client of it, over a real socket. */
final class TestDriver implements AutoCloseable {

  static final long MIB = 1 << 20;

  final Path folder;
  final FolderBackend backend;
  final RecordingNode node = new RecordingNode();
  final SlowableEngine engine = new SlowableEngine(CopyEngine.start());
  private final MultiThreadIoEventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private @Nullable CsiServer server;
  private @Nullable ManagedChannel channel;
  private Duration answerWithin = Duration.ofSeconds(2);
  private boolean plain;
  CopyLimits copyLimits = CopyLimits.DEFAULT;
  CloneListener cloneListener = CloneListener.none();
  Duration sweepEvery = Duration.ofHours(1);
  final List<SweepReport> swept = new CopyOnWriteArrayList<>();

  TestDriver(Path folder) throws IOException {
    this.folder = folder;
    this.backend = new FolderBackend(Files.createDirectory(folder.resolve("pool")));
  }

  static TestDriver started(Path folder) throws IOException {
    TestDriver driver = new TestDriver(folder);
    driver.start();
    return driver;
  }

  TestDriver answeringWithin(Duration longest) {
    answerWithin = longest;
    return this;
  }

  /** Hides all that a back end need not have. */
  TestDriver plain() {
    plain = true;
    return this;
  }

  TestDriver start() {
    server =
        CsiServer.builder()
            .identity(new DriverIdentity("folder.test", "1.0", "node-1"))
            .volumes(plain ? new PlainBackends.Volumes(backend) : backend)
            .node(plain ? new PlainBackends.Node(node) : node)
            .copyEngine(engine)
            .records(records())
            .socket(socket())
            .answerWithin(answerWithin)
            .copyLimits(copyLimits)
            .cloneListener(cloneListener)
            .sweep(sweepEvery, swept::add)
            .start();
    channel = connect(socket());
    return this;
  }

  SweepReport sweep() {
    if (server == null) {
      throw new IllegalStateException("not started");
    }
    return server.sweep();
  }

  void stop() {
    if (channel != null) {
      channel.shutdownNow();
    }
    if (server != null) {
      server.close();
    }
  }

  void restart() {
    stop();
    start();
  }

  Path socket() {
    return folder.resolve("csi.sock");
  }

  Path records() {
    return folder.resolve("records");
  }

  ManagedChannel connect(Path socket) {
    return NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
        .eventLoopGroup(loops)
        .channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class)
        .overrideAuthority("localhost")
        .usePlaintext()
        .build();
  }

  ManagedChannel channel() {
    if (channel == null) {
      throw new IllegalStateException("not started");
    }
    return channel;
  }

  IdentityGrpc.IdentityBlockingStub identity() {
    return IdentityGrpc.newBlockingStub(channel()).withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  ControllerGrpc.ControllerBlockingStub controller() {
    return ControllerGrpc.newBlockingStub(channel()).withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  NodeGrpc.NodeBlockingStub node() {
    return NodeGrpc.newBlockingStub(channel()).withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  Volume create(CreateVolumeRequest.Builder request) {
    return controller().createVolume(request.build()).getVolume();
  }

  void delete(String volumeId) {
    var _ =
        controller().deleteVolume(DeleteVolumeRequest.newBuilder().setVolumeId(volumeId).build());
  }

  /** A volume with random content in every byte; the same seed gives the same bytes. */
  Volume filled(String name, long bytes, long seed) throws IOException {
    // However short the server's answers are and however busy the machine is.
    Volume volume =
        await()
            .atMost(Duration.ofSeconds(20))
            .ignoreExceptionsMatching(e ->
                e instanceof StatusRuntimeException refusal
                    && refusal.getStatus().getCode() == Status.Code.ABORTED)
            .until(() -> create(request(name, bytes)), made -> true);
    Files.write(backend.file(volume.getVolumeId()), content(bytes, seed));
    return volume;
  }

  byte[] bytesOf(String volumeId) throws IOException {
    return Files.readAllBytes(backend.file(volumeId));
  }

  List<String> recordFiles() throws IOException {
    try (var files = Files.list(records())) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> !name.equals("lock"))
          .sorted()
          .toList();
    }
  }

  String recordText(String name) throws IOException {
    return Files.readString(records().resolve(VolumeIds.forName(name) + ".volume"));
  }

  static byte[] content(long bytes, long seed) {
    byte[] content = new byte[(int) bytes];
    new Random(seed).nextBytes(content);
    return content;
  }

  static CreateVolumeRequest.Builder request(String name, long bytes) {
    return CreateVolumeRequest.newBuilder()
        .setName(name)
        .setCapacityRange(CapacityRange.newBuilder().setRequiredBytes(bytes))
        .addVolumeCapabilities(mount(Mode.SINGLE_NODE_WRITER));
  }

  static CreateVolumeRequest.Builder cloneRequest(String name, long bytes, String sourceId) {
    return request(name, bytes).setVolumeContentSource(from(sourceId));
  }

  static VolumeContentSource from(String volumeId) {
    return VolumeContentSource.newBuilder()
        .setVolume(VolumeContentSource.VolumeSource.newBuilder().setVolumeId(volumeId))
        .build();
  }

  static VolumeCapability mount(Mode mode) {
    return VolumeCapability.newBuilder()
        .setMount(VolumeCapability.MountVolume.newBuilder().setFsType("ext4"))
        .setAccessMode(VolumeCapability.AccessMode.newBuilder().setMode(mode))
        .build();
  }

  static VolumeCapability block(Mode mode) {
    return VolumeCapability.newBuilder()
        .setBlock(VolumeCapability.BlockVolume.getDefaultInstance())
        .setAccessMode(VolumeCapability.AccessMode.newBuilder().setMode(mode))
        .build();
  }

  @Override
  public void close() {
    backend.gate.countDown();
    stop();
    engine.close();
    var _ = loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
