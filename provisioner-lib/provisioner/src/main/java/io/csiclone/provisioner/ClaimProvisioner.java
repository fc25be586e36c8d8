package io.csiclone.provisioner;

import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.csiproto.Volume;
import io.csiclone.facts.ClusterFacts;
import io.csiclone.provisioner.CsiClient.CreateAnswer;
import io.csiclone.provisioner.CsiClient.DeleteAnswer;
import io.csiclone.provisioner.WorkQueue.Outcome;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings one claim a step further each time it is its turn. The order of the steps is what makes it
 * safe to stop between any two: check, record on the claim, protect the source, CreateVolume (the
 * same request until it ends), volume object, record off, protection off.
 */
final class ClaimProvisioner {

  private static final Logger LOG = LoggerFactory.getLogger(ClaimProvisioner.class);

  private static final String FAILED = "ProvisioningFailed";

  /** After a change by someone else; the cache will show it in a moment. */
  private static final Duration SOON = Duration.ofMillis(100);

  private final ClusterCache cache;
  private final ClusterFacts facts;
  private final CloneCheck check;
  private final ClaimWriter writer;
  private final VolumeWriter volumes;
  private final SourceProtection protection;
  private final CsiClient csi;
  private final DriverTraits driver;
  private final @Nullable NodeTopology node;
  private final Duration longestClaimDelay;
  private final EventRecorder events;
  private final Consumer<ClaimKey> sweepSource;

  private final Map<ClaimKey, Making> inTheMaking = new ConcurrentHashMap<>();

  /** The uids of claims whose volume was made, until the cluster shows them bound or gone. */
  private final Set<String> made = ConcurrentHashMap.newKeySet();

  ClaimProvisioner(
      ClusterCache cache,
      ClusterFacts facts,
      CloneCheck check,
      ClaimWriter writer,
      VolumeWriter volumes,
      SourceProtection protection,
      CsiClient csi,
      DriverTraits driver,
      @Nullable NodeTopology node,
      Duration longestClaimDelay,
      EventRecorder events,
      Consumer<ClaimKey> sweepSource) {
    this.cache = cache;
    this.facts = facts;
    this.check = check;
    this.writer = writer;
    this.volumes = volumes;
    this.protection = protection;
    this.csi = csi;
    this.driver = driver;
    this.node = node;
    this.longestClaimDelay = longestClaimDelay;
    this.events = events;
    this.sweepSource = sweepSource;
  }

  /** Whether the volume object of this name is the source of a clone in the making. */
  boolean isCloning(String volumeHandle) {
    return inTheMaking.values().stream()
        .map(making -> making.request.getVolumeContentSource().getVolume().getVolumeId())
        .anyMatch(volumeHandle::equals);
  }

  /** Notes that the cluster has no claim of this uid, or its volume object is gone. */
  void forget(String claimUid) {
    made.remove(claimUid);
  }

  Outcome reconcile(ClaimKey key) {
    Claim claim = cache.claim(key);
    Making making = inTheMaking.get(key);
    if (making != null && (claim == null || !claim.uid().equals(making.claim.uid()))) {
      // The claim was removed by force, our finalizer with it; its volume must still not leak.
      return abandon(making);
    }
    if (claim == null || !claim.isFor(driver.name())) {
      return Outcome.DONE;
    }
    if (made.contains(claim.uid())) {
      if (claim.hasVolume()) {
        made.remove(claim.uid());
      }
      return Outcome.DONE;
    }
    try {
      if (making == null && claim.terminating() && !claim.recorded() && isOfThisNode(claim)) {
        // Nothing can have been asked of the driver: a finalizer somebody copied with the claim.
        writer.givenUp(claim, false);
        return Outcome.DONE;
      }
      if (making != null || (claim.recorded() && isOfThisNode(claim))) {
        return goOn(claim, making);
      }
      return claim.recorded() || claim.terminating() || claim.hasVolume()
          ? Outcome.DONE
          : begin(claim);
    } catch (ProvisioningException e) {
      return failed(claim, e.getMessage());
    }
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
    if (claim.dataSource() != null) {
      switch (check.of(claim)) {
        case CloneCheck.Result.Populator() -> {
          return Outcome.DONE;
        }
        case CloneCheck.Result.Denied(String why) -> {
          return failed(claim, why);
        }
        case CloneCheck.Result.Granted(PersistentVolume volume) -> sourceVolume = volume;
      }
    }
    if (node != null && sourceVolume != null && !node.reaches(sourceVolume)) {
      return late ? sendAway(claim, sourceVolume) : Outcome.DONE;
    }
    boolean contended =
        node != null
            && selected == null
            && (sourceVolume == null || !NodeTopology.isPlaced(sourceVolume));
    if (contended && takenByAnother(claim)) {
      return Outcome.DONE;
    }
    return begin(claim, storageClass, sourceVolume);
  }

