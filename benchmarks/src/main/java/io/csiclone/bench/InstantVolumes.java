package io.csiclone.bench;

import io.csiclone.copy.CopyEngine;
import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendVolume;
import io.csiclone.csi.CsiServer;
import io.csiclone.csi.CsiServices;
import io.csiclone.csi.DriverIdentity;
import io.csiclone.csi.VolumeBackend;
import io.csiclone.csi.VolumeSpec;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A driver whose volumes are made at once, as they hold nothing or share what they hold: what is
 * left is what provisioning itself takes, the library's durable records included.
 */
final class InstantVolumes implements AutoCloseable {

  static final String DRIVER = "instant.bench.csi-clone.io";

  /** The parameter of a class of which no volume can be made. */
  static final String FAILS = "fails";

  private final CopyEngine engine = CopyEngine.start();
  private final CsiServices services;
  private final Server server;
  private final ManagedChannel channel;

  InstantVolumes(Path records) throws IOException {
    this(records, DRIVER, null);
  }

  /**
   * Starts the driver.
   *
   * @param pool where volumes are files that are cloned by reflink; null for volumes of nothing
   */
  InstantVolumes(Path records, String driverName, @Nullable Path pool) throws IOException {
    services =
        CsiServer.builder()
            .identity(new DriverIdentity(driverName, "1", "bench"))
            .volumes(pool == null ? new Backend() : new ReflinkVolumes(pool, engine))
            .copyEngine(engine)
            .records(records)
            .startServices();
    String name = InProcessServerBuilder.generateName();
    server =
        InProcessServerBuilder.forName(name).addServices(services.definitions()).build().start();
    channel = InProcessChannelBuilder.forName(name).build();
  }

  ManagedChannel channel() {
    return channel;
  }

  @Override
  public void close() {
    channel.shutdownNow();
    server.shutdownNow();
    services.close();
    engine.close();
  }

  private static final class Backend implements VolumeBackend {

    private final Map<String, BackendVolume> volumes = new ConcurrentHashMap<>();

    @Override
    public Optional<BackendVolume> find(String volumeId) {
      return Optional.ofNullable(volumes.get(volumeId));
    }

    @Override
    public BackendVolume create(VolumeSpec spec) {
      if (spec.parameters().containsKey(FAILS)) {
        throw new BackendException(BackendException.Reason.INVALID, "as the class has it");
      }
      return volumes.computeIfAbsent(
          spec.volumeId(), id -> new BackendVolume(id, spec.capacityBytes()));
    }

    @Override
    public Optional<BackendVolume> cloneNatively(BackendVolume source, VolumeSpec target) {
      return Optional.of(create(target));
    }

    @Override
    public Path endpoint(String volumeId) {
      throw new UnsupportedOperationException("volume " + volumeId + " holds nothing");
    }

    @Override
    public void delete(String volumeId) {
      volumes.remove(volumeId);
    }
  }
}
