package io.csiclone.provisioner;

import io.csiclone.csiproto.ControllerServiceCapability.RPC;
import io.csiclone.facts.ClusterFacts;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Wires the parts: what changes in the cluster becomes work for the queues. */
final class RunningProvisioner implements Provisioner {

  private static final Logger LOG = LoggerFactory.getLogger(RunningProvisioner.class);

  private final ProvisionerBuilder settings;
  private final ProvisionerMetrics metrics;
  private final ClusterFacts facts;
  private final @Nullable ClusterNodes nodes;
  private final CloneStatement statement;
  private final EventRecorder events;
  private final ClusterCache cache;
  private final VolumeMaker maker;
  private final VolumeDeleter deleter;
  private final WorkQueue<ClaimKey> claims;
  private final WorkQueue<ClaimKey> sources;
  private final WorkQueue<String> volumes;
  private final WorkQueue<ClaimKey> expansions;
  private final VolumeExpander expander;
  private final @Nullable CapacityTracker capacity;
  private final @Nullable ReferenceGrants grants;
  private volatile boolean serving;

  RunningProvisioner(ProvisionerBuilder settings, DriverTraits driver, ProvisionerMetrics metrics) {
    this.metrics = metrics;
    this.settings = settings;
    KubernetesClient client = settings.client;
    String nodeName = settings.nodeName;
    NodeTopology node = nodeName == null ? null : new NodeTopology(nodeName, driver.segments());
    nodes =
        node == null && driver.topology()
            ? new ClusterNodes(client, driver.name(), this::placesChanged)
            : null;
    Placement placement = Placement.ANYWHERE;
    if (node != null) {
      placement = node;
    } else if (nodes != null) {
      placement = new ClusterPlacement(nodes, settings.strictTopology, settings.immediateTopology);
    }
    statement = new CloneStatement(client, driver);
    var csi = new CsiClient(settings.csi, settings.callTimeout, metrics);
    cache = new ClusterCache(client, new ClaimChanges(), new VolumeChanges());
    facts = cache.facts(client);
    capacity = capacity(driver, csi, node);
    events = new EventRecorder(client, driver.name(), nodeName == null ? "" : nodeName, metrics);
    var writer = new ClaimWriter(client);
    var protection = new SourceProtection(cache, facts, writer, driver.name(), node);
    sources = new WorkQueue<>("sources", 8, settings.retry, metrics, protection::sweep);
    VolumeSettings volumeSettings = settings.volumeSettings();
    var secrets = new ClassSecrets(client);
    maker =
        new VolumeMaker(
            cache,
            writer,
            new VolumeWriter(client, volumeSettings),
            protection,
            csi,
            node != null || driver.topology(),
            node != null,
            new Announcer(events, metrics, writer, settings.progress),
            sources::offer,
            capacity == null ? storageClass -> {} : capacity::exhausted);
    grants =
        settings.crossNamespaceClones
            ? new ReferenceGrants(client, metrics, this::grantsChanged, this::grantsKnown)
            : null;
    var snapshots = new SnapshotCheck(client, driver);
    var requests =
        new VolumeRequests(volumeSettings, driver, secrets, new AttributesClasses(client));
    var provisioner =
        new ClaimProvisioner(
            cache,
            facts,
            new CloneCheck(facts, settings.rules, driver, snapshots, grants),
            writer,
            protection,
            maker,
            requests,
            new Resumption(facts, snapshots, writer, protection, maker, requests, driver, node),
            driver,
            node,
            placement,
            new ClaimDelay(settings.claimDelay),
            events,
            metrics);
    deleter =
        new VolumeDeleter(
            client, cache, csi, secrets, driver.name(), node, maker::isCloning, events, metrics);
    expander = new VolumeExpander(client, cache, csi, secrets, driver, node, events);
    expansions =
        new WorkQueue<>(
            "expansions", settings.concurrency, settings.retry, metrics, expander::reconcile);
    claims =
        new WorkQueue<>(
            "claims", settings.concurrency, settings.retry, metrics, provisioner::reconcile);
    volumes =
        new WorkQueue<>(
            "volumes", settings.concurrency, settings.retry, metrics, deleter::reconcile);
  }

  private @Nullable CapacityTracker capacity(
      DriverTraits driver, CsiClient csi, @Nullable NodeTopology node) {
    StorageCapacity wanted = settings.storageCapacity;
    if (wanted == null) {
      return null;
    }
    if (!driver.can(RPC.Type.GET_CAPACITY)) {
      LOG.warn(
          "driver {} cannot say how much room it has; the scheduler is not told", driver.name());
      return null;
    }
    if (node != null && node.segments().isEmpty()) {
      LOG.warn(
          "driver {} does not say where its node is; the scheduler is not told", driver.name());
      return null;
    }
    Supplier<Set<Map<String, String>>> segments;
    if (node != null) {
      segments = () -> Set.of(node.segments());
    } else if (nodes != null) {
      segments = nodes::segments;
    } else {
      segments = () -> Set.of(Map.of());
    }
    return new CapacityTracker(settings, wanted, driver, csi, facts, segments, metrics);
  }

  private void grantsChanged(String namespace) {
    cache.clonesFrom(namespace).forEach(this::hastenIfNotBegun);
  }

