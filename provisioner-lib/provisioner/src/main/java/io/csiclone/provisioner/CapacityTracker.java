package io.csiclone.provisioner;

import io.csiclone.csiproto.GetCapacityRequest;
import io.csiclone.csiproto.Topology;
import io.csiclone.facts.ClusterFacts;
import io.csiclone.facts.TopologyReader;
import io.csiclone.provisioner.CsiClient.CapacityAnswer;
import io.csiclone.provisioner.WorkQueue.Outcome;
import io.csiclone.rules.NodeFacts;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the scheduler told how much room the driver has: for each of its classes and each segment
 * of its topology one object, as the driver last said. Never in the way of serving claims: what
 * fails here is tried again.
 */
final class CapacityTracker implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(CapacityTracker.class);

  /** The driver is asked about one slot at most this often, however many volumes come and go. */
  private static final Duration PAUSE = Duration.ofSeconds(1);

  /** What changes together is looked at once. */
  private static final Duration SETTLE = Duration.ofMillis(50);

  private static final Duration FIRST_TRY = Duration.ofSeconds(1);
  private static final int CONCURRENCY = 4;

  private final StorageCapacity settings;
  private final DriverTraits driver;
  private final @Nullable String defaultFsType;
  private final CsiClient csi;
  private final ClusterFacts facts;
  private final Supplier<Set<Map<String, String>>> segments;
  private final CapacityObjects objects;
  private final WorkQueue<CapacitySlot> slots;
  private final ProvisionerMetrics metrics;
  private final WorkQueue.Retry startAgain = new WorkQueue.Retry(FIRST_TRY, Duration.ofMinutes(5));
  private final BlockingQueue<Boolean> changes = new ArrayBlockingQueue<>(1);
  private final Map<CapacitySlot, Long> asked = new ConcurrentHashMap<>();
  private volatile View view = new View(Map.of(), Set.of());
  private @Nullable Thread thread;
  private @Nullable AutoCloseable gauges;

  /** What objects are due: one for each class in each segment. */
  private record View(Map<String, StorageClass> classes, Set<Map<String, String>> segments) {

    Stream<CapacitySlot> slots() {
      return classes.keySet().stream()
          .flatMap(one -> segments.stream().map(segment -> new CapacitySlot(one, segment)));
    }

    boolean has(CapacitySlot slot) {
      return classes.containsKey(slot.storageClass()) && segments.contains(slot.segment());
    }
  }

  /**
   * Prepares; nothing is asked or written yet.
   *
   * @param segments where the driver is now; one that is empty stands for everywhere
   */
  CapacityTracker(
      ProvisionerBuilder builder,
      StorageCapacity settings,
      DriverTraits driver,
      CsiClient csi,
      ClusterFacts facts,
      Supplier<Set<Map<String, String>>> segments,
      ProvisionerMetrics metrics) {
    this.settings = settings;
    this.driver = driver;
    this.defaultFsType = builder.defaultFsType;
    this.csi = csi;
    this.facts = facts;
    this.segments = segments;
    this.metrics = metrics;
    this.slots =
        new WorkQueue<>("csistoragecapacity", CONCURRENCY, builder.retry, metrics, this::reconcile);
    this.objects =
        new CapacityObjects(
            builder.client, settings, driver.name(), builder.nodeName, slots::offer);
  }

  void start() {
    facts.onStorageClassChange(this::changed);
    thread = Thread.ofVirtual().name("csi-clone-capacity").start(this::run);
  }

  private void run() {
    try {
      if (!begin()) {
        return;
      }
      look();
      gauges =
          metrics.capacities(
              () -> view.slots().count(),
              () -> view.slots().filter(objects::has).count(),
              () -> obsolete().count());
      slots.start();
      while (true) {
        look();
        view.slots().forEach(slots::offer);
        obsolete().forEach(slots::offer);
        if (changes.poll(settings.refresh().toMillis(), TimeUnit.MILLISECONDS) != null) {
          Thread.sleep(SETTLE);
          changes.clear();
        }
      }
    } catch (InterruptedException e) {
      LOG.debug("Storage capacity is not tracked any more");
    }
  }

  private void look() {
    view =
        new View(
            facts.storageClasses().stream()
                .filter(this::concerns)
                .collect(
                    Collectors.toUnmodifiableMap(one -> one.getMetadata().getName(), one -> one)),
            segments.get());
  }

  private Stream<CapacitySlot> obsolete() {
    return objects.slots().stream().filter(slot -> !view.has(slot));
  }

  /** Waits for what has to be known first; false when the cluster has no such objects. */
  private boolean begin() throws InterruptedException {
    for (int failures = 0; ; ) {
      try {
        if (!objects.start()) {
          LOG.warn("the cluster has no CSIStorageCapacity; its scheduler is not told of room left");
          return false;
        }
        break;
      } catch (KubernetesClientException e) {
        LOG.warn("storage capacity cannot be told yet: {}", e.getMessage());
        Thread.sleep(startAgain.after(++failures));
      }
    }
    // A cache that is not filled yet would make every object look obsolete.
    while (!facts.synced() || !objects.synced()) {
      Thread.sleep(SETTLE);
    }
    return true;
  }

  /** Classes, nodes or the driver's places are not as they were. */
  void changed() {
    var _ = changes.offer(true);
  }

  /** A volume was made or deleted, or has grown. */
  void changed(PersistentVolume volume) {
    View now = view;
    if (now.classes().isEmpty() || PersistentVolumes.handle(volume, driver.name()) == null) {
      return;
    }
    var affinity = TopologyReader.affinity(volume);
    // Whatever class it is of: they may draw on the same storage.
    now.slots()
        .filter(slot -> affinity == null || affinity.admits(new NodeFacts("", slot.segment())))
        .forEach(slots::offer);
  }

  /** The driver has no room for a volume of that class where it may be. */
  void exhausted(String storageClass) {
    view.slots().filter(slot -> slot.storageClass().equals(storageClass)).forEach(slots::offer);
  }

  private boolean concerns(StorageClass storageClass) {
    return driver.name().equals(storageClass.getProvisioner())
        && (settings.immediateBinding()
            || "WaitForFirstConsumer".equals(storageClass.getVolumeBindingMode()));
  }

  private Outcome reconcile(CapacitySlot slot) {
    View now = view;
    StorageClass storageClass = now.classes().get(slot.storageClass());
    if (storageClass == null || !now.segments().contains(slot.segment())) {
      objects.delete(slot);
      asked.remove(slot);
      return Outcome.DONE;
    }
    Long last = asked.get(slot);
    long early = last == null ? 0 : PAUSE.toNanos() - (System.nanoTime() - last);
    if (early > 0) {
      return new Outcome.RetryIn(Duration.ofNanos(early));
    }
    var request = GetCapacityRequest.newBuilder();
    request.putAllParameters(ClassParameters.of(storageClass, defaultFsType).forDriver());
    if (!slot.segment().isEmpty()) {
      request.setAccessibleTopology(Topology.newBuilder().putAllSegments(slot.segment()));
    }
    asked.put(slot, System.nanoTime());
    return switch (csi.capacity(request.build())) {
      case CapacityAnswer.Room(long bytes, Long largest) -> {
        objects.write(slot, bytes, largest);
        yield Outcome.DONE;
      }
      case CapacityAnswer.Unknown(var status) -> {
        LOG.info("storage capacity of {}: {}", slot, CsiClient.words(status));
        yield Outcome.BACK_OFF;
      }
    };
  }

  @Override
  public void close() {
    if (thread != null) {
      thread.interrupt();
      try {
        thread.join(Duration.ofSeconds(5));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    slots.close();
    objects.close();
    ProvisionerMetrics.hide(gauges);
  }
}