  private static boolean waitsForConsumer(StorageClass storageClass) {
    return "WaitForFirstConsumer".equals(storageClass.getVolumeBindingMode());
  }

  /** Lets nodes come one after the other, so that most see that another took the claim. */
  private boolean takenByAnother(Claim claim) {
    try {
      Thread.sleep(Duration.ofNanos(
          ThreadLocalRandom.current().nextLong(longestClaimDelay.toNanos() + 1)));
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
        "TopologyConflict: volume "
            + sourceVolume.getMetadata().getName()
            + " of source claim "
            + claim.source()
            + " cannot be reached from the selected node "
            + claim.selectedNode()
            + "; the pod has to run where that volume is");
  }

  private Outcome begin(
      Claim claim, StorageClass storageClass, @Nullable PersistentVolume sourceVolume) {
    Making making =
        new Making(
            claim, storageClass, request(claim, storageClass, sourceVolume), claim.source());
    String sourceVolumeName =
        sourceVolume == null ? null : sourceVolume.getMetadata().getName();
    if (!writer.begin(claim, sourceVolumeName, node == null ? null : node.nodeName())) {
      return new Outcome.RetryIn(SOON);
    }
    if (making.source != null && sourceVolumeName != null) {
      try {
        protection.begin(making.source, claim.key(), sourceVolumeName);
      } catch (ProvisioningException e) {
        end(making, () -> writer.givenUp(claim, false));
        throw e;
      }
    }
    // Only now: what is in here is sent to the driver without another look at its source.
    inTheMaking.put(claim.key(), making);
    events.normal(
        claim.object(),
        "Provisioning",
        making.source == null
            ? "making volume " + claim.volumeObjectName()
            : "cloning claim " + making.source + " into volume " + claim.volumeObjectName());
    return create(making);
  }

  private CreateVolumeRequest request(
      Claim claim, StorageClass storageClass, @Nullable PersistentVolume sourceVolume) {
    return VolumeRequests.request(
        claim,
        storageClass,
        sourceVolume == null ? null : PersistentVolumes.handle(sourceVolume, driver.name()),
        node == null ? null : node.requirement(),
        driver);
  }

  // ---- a claim for which CreateVolume was, or may have been, sent ----

  private Outcome goOn(Claim claim, @Nullable Making known) {
    if (known == null && volumes.exists(claim)) {
      writer.made(claim);
      made.add(claim.uid());
      if (claim.source() != null) {
        sweepSource.accept(claim.source());
      }
      return Outcome.DONE;
    }
    Making making = known == null ? resume(claim) : known;
    if (isWanted(claim, making)) {
      return making.unwanted == null ? create(making) : abandon(making);
    }
    return abandon(making);
  }

  /** Whether {@code claim} still is to get the volume that is being made for it. */
  private static boolean isWanted(@Nullable Claim claim, Making making) {
    return claim != null
        && claim.uid().equals(making.claim.uid())
        && !claim.terminating()
        // The binder may have given it a free volume meanwhile.
        && (!claim.hasVolume()
            || making.request.getName().equals(claim.object().getSpec().getVolumeName()));
  }

  /** Builds the request again that an instance before this one recorded. */
  private Making resume(Claim claim) {
    String className = String.valueOf(claim.storageClassName());
    StorageClass storageClass =
        facts
            .storageClass(className)
            .orElseThrow(
                () ->
                    new ProvisioningException(
                        "storage class "
                            + className
                            + " is gone while a volume was being made with it;"
                            + " create it again as it was, so that this can end"));
    PersistentVolume sourceVolume = null;
    ClaimKey source = claim.source();
    if (source != null) {
      sourceVolume = recordedSource(claim, source);
    }
    Making making =
        new Making(claim, storageClass, request(claim, storageClass, sourceVolume), source);
    if (source != null) {
      protection.resume(source, claim.key());
    }
    inTheMaking.put(claim.key(), making);
    LOG.info("claim {}: volume {} taken up again", claim.key(), claim.volumeObjectName());
    return making;
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
        .orElseThrow(
            () ->
                new ProvisioningException(
                    "SourceNotFound: volume "
                        + name
                        + ", recorded as the one being cloned, is not a volume of source claim "
                        + source
                        + " any more; if its clone is known to be gone, remove the finalizer "
                        + Names.MAKING));
  }