  private void grantsKnown() {
    cache.clonesAcrossNamespaces().forEach(this::hastenIfNotBegun);
  }

  /** Clones that were refused for what has changed need not wait out their back-off. */
  private void hastenIfNotBegun(Claim clone) {
    if (clone.isFor(settings.driverName) && !clone.hasVolume() && !clone.recorded()) {
      claims.hasten(clone.key());
    }
  }

  private void placesChanged() {
    if (capacity != null) {
      capacity.changed();
    }
  }

  void start() {
    cache.start(settings.startTimeout, nodes == null ? null : nodes.start());
    statement.publish();
    claims.start();
    sources.start();
    volumes.start();
    expansions.start();
    if (capacity != null) {
      capacity.start();
    }
    if (grants != null) {
      grants.start();
    }
    serving = true;
    LOG.info(
        "serving the claims of {}{}",
        settings.driverName,
        settings.nodeName == null ? "" : " on node " + settings.nodeName);
  }

  @Override
  public boolean ready() {
    return serving && cache.synced() && facts.synced() && (nodes == null || nodes.synced());
  }

  @Override
  public void close() {
    serving = false;
    statement.close();
    if (grants != null) {
      grants.close();
    }
    if (capacity != null) {
      capacity.close();
    }
    cache.close();
    if (nodes != null) {
      nodes.close();
    }
    claims.close();
    sources.close();
    volumes.close();
    expansions.close();
    events.close();
    facts.close();
  }

  private final class ClaimChanges implements ResourceEventHandler<PersistentVolumeClaim> {

    @Override
    public void onAdd(PersistentVolumeClaim object) {
      Claim claim = new Claim(object);
      if (claim.isFor(settings.driverName)) {
        claims.offer(claim.key());
      }
      offerAsSource(claim);
      offerToExpand(claim);
      hastenClonesOf(claim);
    }

    @Override
    public void onUpdate(PersistentVolumeClaim before, PersistentVolumeClaim object) {
      Claim old = new Claim(before);
      Claim claim = new Claim(object);
      if (claim.isFor(settings.driverName)) {
        if (claim.terminating() && !old.terminating()) {
          claims.hasten(claim.key());
        } else {
          claims.offer(claim.key());
        }
      }
      ClaimKey source = claim.source();
      if (source != null && old.recorded() && !claim.recorded()) {
        sources.offer(source);
      }
      if (isBound(object) && !isBound(before) && claim.isFor(settings.driverName)) {
        metrics.bound(object, Instant.now());
      }
      offerAsSource(claim);
      offerAsSource(old);
      offerToExpand(claim);
      boolean sourceChanged =
          old.terminating() != claim.terminating()
              || !Objects.equals(phase(before), phase(object))
              || !Objects.equals(
                  before.getSpec().getVolumeName(), object.getSpec().getVolumeName());
      if (sourceChanged) {
        hastenClonesOf(claim);
      }
    }

    @Override
    public void onDelete(PersistentVolumeClaim object, boolean unseen) {
      Claim claim = new Claim(object);
      maker.forget(claim.uid());
      offerAsSource(claim);
      if (claim.isFor(settings.driverName)) {
        claims.hasten(claim.key());
      }
      ClaimKey source = claim.source();
      if (source != null) {
        // Whether or not its record is in this last state of it: it may have gone with the record.
        sources.offer(source);
      }
    }

    private void offerAsSource(Claim claim) {
      if (claim.hasFinalizer(Names.CLONE_SOURCE)) {
        sources.offer(claim.key());
      }
    }

    private void offerToExpand(Claim claim) {
      if (claim.isFor(settings.driverName) && expander.concerns(claim.object())) {
        expansions.offer(claim.key());
      }
    }

    private void hastenClonesOf(Claim source) {
      cache.clonesOf(source.key()).forEach(clone -> hastenIfNotBegun(clone));
    }

    private static boolean isBound(PersistentVolumeClaim object) {
      return "Bound".equals(phase(object));
    }

    private static @Nullable String phase(PersistentVolumeClaim object) {
      return object.getStatus() == null ? null : object.getStatus().getPhase();
    }
  }

  private final class VolumeChanges implements ResourceEventHandler<PersistentVolume> {

    @Override
    public void onAdd(PersistentVolume volume) {
      offerToDelete(volume);
      capacityChanged(volume);
    }

    @Override
    public void onUpdate(PersistentVolume before, PersistentVolume volume) {
      offerToDelete(volume);
      if (!Objects.equals(before.getSpec().getCapacity(), volume.getSpec().getCapacity())) {
        capacityChanged(volume);
      }
    }

    private void offerToDelete(PersistentVolume volume) {
      if (deleter.isToDelete(volume)) {
        volumes.offer(volume.getMetadata().getName());
      }
    }

    private void capacityChanged(PersistentVolume volume) {
      if (capacity != null) {
        capacity.changed(volume);
      }
    }

    @Override
    public void onDelete(PersistentVolume volume, boolean unseen) {
      capacityChanged(volume);
      var ref = volume.getSpec().getClaimRef();
      if (ref != null && ref.getUid() != null) {
        maker.forget(ref.getUid());
        claims.offer(new ClaimKey(ref.getNamespace(), ref.getName()));
      }
    }
  }
}
