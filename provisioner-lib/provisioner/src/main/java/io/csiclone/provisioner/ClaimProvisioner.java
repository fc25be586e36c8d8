package io.csiclone.provisioner;

import io.csiclone.csiproto.TopologyRequirement;
import io.csiclone.facts.ClusterFacts;
import io.csiclone.facts.FactsUnavailableException;
import io.csiclone.provisioner.WorkQueue.Outcome;
import io.csiclone.rules.RuleCode;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Brings one claim a step further each time it is its turn; those that an instance before this one
 * began are the {@link Resumption}'s. The order of the steps is what makes it safe to stop between
 * any two: check, record on the claim, protect the source, and then, by the {@link VolumeMaker},
 * CreateVolume (the same request until it ends), volume object, record off, protection off.
 */
final class ClaimProvisioner {

  /** How often a snapshot that is being taken is looked at. */
  private static final Duration SNAPSHOT_POLL = Duration.ofSeconds(5);

  private final ClusterCache cache;
  private final ClusterFacts facts;
  private final CloneCheck check;
  private final ClaimWriter writer;
  private final SourceProtection protection;
  private final VolumeMaker maker;
  private final VolumeRequests requests;
  private final Resumption resumption;
  private final DriverTraits driver;
  private final @Nullable NodeTopology node;
  private final Placement placement;
  private final ClaimDelay delay;
  private final EventRecorder events;
  private final ProvisionerMetrics metrics;

  ClaimProvisioner(
      ClusterCache cache,
      ClusterFacts facts,
      CloneCheck check,
      ClaimWriter writer,
      SourceProtection protection,
      VolumeMaker maker,
      VolumeRequests requests,
      Resumption resumption,
      DriverTraits driver,
      @Nullable NodeTopology node,
      Placement placement,
      ClaimDelay delay,
      EventRecorder events,
      ProvisionerMetrics metrics) {
    this.cache = cache;
    this.facts = facts;
    this.check = check;
    this.writer = writer;
    this.protection = protection;
    this.maker = maker;
    this.requests = requests;
    this.resumption = resumption;
    this.driver = driver;
    this.node = node;
    this.placement = placement;
    this.delay = delay;
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
      return isOfThisNode(claim) ? resumption.of(claim) : Outcome.DONE;
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

  private boolean isOfThisNode(Claim claim) {
    return node == null || node.nodeName().equals(claim.selectedNode());
  }

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
    if (sourceVolume == null && claim.hasSelector()) {
      // Of a clone's the rules have judged. Here, what would be made is not what was selected.
      return failed(
          claim,
          "%s: claim %s selects existing volumes by label, and none is made for such a claim; leave spec.selector out"
              .formatted(RuleCode.SELECTOR_SET.id(), claim.key()));
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
      Thread.sleep(delay.next());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
    Claim now = cache.claim(claim.key());
    boolean taken = now == null || now.selectedNode() != null;
    if (taken) {
      delay.seen();
    }
    return taken;
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
    Making planned = requests.making(claim, storageClass, source, snapshot, requirement);
    Claim recorded =
        writer.begin(
            claim,
            origin(planned),
            node == null ? null : node.nodeName(),
            // A node says where it is itself; what was found by all nodes may change.
            node == null && requirement != null ? RecordedPlace.text(requirement) : null);
    if (recorded == null) {
      if (node != null && claim.selectedNode() == null) {
        delay.lost();
      }
      return Outcome.SOON;
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

  private Outcome failed(Claim claim, String words) {
    events.provisioningFailed(claim, words);
    metrics.failed(claim);
    return Outcome.BACK_OFF;
  }
}
