package io.csiclone.csi;

import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * gRPC on a unix socket, with the JDK's own socket channels and a virtual thread for each call. Any
 * authority is accepted: callers send "localhost", a path or nothing of use.
 */
final class UnixSocketServer implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(UnixSocketServer.class);
  private static final long DRAIN_SECONDS = 5;
  private static final int FILE_TYPE = 0170000;
  private static final int SOCKET = 0140000;

  private final Path socket;
  private final Server server;
  private final MultiThreadIoEventLoopGroup loops;
  private final ExecutorService calls;
  private final @Nullable Object socketKey;

  private UnixSocketServer(
      Path socket,
      Server server,
      MultiThreadIoEventLoopGroup loops,
      ExecutorService calls,
      @Nullable Object socketKey) {
    this.socket = socket;
    this.server = server;
    this.loops = loops;
    this.calls = calls;
    this.socketKey = socketKey;
  }

  /**
   * Binds the socket with mode 0600, making its folder (mode 0700) if there is none.
   *
   * @throws IllegalStateException when the path is taken
   */
  static UnixSocketServer start(Path socket, List<ServerServiceDefinition> services) {
    Path absolute = socket.toAbsolutePath();
    try {
      prepareFolder(absolute);
      removeStale(absolute);
    } catch (IOException e) {
      throw new UncheckedIOException("The socket " + absolute + " cannot be made", e);
    }
    var loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    ExecutorService calls =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("csi-call-", 0).factory());
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(absolute))
            .channelType(NioServerDomainSocketChannel.class)
            .bossEventLoopGroup(loops)
            .workerEventLoopGroup(loops)
            .executor(calls);
    services.forEach(builder::addService);
    Server server = builder.build();
    boolean started = false;
    try {
      server.start();
      Files.setPosixFilePermissions(absolute, PosixFilePermissions.fromString("rw-------"));
      UnixSocketServer running =
          new UnixSocketServer(absolute, server, loops, calls, fileKey(absolute));
      started = true;
      return running;
    } catch (IOException e) {
      throw new UncheckedIOException("The socket " + absolute + " cannot be bound", e);
    } finally {
      if (!started) {
        server.shutdownNow();
        release(loops, calls);
      }
    }
  }

  Path socket() {
    return socket;
  }

  /** Lets running calls end for a while, then cuts them off. */
  @Override
  public void close() {
    server.shutdown();
    try {
      if (!server.awaitTermination(DRAIN_SECONDS, TimeUnit.SECONDS)) {
        server.shutdownNow();
        server.awaitTermination(DRAIN_SECONDS, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      server.shutdownNow();
      Thread.currentThread().interrupt();
    }
    release(loops, calls);
    removeOwn();
  }

  private static void release(MultiThreadIoEventLoopGroup loops, ExecutorService calls) {
    // Calls whose client has gone still run; the loops must outlive their last word.
    calls.shutdown();
    try {
      if (!calls.awaitTermination(DRAIN_SECONDS, TimeUnit.SECONDS)) {
        log.warn("Calls still run although the server has stopped; they are interrupted");
        calls.shutdownNow();
      }
    } catch (InterruptedException e) {
      calls.shutdownNow();
      Thread.currentThread().interrupt();
    }
    var _ = loops.shutdownGracefully(0, DRAIN_SECONDS, TimeUnit.SECONDS);
  }

  private static void prepareFolder(Path socket) throws IOException {
    Path folder = socket.getParent();
    if (folder != null && !Files.isDirectory(folder)) {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
  }

  /** A crash leaves the socket file behind. It goes only when it is one and nobody answers. */
  private static void removeStale(Path socket) throws IOException {
    if (!Files.exists(socket, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    int mode = (Integer) Files.getAttribute(socket, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    if ((mode & FILE_TYPE) != SOCKET) {
      throw new IllegalStateException(socket + " exists and is not a socket; choose another path");
    }
    if (answers(socket)) {
      throw new IllegalStateException("Another server already listens on " + socket);
    }
    log.info("Removing the socket {} that an earlier process left behind", socket);
    Files.deleteIfExists(socket);
  }

  private static boolean answers(Path socket) {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      // A full backlog leaves a non-blocking connect pending: also an answer.
      channel.configureBlocking(false);
      channel.connect(UnixDomainSocketAddress.of(socket));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Only the file this server made: another server may have bound the path since. */
  private void removeOwn() {
    try {
      if (Files.exists(socket, LinkOption.NOFOLLOW_LINKS)
          && socketKey != null
          && socketKey.equals(fileKey(socket))) {
        Files.deleteIfExists(socket);
      }
    } catch (IOException e) {
      log.warn("The socket {} was not removed", socket, e);
    }
  }

  private static @Nullable Object fileKey(Path file) throws IOException {
    return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
        .fileKey();
  }
}
