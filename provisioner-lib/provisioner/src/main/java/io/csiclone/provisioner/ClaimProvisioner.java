package io.csiclone.provisioner;

import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.csiproto.TopologyRequirement;
import io.csiclone.csiproto.VolumeContentSource;
import io.csiclone.facts.ClusterFacts;
import io.csiclone.facts.FactsUnavailableException;
import io.csiclone.provisioner.WorkQueue.Outcome;
import io.csiclone.rules.RuleCode;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings one claim a step further each time it is its turn. The order of the steps is what makes it
 * safe to stop between any two: check, record on the claim, protect the source, and then, by the
 * {@link VolumeMaker}, CreateVolume (the same request until it ends), volume object, record off,
 * protection off.
 */
final class ClaimProvisioner {

  private static final Logger LOG = LoggerFactory.getLogger(ClaimProvisioner.class);

  /** After a change by someone else; the cache will show it in a moment. */
  private static final Duration SOON = Duration.ofMillis(100);

  /** How often a snapshot that is being taken is looked at. */
  private static final Duration SNAPSHOT_POLL = Duration.ofSeconds(5);

  private final ClusterCache cache;
  private final ClusterFacts facts;
  private final CloneCheck check;
  private final SnapshotCheck snapshots;
  private final ClaimWriter writer;
  private final SourceProtection protection;
  private final VolumeMaker maker;
  private final VolumeRequests requests;
  private final DriverTraits driver;
  private final @Nullable NodeTopology node;
  private final Placement placement;
  private final Duration longestClaimDelay;
  private final EventRecorder events;
  private final ProvisionerMetrics metrics;

  ClaimProvisioner(
      ClusterCache cache,
      ClusterFacts facts,
      CloneCheck check,
      SnapshotCheck snapshots,
      ClaimWriter writer,
      SourceProtection protection,
      VolumeMaker maker,
      VolumeRequests requests,
      DriverTraits driver,
      @Nullable NodeTopology node,
      Placement placement,
      Duration longestClaimDelay,
      EventRecorder events,
      ProvisionerMetrics metrics) {
    this.cache = cache;
    this.facts = facts;
    this.check = check;
    this.snapshots = snapshots;
    this.writer = writer;
    this.protection = protection;
    this.maker = maker;
    this.requests = requests;
    this.driver = driver;
    this.node = node;
    this.placement = placement;
    this.longestClaimDelay = longestClaimDelay;
    this.events = events;
    this.metrics = metrics;
  }

  Outcome reconcile(ClaimKey key) {
    Claim claim = cache.claim(key);
    Making making = maker.of(key);
    if (making != null && (claim == null || !claim.uid().equals(making.claim.uid()))) {
      // The claim was removed by force, our finalizer with it; its volume must still not leak.
      return maker.goOn(making, null);
    }
    if (claim == null || !claim.isFor(driver.name())) {
      return Outcome.DONE;
    }
    if (making == null && maker.isMade(claim)) {
      return Outcome.DONE;
    }
    try {
      if (making != null) {
        return maker.goOn(making, claim);
      }
      return reconcile(claim);
    } catch (ProvisioningException | FactsUnavailableException e) {
      return failed(claim, String.valueOf(e.getMessage()));
    } catch (KubernetesClientException e) {
      if (e.getCode() >= 400 && e.getCode() < 500 && e.getCode() != 429) {
        // Only the owner, or who gives the driver its rights, can do something about it.
        return failed(claim, "the cluster refuses: " + e.getMessage());
      }
      throw e;
    }
  }

  private Outcome reconcile(Claim claim) {
    if (claim.recorded()) {
      if (!isOfThisNode(claim) || maker.wasMade(claim) || !isStillRecorded(claim)) {
        return Outcome.DONE;
      }
      if (claim.crossesNamespaces() && !wasReallyBegun(claim)) {
        writer.givenUp(claim, false);
        return new Outcome.RetryIn(SOON);
      }
      return maker.goOn(resume(claim), claim);
    }
    if (claim.terminating()) {
      if (isOfThisNode(claim)) {
        // Nothing can have been asked of the driver: a finalizer somebody copied with the claim.
        writer.givenUp(claim, false);
      }
      return Outcome.DONE;
    }
    return claim.hasVolume() ? Outcome.DONE : begin(claim);
  }

  /**
   * Whether the record is there in truth. The cache may show one that this instance has just ended,
   * and the volume would be made, and deleted, once more.
   */
  private boolean isStillRecorded(Claim claim) {
    Claim live = writer.live(claim.key());
    return live != null && live.uid().equals(claim.uid()) && live.recorded();
  }

