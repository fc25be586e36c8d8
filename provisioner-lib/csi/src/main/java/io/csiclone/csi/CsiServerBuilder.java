package io.csiclone.csi;

import io.csiclone.copy.CopyEngine;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Puts a {@link CsiServer} together. Everything but the node backend and the wait is needed. */
public final class CsiServerBuilder {

  private static final Duration LONGEST_WAIT = Duration.ofSeconds(2);

  private @Nullable DriverIdentity identity;
  private @Nullable VolumeBackend volumes;
  private @Nullable NodeBackend node;
  private @Nullable CopyEngine copyEngine;
  private @Nullable Path records;
  private @Nullable Path socket;
  private Duration longestWait = LONGEST_WAIT;
  private CopyLimits copyLimits = CopyLimits.DEFAULT;
  private CloneListener cloneListener = CloneListener.none();
  private Duration sweepEvery = Duration.ofHours(1);
  private Consumer<SweepReport> sweepListener = report -> {};

  CsiServerBuilder() {}

  /** Who the driver is. */
  public CsiServerBuilder identity(DriverIdentity value) {
    identity = value;
    return this;
  }

  /** The storage. */
  public CsiServerBuilder volumes(VolumeBackend value) {
    volumes = value;
    return this;
  }

  /**
   * What the driver does on this node. Without it there is no Node service. Its topology is asked
   * once, at the start.
   */
  public CsiServerBuilder node(NodeBackend value) {
    node = value;
    return this;
  }

  /** Copies the bytes of clones that the storage cannot make itself. */
  public CsiServerBuilder copyEngine(CopyEngine value) {
    copyEngine = value;
    return this;
  }

  /**
   * The folder of the volume records; made if there is none, used by one process at a time. It must
   * live as long as the volumes do: a volume without its record cannot be told from a stranger's.
   */
  public CsiServerBuilder records(Path folder) {
    records = folder;
    return this;
  }

  /**
   * The unix socket. Its folder is made if there is none; a socket that nobody answers is replaced.
   */
  public CsiServerBuilder socket(Path path) {
    socket = path;
    return this;
  }

  /**
   * The longest a call waits for a volume to be ready, or for another call on the same volume,
   * before it answers ABORTED; the caller's deadline shortens it. 2 seconds unless told otherwise.
   * A caller that sets no deadline is answered within a minute.
   */
  public CsiServerBuilder answerWithin(Duration longest) {
    if (longest.isNegative()) {
      throw new IllegalArgumentException("answerWithin must not be negative: " + longest);
    }
    longestWait = longest;
    return this;
  }

  /**
   * How many clones are copied at the same time; {@link CopyLimits#DEFAULT} unless told otherwise.
   */
  public CsiServerBuilder copyLimits(CopyLimits value) {
    copyLimits = value;
    return this;
  }

  /** Who is told of clones and their progress. */
  public CsiServerBuilder cloneListener(CloneListener value) {
    cloneListener = value;
    return this;
  }

  /**
   * How often storage and records are compared after the start, an hour unless told otherwise, and
   * who is told what was found.
   */
  public CsiServerBuilder sweep(Duration every, Consumer<SweepReport> listener) {
    if (!every.isPositive()) {
      throw new IllegalArgumentException("the time between two sweeps must be positive: " + every);
    }
    sweepEvery = every;
    sweepListener = listener;
    return this;
  }

  /**
   * Takes up what an earlier process left unfinished and serves on the socket.
   *
   * @throws IllegalStateException when a part is missing, or the socket or the records folder is in
   *     use by another process
   * @throws java.io.UncheckedIOException when the socket or the records folder cannot be made
   */
  public CsiServer start() {
    Path path = given(socket, "socket");
    Services services = services();
    boolean started = false;
    try {
      UnixSocketServer server = UnixSocketServer.start(path, services.definitions());
      started = true;
      return new OnSocket(server, services);
    } finally {
      if (!started) {
        services.close();
      }
    }
  }

  /**
   * Takes up what an earlier process left unfinished and gives the services to serve with another
   * transport; {@link #socket} is not used.
   *
   * @throws IllegalStateException when a part is missing or the records folder is in use
   */
  public CsiServices startServices() {
    return services();
  }

  /**
   * Compares storage and records once, for a tool; serves nothing and goes on with no copy. Needs
   * {@link #volumes}, {@link #copyEngine} and {@link #records}.
   *
   * @param remove whether what a record says is to go is removed; what no record explains never is
   * @throws IllegalStateException when a part is missing or the records folder is in use
   */
  public SweepReport sweepOnce(boolean remove) {
    VolumeBackend backend = given(volumes, "volumes");
    CopyEngine engine = given(copyEngine, "copyEngine");
    RecordStore store = RecordStore.open(given(records, "records"));
    try {
      CloneCoordinator coordinator =
          new CloneCoordinator(
              means(backend, engine, store),
              new VolumeCatalogue(backend, store),
              new VolumeLocks());
      OrphanSweep sweep = new OrphanSweep(backend, store, coordinator, sweepEvery, sweepListener);
      return remove ? sweep.run() : sweep.look();
    } finally {
      store.close();
    }
  }

  private Means means(VolumeBackend backend, CopyEngine engine, RecordStore store) {
    return new Means(backend, engine, store, new CopyTurns(copyLimits), cloneListener);
  }

  private Services services() {
    DriverIdentity who = given(identity, "identity");
    VolumeBackend backend = given(volumes, "volumes");
    CopyEngine engine = given(copyEngine, "copyEngine");
    Placement placement = new Placement(node == null ? Map.of() : node.topology());
    VolumeLocks locks = new VolumeLocks();
    RecordStore store = RecordStore.open(given(records, "records"));
    VolumeCatalogue catalogue = new VolumeCatalogue(backend, store);
    CloneCoordinator coordinator =
        new CloneCoordinator(means(backend, engine, store), catalogue, locks);
    Capabilities announced = new Capabilities(backend, node, placement);
    List<ServerServiceDefinition> definitions = new ArrayList<>();
    definitions.add(new IdentityService(who, announced).bindService());
    definitions.add(
        new ControllerService(coordinator, catalogue, backend, announced, placement, longestWait)
            .bindService());
    if (node != null) {
      definitions.add(
          new NodeService(who, node, catalogue, announced, locks, placement, longestWait)
              .bindService());
    }
    CallBorder border = new CallBorder();
    definitions.replaceAll(definition -> ServerInterceptors.intercept(definition, border));
    coordinator.resume();
    OrphanSweep sweep = new OrphanSweep(backend, store, coordinator, sweepEvery, sweepListener);
    sweep.start();
    return new Services(List.copyOf(definitions), coordinator, store, sweep);
  }

  private static <T> T given(@Nullable T part, String name) {
    if (part == null) {
      throw new IllegalStateException("The CSI server needs ." + name + "(…)");
    }
    return part;
  }

  private record Services(
      List<ServerServiceDefinition> definitions,
      CloneCoordinator coordinator,
      RecordStore store,
      OrphanSweep orphans)
      implements CsiServices {
    @Override
    public SweepReport sweep() {
      return orphans.run();
    }

    @Override
    public void close() {
      orphans.close();
      coordinator.close();
      store.close();
    }
  }

  private record OnSocket(UnixSocketServer server, Services services) implements CsiServer {
    @Override
    public Path socket() {
      return server.socket();
    }

    @Override
    public SweepReport sweep() {
      return services.sweep();
    }

    @Override
    public void close() {
      // The work first: calls that wait for it are answered and the server need not wait for them.
      services.coordinator().close();
      server.close();
      services.close();
    }
  }
}