  private Outcome create(Making making) {
    return switch (csi.create(making.request)) {
      case CreateAnswer.Created(var volume) -> accept(making, volume);
      case CreateAnswer.InProgress(var status) -> {
        if (making.isFirstPoll()) {
          events.normal(
              making.claim.object(),
              making.source == null ? "Provisioning" : "Cloning",
              "the driver is at work (" + CsiClient.words(status) + ")");
        }
        yield new Outcome.RetryIn(making.nextPoll());
      }
      case CreateAnswer.Exhausted(var status) -> {
        boolean elsewhere = mayGoElsewhere(making);
        end(making, () -> writer.givenUp(making.claim, elsewhere));
        yield failed(
            making.claim,
            CsiClient.words(status) + (elsewhere ? "; another node will be tried" : ""));
      }
      case CreateAnswer.Failed(var status) -> {
        end(making, () -> writer.givenUp(making.claim, false));
        yield failed(making.claim, CsiClient.words(status));
      }
    };
  }

  private boolean mayGoElsewhere(Making making) {
    boolean placed = node != null || driver.topology();
    // A clone can only be made where its source is.
    return placed
        && making.source == null
        && (node != null || making.claim.selectedNode() != null);
  }

  private Outcome accept(Making making, Volume volume) {
    String fault = VolumeWriter.fault(making.request, volume);
    if (fault != null && volume.getVolumeId().isEmpty()) {
      end(making, () -> writer.givenUp(making.claim, false));
      return failed(making.claim, fault);
    }
    if (fault != null) {
      making.unwanted = volume.getVolumeId();
      events.warning(making.claim.object(), FAILED, fault);
      LOG.warn("claim {}: {}", making.claim.key(), fault);
      return abandon(making);
    }
    if (!isWanted(cache.claim(making.claim.key()), making)) {
      making.unwanted = volume.getVolumeId();
      return abandon(making);
    }
    volumes.write(making.claim, making.storageClass, volume);
    made.add(making.claim.uid());
    try {
      end(making, () -> writer.made(making.claim));
    } catch (RuntimeException e) {
      made.remove(making.claim.uid());
      throw e;
    }
    String words =
        making.source == null
            ? "volume " + making.claim.volumeObjectName() + " is made"
            : "claim " + making.source + " is cloned into " + making.claim.volumeObjectName();
    events.normal(making.claim.object(), "ProvisioningSucceeded", words);
    LOG.info("claim {}: {}", making.claim.key(), words);
    return Outcome.DONE;
  }

  /** Sees the making of a volume nobody wants to its end, and the volume deleted. */
  private Outcome abandon(Making making) {
    if (!making.lookedForVolume) {
      if (volumes.exists(making.claim)) {
        // Its own life has begun: it will be released and deleted as its class says.
        end(making, () -> writer.made(making.claim));
        return Outcome.DONE;
      }
      making.lookedForVolume = true;
    }
    if (making.unwanted == null) {
      switch (csi.create(making.request)) {
        case CreateAnswer.Created(var volume) -> making.unwanted = volume.getVolumeId();
        case CreateAnswer.InProgress(_) -> {
          return new Outcome.RetryIn(making.nextPoll());
        }
        case CreateAnswer.Exhausted(_), CreateAnswer.Failed(_) -> {
          end(making, () -> writer.givenUp(making.claim, false));
          return Outcome.DONE;
        }
      }
    }
    String unwanted = making.unwanted;
    return switch (csi.delete(unwanted)) {
      case DeleteAnswer.Deleted() -> {
        end(making, () -> writer.givenUp(making.claim, false));
        LOG.info("claim {}: unwanted volume {} deleted", making.claim.key(), unwanted);
        // A claim that is still there gets another try, later.
        yield isWanted(cache.claim(making.claim.key()), making)
            ? Outcome.BACK_OFF
            : Outcome.DONE;
      }
      case DeleteAnswer.InProgress(_) -> new Outcome.RetryIn(making.nextPoll());
      case DeleteAnswer.Failed(var status) ->
          failed(
              making.claim,
              "the volume " + unwanted + " is not wanted any more but was not deleted: "
                  + CsiClient.words(status));
    };
  }

  /** Takes the record off the claim and forgets {@code making}; if the former fails, neither. */
  private void end(Making making, Runnable recordOff) {
    recordOff.run();
    inTheMaking.remove(making.claim.key());
    if (making.source != null) {
      protection.release(making.source, making.claim.key());
      sweepSource.accept(making.source);
    }
  }

  private Outcome failed(Claim claim, @Nullable String message) {
    String words = String.valueOf(message);
    events.warning(claim.object(), FAILED, words);
    LOG.info("claim {}: {}", claim.key(), words);
    return Outcome.BACK_OFF;
  }
}