  /**
   * Whether CreateVolume may have been sent for {@code claim}, recorded as a clone of one in
   * another namespace. Its owner may have forged that to get at what no grant allows; the proof is
   * on the source, where only its own namespace can write, before CreateVolume is sent.
   */
  private boolean wasReallyBegun(Claim claim) {
    ClaimKey source = Objects.requireNonNull(claim.source());
    Claim live = writer.live(source);
    if (live == null) {
      throw new ProvisioningException(
          "%s: claim %s is recorded as being cloned from one in namespace %s, but what could prove it is gone; if no volume was made of it, remove the finalizer %s"
              .formatted(
                  RuleCode.CROSS_NAMESPACE.id(), claim.key(), source.namespace(), Names.MAKING));
    }
    return live.isClonedBy(claim);
  }

  private boolean isOfThisNode(Claim claim) {
    return node == null || node.nodeName().equals(claim.selectedNode());
  }

  // ---- a claim for which nothing was asked of the driver yet ----

  private Outcome begin(Claim claim) {
    String className = claim.storageClassName();
    if (className == null || className.isEmpty()) {
      return Outcome.DONE;
    }
    StorageClass storageClass = facts.storageClass(className).orElse(null);
    if (storageClass == null) {
      return failed(claim, "storage class " + className + " does not exist");
    }
    if (!driver.name().equals(storageClass.getProvisioner())) {
      return Outcome.DONE;
    }
    String selected = claim.selectedNode();
    boolean late = waitsForConsumer(storageClass);
    if ((late && selected == null) || (selected != null && !isOfThisNode(claim))) {
      return Outcome.DONE;
    }
    PersistentVolume sourceVolume = null;
    SnapshotSource snapshot = null;
    if (claim.dataSource() != null) {
      switch (check.of(claim)) {
        case CloneCheck.Result.Populator(), CloneCheck.Result.Unknown() -> {
          return Outcome.DONE;
        }
        case CloneCheck.Result.Early(String why) -> {
          events.normal(claim.object(), "Provisioning", why);
          return new Outcome.RetryIn(SNAPSHOT_POLL);
        }
        case CloneCheck.Result.Restorable(SnapshotSource source) -> snapshot = source;
        case CloneCheck.Result.Denied(String why) -> {
          return failed(claim, why);
        }
        case CloneCheck.Result.Granted(PersistentVolume volume) -> sourceVolume = volume;
      }
    }
    if (node != null && sourceVolume != null && !node.reaches(sourceVolume)) {
      return late ? sendAway(claim, sourceVolume) : Outcome.DONE;
    }
    if (node != null && snapshot != null && isElsewhere(snapshot, node)) {
      return late ? sendAway(claim, snapshot) : Outcome.DONE;
    }
    boolean contended =
        node != null
            && selected == null
            && (sourceVolume == null || !NodeTopology.isPlaced(sourceVolume))
            && (snapshot == null || snapshot.node() == null);
    if (contended && takenByAnother(claim)) {
      return Outcome.DONE;
    }
    return begin(claim, storageClass, sourceVolume, snapshot);
  }

  private static boolean isElsewhere(SnapshotSource snapshot, NodeTopology node) {
    return snapshot.node() != null && !snapshot.node().equals(node.nodeName());
  }

  private static boolean waitsForConsumer(StorageClass storageClass) {
    return "WaitForFirstConsumer".equals(storageClass.getVolumeBindingMode());
  }

