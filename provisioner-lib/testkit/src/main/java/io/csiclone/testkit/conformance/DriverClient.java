package io.csiclone.testkit.conformance;

import io.csiclone.csiproto.ControllerGrpc;
import io.csiclone.csiproto.IdentityGrpc;
import io.csiclone.csiproto.NodeGrpc;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A connection to the driver, as a sidecar opens it. */
record DriverClient(ManagedChannel channel, EventLoopGroup loops) implements AutoCloseable {

  private static final long CALL_SECONDS = 15;

  static DriverClient of(Path socket) {
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
        loops);
  }

  IdentityGrpc.IdentityBlockingStub identity() {
    return IdentityGrpc.newBlockingStub(channel).withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
  }

  ControllerGrpc.ControllerBlockingStub controller() {
    return controller(Duration.ofSeconds(CALL_SECONDS));
  }

  ControllerGrpc.ControllerBlockingStub controller(Duration deadline) {
    return ControllerGrpc.newBlockingStub(channel)
        .withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS);
  }

  NodeGrpc.NodeBlockingStub node() {
    return NodeGrpc.newBlockingStub(channel).withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    channel.shutdownNow();
    var _ = loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
