package io.csiclone.driver;

import io.grpc.ManagedChannel;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A driver in a process of its own, to be killed and started again on the same pool. */
final class KillableDriver implements AutoCloseable {

  private static final Duration START = Duration.ofSeconds(60);
  private static final Duration END = Duration.ofSeconds(30);

  private final Path pool;
  private final Path socket;
  private final List<String> options;
  private final Path log;
  private volatile UnixSockets.@Nullable Client client;
  private UnixSockets.@Nullable Client former;
  private @Nullable Process process;
  private @Nullable Path programs;
  private boolean inNamespace;

  /**
   * @param folder for its socket and log
   * @param options of the process, besides the needed ones
   */
  KillableDriver(Path pool, Path folder, String... options) {
    this.options = List.of(options);
    this.pool = pool;
    this.socket = folder.resolve("csi.sock");
    this.log = folder.resolve("driver.log");
  }

  /** A folder whose programs the next launches take instead of the system's. */
  void prefer(Path folder) {
    programs = folder;
  }

  Path pool() {
    return pool;
  }

  /** The connection to it; calls on it fail while it does not run. */
  ManagedChannel channel() {
    UnixSockets.Client connected = client;
    if (connected == null) {
      throw new IllegalStateException("not started");
    }
    return connected.channel();
  }

  /**
   * @param asContainer whether it is the first process of a process namespace, so that the programs
   *     it runs die with it; else they outlive it
   */
  void launch(boolean asContainer) throws IOException {
    List<String> command = new ArrayList<>();
    inNamespace = asContainer;
    if (asContainer) {
      command.addAll(List.of("unshare", "--pid", "--fork", "--kill-child"));
    }
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home", ""), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Xmx256m",
            "-cp",
            System.getProperty("java.class.path"),
            ReflinkDriver.class.getName(),
            "--endpoint",
            "unix://" + socket,
            "--pool",
            pool.toString(),
            "--node-id",
            "node-1"));
    command.addAll(options);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    if (programs != null) {
      builder.environment().merge("PATH", programs.toString(), (own, mine) -> mine + ":" + own);
    }
    process = builder.start();
  }

  /** Waits until it serves and connects to it. */
  void awaitServing() throws Exception {
    long deadline = System.nanoTime() + START.toNanos();
    while (!answers()) {
      if (!running().isAlive() || System.nanoTime() > deadline) {
        throw new AssertionError("the driver does not serve: " + log());
      }
      Thread.sleep(5);
    }
    // A call may just be beginning on the connection that was used until now.
    closeFormer();
    former = client;
    client = UnixSockets.Client.to(socket);
  }

  private void closeFormer() {
    if (former != null) {
      former.close();
      former = null;
    }
  }

  /** SIGKILL, and waits until the kernel has taken the process away. */
  void kill() throws Exception {
    Process killed = running();
    // unshare is not the driver but has it as its child; the driver's own programs live on.
    List<ProcessHandle> drivers = inNamespace ? killed.children().toList() : List.of();
    drivers.forEach(ProcessHandle::destroyForcibly);
    killed.destroyForcibly();
    for (ProcessHandle handle : drivers) {
      handle.onExit().get(END.toSeconds(), TimeUnit.SECONDS);
    }
    if (!killed.waitFor(END.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("the driver does not end when killed");
    }
  }

  /** A socket that a killed process left is there, but nobody listens. */
  private boolean answers() {
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return probe.connect(UnixDomainSocketAddress.of(socket));
    } catch (IOException e) {
      return false;
    }
  }

  private Process running() {
    if (process == null) {
      throw new IllegalStateException("not started");
    }
    return process;
  }

  String log() throws IOException {
    return Files.exists(log) ? Files.readString(log) : "";
  }

  @Override
  public void close() throws Exception {
    if (process != null && process.isAlive()) {
      kill();
    }
    closeFormer();
    UnixSockets.Client connected = client;
    if (connected != null) {
      connected.close();
    }
  }
}
