package io.csiclone.driver;

import io.csiclone.copy.CopyEngine;
import io.csiclone.copy.CopyException;
import io.csiclone.csi.BackendException;
import io.csiclone.csi.CsiServer;
import io.csiclone.csi.DriverIdentity;
import io.csiclone.csiproto.IdentityGrpc;
import io.csiclone.csiproto.ProbeRequest;
import io.csiclone.provisioner.Provisioner;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The parts of a running driver, started in order and stopped in the opposite one. */
final class DriverProcess implements AutoCloseable {

  static final String DRIVER_NAME = "reflink.csi-clone.io";

  private static final Logger log = LoggerFactory.getLogger(DriverProcess.class);
  private static final long PROBE_SECONDS = 2;

  private final Deque<AutoCloseable> running = new ArrayDeque<>();
  private final CompletableFuture<Integer> end = new CompletableFuture<>();
  private volatile @Nullable KubeletRegistration registration;
  private volatile @Nullable Provisioner provisioner;
  private volatile @Nullable HealthServer health;
  private final CloneProgress progress = new CloneProgress();
  private final DriverMetrics metrics = new DriverMetrics(progress);
  private volatile boolean started;
  private boolean closed;

  DriverProcess() {}

  /**
   * Starts all parts; when one cannot start, those before it are stopped again.
   *
   * @throws IOException with a sentence for the user when the pool or a socket cannot be used
   */
  void start(DriverOptions options, String version) throws IOException {
    try {
      startParts(options, version);
    } catch (IOException e) {
      close();
      throw e;
    } catch (IllegalStateException | UncheckedIOException | CopyException | BackendException e) {
      // What the parts throw with a sentence for the user.
      close();
      throw new IOException(e.getMessage(), e);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private void startParts(DriverOptions options, String version) throws IOException {
    Pool pool = keep(Pool.open(options.pool()));
    CopyEngine engine = keep(CopyEngine.start());
    LoopDevices loops = new LoopDevices();
    VolumeLocks locks = new VolumeLocks();
    CopiedSources sources = new CopiedSources(pool, loops, locks);
    SourceFreeze.thawLeftovers(pool, loops);
    boolean reflinks = ReflinkProbe.reflinks(pool.folder(), engine);
    log.info(
        "pool {} on {}: clones are made by {}",
        options.pool(),
        pool.storageType(),
        reflinks ? "reflink" : "copying, because the filesystem does not share extents");

    CsiServer server =
        keep(
            CsiServer.builder()
                .identity(new DriverIdentity(DRIVER_NAME, version, options.nodeId()))
                .volumes(new PoolVolumeBackend(pool, loops, locks, sources, engine, reflinks))
                .node(new LoopNodeBackend(pool, loops, locks, sources, options.nodeId()))
                .copyEngine(engine)
                .records(pool.records())
                .copyLimits(options.copyLimits())
                .cloneListener(event -> {
                  progress.told(event);
                  metrics.told(event);
                })
                .sweep(options.sweepEvery(), metrics::swept)
                .socket(options.socket())
                .start());
    log.info("{} {} serves CSI on {}", DRIVER_NAME, version, server.socket());

    Channel csi = keep(UnixSockets.Client.to(server.socket())).channel();
    if (options.healthPort().isPresent()) {
      health =
          keep(
              HealthServer.start(
                  options.healthPort().getAsInt(),
                  () -> live(csi),
                  () -> ready(csi),
                  metrics::text));
    }
    // Before the API server is needed: after a reboot pods may have to start without it.
    if (options.registrationDir().isPresent()) {
      registration =
          keep(
              KubeletRegistration.serve(
                  options.registrationDir().get(), DRIVER_NAME, options.socket(), this::refused));
    }
    if (options.cluster().isPresent()) {
      KubernetesClient client = keep(client(options.cluster().get()));
      var provisioning =
          Provisioner.builder(client, csi, DRIVER_NAME)
              .nodeName(options.nodeId())
              .progress(progress)
              .meters(metrics.registry());
      options.capacity().ifPresent(provisioning::storageCapacity);
      if (options.crossNamespaceClones()) {
        provisioning.crossNamespaceClones();
      }
      provisioner = keep(provisioning.start());
      log.info("provisioning volumes of node {} for {}", options.nodeId(), client.getMasterUrl());
    }
    started = true;
  }

  /** Where probes are answered, or -1. */
  int healthPort() {
    return health == null ? -1 : health.port();
  }

  private static KubernetesClient client(DriverOptions.Cluster cluster) {
    Config config =
        switch (cluster) {
          case DriverOptions.Cluster.Kubeconfig(var file) -> Config.fromKubeconfig(file.toFile());
          case DriverOptions.Cluster.InCluster() -> {
            // Else a KUBECONFIG variable would win over the pod's service account.
            System.setProperty(Config.KUBERNETES_AUTH_TRYKUBECONFIG_SYSTEM_PROPERTY, "false");
            yield Config.autoConfigure(null);
          }
        };
    return new KubernetesClientBuilder().withConfig(config).build();
  }

  private synchronized <T extends AutoCloseable> T keep(T part) throws IOException {
    running.push(part);
    if (closed) {
      stopParts();
      throw new IOException("stopped while starting");
    }
    return part;
  }

  private void refused(String reason) {
    log.error("the kubelet refused {}: {}", DRIVER_NAME, reason);
    end.complete(1);
  }

  private static Optional<String> live(Channel csi) {
    try {
      IdentityGrpc.newBlockingStub(csi)
          .withDeadlineAfter(PROBE_SECONDS, TimeUnit.SECONDS)
          .probe(ProbeRequest.getDefaultInstance());
      return Optional.empty();
    } catch (StatusRuntimeException e) {
      return Optional.of("the CSI socket does not answer: " + e.getStatus());
    }
  }

  private Optional<String> ready(Channel csi) {
    if (!started) {
      return Optional.of("the driver is still starting");
    }
    if (registration != null && !registration.registered()) {
      return Optional.of("the kubelet has not registered the driver yet");
    }
    if (provisioner != null && !provisioner.ready()) {
      return Optional.of("the provisioner's caches are not filled yet");
    }
    return live(csi);
  }

  /** Waits for the end and answers the exit code. */
  int await() throws InterruptedException {
    try {
      return end.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Stops all parts within seconds. Calling it again does nothing. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    stopParts();
    end.complete(0);
  }

  private void stopParts() {
    while (!running.isEmpty()) {
      try {
        running.pop().close();
      } catch (Exception e) {
        log.warn("a part did not stop in order", e);
      }
    }
  }
}