  /** Lets nodes come one after the other, so that most see that another took the claim. */
  private boolean takenByAnother(Claim claim) {
    try {
      Thread.sleep(
          Duration.ofNanos(ThreadLocalRandom.current().nextLong(longestClaimDelay.toNanos() + 1)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
    Claim now = cache.claim(claim.key());
    return now == null || now.selectedNode() != null;
  }

  /** The pod was scheduled to where the source is not. */
  private Outcome sendAway(Claim claim, PersistentVolume sourceVolume) {
    writer.reschedule(claim);
    return failed(
        claim,
        CloneSource.outOfReach(sourceVolume, claim.source(), String.valueOf(claim.selectedNode())));
  }

  private Outcome sendAway(Claim claim, SnapshotSource snapshot) {
    writer.reschedule(claim);
    return failed(
        claim,
        "%s: snapshot %s/%s is on node %s and cannot be restored on the selected node %s; the pod has to run where it is"
            .formatted(
                RuleCode.TOPOLOGY_CONFLICT.id(),
                claim.key().namespace(),
                snapshot.snapshot(),
                snapshot.node(),
                claim.selectedNode()));
  }

  private Outcome begin(
      Claim claim,
      StorageClass storageClass,
      @Nullable PersistentVolume sourceVolume,
      @Nullable SnapshotSource snapshot) {
    ClaimKey sourceClaim = claim.source();
    CloneSource source =
        sourceVolume == null || sourceClaim == null
            ? null
            : new CloneSource(sourceClaim, sourceVolume);
    TopologyRequirement requirement;
    switch (placement.of(claim, storageClass, source)) {
      case Placement.Place.Elsewhere(String why) -> {
        writer.reschedule(claim);
        return failed(claim, why);
      }
      case Placement.Place.Here(var here) -> requirement = here;
    }
    Making planned = making(claim, storageClass, source, snapshot, requirement);
    Claim recorded =
        writer.begin(
            claim,
            origin(planned),
            node == null ? null : node.nodeName(),
            // A node says where it is itself; what was found by all nodes may change.
            node == null && requirement != null ? RecordedPlace.text(requirement) : null);
    if (recorded == null) {
      return new Outcome.RetryIn(SOON);
    }
    Making making = planned.recordedAs(recorded);
    if (source != null) {
      try {
        protection.begin(source.claim(), claim, source.volumeName());
      } catch (ProvisioningException e) {
        maker.giveUp(making);
        throw e;
      }
    }
    // Only now: what the maker has is sent to the driver without another look at its source.
    maker.add(making);
    return maker.goOn(making, claim);
  }

  /** What is recorded of where the data comes from. */
  private static Map<String, String> origin(Making making) {
    if (making.source != null) {
      return Map.of(Names.CLONE_OF_VOLUME, making.source.volumeName());
    }
    return making.snapshot == null
        ? Map.of()
        : Map.of(Names.RESTORED_FROM_CONTENT, making.snapshot.content());
  }

  private @Nullable VolumeContentSource content(
      @Nullable CloneSource source, @Nullable SnapshotSource snapshot) {
    if (snapshot != null) {
      return VolumeRequests.snapshot(snapshot.handle());
    }
    String handle =
        source == null ? null : PersistentVolumes.handle(source.volume(), driver.name());
    return handle == null ? null : VolumeRequests.volume(handle);
  }

  private Making making(
      Claim claim,
      StorageClass storageClass,
      @Nullable CloneSource source,
      @Nullable SnapshotSource snapshot,
      @Nullable TopologyRequirement requirement) {
    ClassParameters parameters = requests.parameters(storageClass);
    CreateVolumeRequest request =
        requests.of(
            claim,
            parameters,
            Objects.requireNonNullElse(storageClass.getMountOptions(), List.of()),
            content(source, snapshot),
            requirement);
    return new Making(claim, storageClass, parameters, request, source, snapshot);
  }

  // ---- a claim for which CreateVolume was, or may have been, sent ----

  /** Builds the request again that an instance before this one recorded. */
  private Making resume(Claim claim) {
    String className = String.valueOf(claim.storageClassName());
    StorageClass storageClass =
        facts
            .storageClass(className)
            .filter(found -> driver.name().equals(found.getProvisioner()))
            .orElseThrow(() ->
                new ProvisioningException(
                    "storage class "
                        + className
                        + " is gone while a volume was being made with it;"
                        + " create it again as it was, so that this can end"));
    ClaimKey sourceClaim = claim.source();
    CloneSource source =
        sourceClaim == null
            ? null
            : new CloneSource(sourceClaim, recordedSource(claim, sourceClaim));
    Making making =
        making(
            claim,
            storageClass,
            source,
            recordedSnapshot(claim),
            node == null ? RecordedPlace.parse(claim.annotation(Names.PLACE)) : node.requirement());
    if (sourceClaim != null) {
      protection.resume(sourceClaim, claim);
    }
    maker.add(making);
    LOG.info("claim {}: volume {} taken up again", claim.key(), making.volumeName());
    return making;
  }

  private @Nullable SnapshotSource recordedSnapshot(Claim claim) {
    String snapshot = claim.snapshotName();
    String content = claim.contentName();
    return snapshot == null || content == null
        ? null
        : snapshots.recorded(claim, snapshot, content);
  }

  /**
   * The volume that is being cloned. The claim's annotation only chooses among volumes that belong,
   * or belonged, to the claim's own source: who may write claims must not get at other data by it.
   */
  private PersistentVolume recordedSource(Claim claim, ClaimKey source) {
    String name = String.valueOf(claim.sourceVolumeName());
    return facts
        .volume(name)
        .filter(volume -> PersistentVolumes.isOfClaim(volume, source))
        .filter(volume -> PersistentVolumes.handle(volume, driver.name()) != null)
        .orElseThrow(() ->
            new ProvisioningException(
                RuleCode.SOURCE_NOT_FOUND.id()
                    + ": volume "
                    + name
                    + ", recorded as the one being cloned, is not a volume of source claim "
                    + source
                    + " any more; if its clone is known to be gone, remove the finalizer "
                    + Names.MAKING));
  }

  private Outcome failed(Claim claim, String words) {
    events.provisioningFailed(claim, words);
    metrics.failed(claim);
    return Outcome.BACK_OFF;
  }
}
