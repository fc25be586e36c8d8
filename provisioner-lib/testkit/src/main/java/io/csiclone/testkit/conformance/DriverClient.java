package io.csiclone.testkit.conformance;

import io.csiclone.csiproto.ControllerGrpc;
import io.csiclone.csiproto.IdentityGrpc;
import io.csiclone.csiproto.NodeGetCapabilitiesRequest;
import io.csiclone.csiproto.NodeGrpc;
import io.csiclone.csiproto.NodeServiceCapability;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.AbstractStub;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** A connection to the driver, as a sidecar opens it. */
record DriverClient(ManagedChannel channel, EventLoopGroup loops, Duration deadline)
    implements AutoCloseable {

  private static final Duration CALL = Duration.ofSeconds(15);

  static DriverClient of(Path socket) {
    return of(socket, CALL);
  }

  /** One whose calls have no deadline. */
  static DriverClient unhurried(Path socket) {
    return of(socket, Duration.ZERO);
  }

  private static DriverClient of(Path socket, Duration deadline) {
    EventLoopGroup loops =
        new MultiThreadIoEventLoopGroup(
            1,
            Thread.ofPlatform().daemon().name("conformance").factory(),
            NioIoHandler.newFactory());
    return new DriverClient(
        NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
            .channelType(NioDomainSocketChannel.class)
            .eventLoopGroup(loops)
            .overrideAuthority("localhost")
            .usePlaintext()
            .build(),
        loops,
        deadline);
  }

  IdentityGrpc.IdentityBlockingStub identity() {
    return identity(deadline);
  }

  IdentityGrpc.IdentityBlockingStub identity(Duration within) {
    return timed(IdentityGrpc.newBlockingStub(channel), within);
  }

  ControllerGrpc.ControllerBlockingStub controller() {
    return controller(deadline);
  }

  ControllerGrpc.ControllerBlockingStub controller(Duration within) {
    return timed(ControllerGrpc.newBlockingStub(channel), within);
  }

  NodeGrpc.NodeBlockingStub node() {
    return timed(NodeGrpc.newBlockingStub(channel), deadline);
  }

  /** What the node announces. */
  static Set<NodeServiceCapability.RPC.Type> nodeCapabilities(NodeGrpc.NodeBlockingStub node) {
    return node
        .nodeGetCapabilities(NodeGetCapabilitiesRequest.getDefaultInstance())
        .getCapabilitiesList()
        .stream()
        .map(each -> each.getRpc().getType())
        .collect(Collectors.toSet());
  }

  /** None when it is zero. */
  private static <S extends AbstractStub<S>> S timed(S stub, Duration within) {
    return within.isZero()
        ? stub
        : stub.withDeadlineAfter(within.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    channel.shutdownNow();
    var _ = loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
