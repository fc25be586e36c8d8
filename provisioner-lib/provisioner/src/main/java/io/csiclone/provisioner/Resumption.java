package io.csiclone.provisioner;

import io.csiclone.facts.ClusterFacts;
import io.csiclone.provisioner.WorkQueue.Outcome;
import io.csiclone.rules.RuleCode;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes up again what an instance before this one began: CreateVolume was, or may have been, sent
 * for these claims, and from what is recorded the same request is built again.
 */
final class Resumption {

  private static final Logger LOG = LoggerFactory.getLogger(Resumption.class);

  private final ClusterFacts facts;
  private final SnapshotCheck snapshots;
  private final ClaimWriter writer;
  private final SourceProtection protection;
  private final VolumeMaker maker;
  private final VolumeRequests requests;
  private final DriverTraits driver;
  private final @Nullable NodeTopology node;

  Resumption(
      ClusterFacts facts,
      SnapshotCheck snapshots,
      ClaimWriter writer,
      SourceProtection protection,
      VolumeMaker maker,
      VolumeRequests requests,
      DriverTraits driver,
      @Nullable NodeTopology node) {
    this.facts = facts;
    this.snapshots = snapshots;
    this.writer = writer;
    this.protection = protection;
    this.maker = maker;
    this.requests = requests;
    this.driver = driver;
    this.node = node;
  }

  /** The next step for {@code claim}, which is recorded and is not in this instance's making. */
  Outcome of(Claim claim) {
    if (maker.wasMade(claim) || !isStillRecorded(claim)) {
      return Outcome.DONE;
    }
    if (claim.crossesNamespaces() && !wasReallyBegun(claim)) {
      writer.givenUp(claim, false);
      return Outcome.SOON;
    }
    return maker.goOn(takenUp(claim), claim);
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

  private Making takenUp(Claim claim) {
    ClaimKey sourceClaim = claim.source();
    CloneSource source =
        sourceClaim == null
            ? null
            : new CloneSource(sourceClaim, recordedSource(claim, sourceClaim));
    Making making =
        requests.making(
            claim,
            storageClass(claim),
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

  private StorageClass storageClass(Claim claim) {
    String className = String.valueOf(claim.storageClassName());
    return facts
        .storageClass(className)
        .filter(found -> driver.name().equals(found.getProvisioner()))
        .orElseThrow(() ->
            new ProvisioningException(
                "storage class "
                    + className
                    + " is gone while a volume was being made with it;"
                    + " create it again as it was, so that this can end"));
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
}
