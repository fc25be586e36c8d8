package io.csiclone.driver;

import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** gRPC over sockets in the file system, in pure Java. */
final class UnixSockets {

  /** What the kernel's address structure holds, without the closing zero. */
  private static final int LONGEST_PATH = 107;

  private static final long STOP_SECONDS = 2;

  private UnixSockets() {}

  /** A channel to a socket, and what it runs on. */
  record Client(ManagedChannel channel, EventLoopGroup loops) implements AutoCloseable {

    static Client to(Path socket) {
      EventLoopGroup loops = eventLoops("csi-client");
      ManagedChannel channel =
          NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
              .channelType(NioDomainSocketChannel.class)
              .eventLoopGroup(loops)
              .overrideAuthority("localhost")
              .usePlaintext()
              .build();
      return new Client(channel, loops);
    }

    @Override
    public void close() {
      channel.shutdownNow();
      stop(loops);
    }
  }

  /** A service on a socket of mode 0600, and what it runs on. */
  record Service(Server server, EventLoopGroup loops, Path socket) implements AutoCloseable {

    /**
     * @throws IOException with a sentence for the user when somebody listens there already, or
     *     something is there that is no socket
     */
    static Service on(Path socket, BindableService service) throws IOException {
      removeStale(socket);
      EventLoopGroup loops = eventLoops("registration");
      Server server =
          NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket))
              .channelType(NioServerDomainSocketChannel.class)
              .bossEventLoopGroup(loops)
              .workerEventLoopGroup(loops)
              .executor(Executors.newVirtualThreadPerTaskExecutor())
              .addService(service)
              .build();
      try {
        server.start();
        Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
        return new Service(server, loops, socket);
      } catch (IOException e) {
        server.shutdownNow();
        stop(loops);
        throw new IOException("cannot listen on " + socket + ": " + e.getMessage(), e);
      }
    }

    @Override
    public void close() {
      server.shutdownNow();
      try {
        server.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
        Files.deleteIfExists(socket);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (IOException e) {
        // Gone with the folder, or removed at the next start.
      }
      stop(loops);
    }
  }

  /** Whether a socket of that path can be made at all. */
  static boolean fits(Path socket) {
    return socket.toString().getBytes(StandardCharsets.UTF_8).length <= LONGEST_PATH;
  }

  private static void removeStale(Path socket) throws IOException {
    if (!Files.exists(socket, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!DeviceNumbers.isSocket(socket)) {
      throw new IOException(socket + " is in the way: it is not a socket");
    }
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      probe.connect(UnixDomainSocketAddress.of(socket));
    } catch (IOException e) {
      Files.deleteIfExists(socket); // nobody listens: a killed process left it
      return;
    }
    throw new IOException("another process listens on " + socket);
  }

  private static EventLoopGroup eventLoops(String name) {
    return new MultiThreadIoEventLoopGroup(
        1, Thread.ofPlatform().daemon().name(name + "-", 0).factory(), NioIoHandler.newFactory());
  }

  private static void stop(EventLoopGroup loops) {
    loops
        .shutdownGracefully(0, STOP_SECONDS, TimeUnit.SECONDS)
        .awaitUninterruptibly(STOP_SECONDS, TimeUnit.SECONDS);
  }
}
