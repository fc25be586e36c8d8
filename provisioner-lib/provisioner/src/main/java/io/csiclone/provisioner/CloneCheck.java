package io.csiclone.provisioner;

import io.csiclone.csiproto.ControllerServiceCapability.RPC;
import io.csiclone.facts.ClusterFacts;
import io.csiclone.rules.CloneFacts;
import io.csiclone.rules.DataSource;
import io.csiclone.rules.DriverFacts;
import io.csiclone.rules.RuleCode;
import io.csiclone.rules.RulePolicy;
import io.csiclone.rules.VolumeFacts;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Judges a clone before the driver is asked for it: by the rules and in the words of the webhook,
 * and as strictly as the clone's namespace and storage class say.
 */
final class CloneCheck {

  /** What may be made of a claim that has a data source. */
  sealed interface Result {
    /** A clone of this volume, which is one of the driver's. */
    record Granted(PersistentVolume sourceVolume) implements Result {}

    /** What this snapshot holds. */
    record Restorable(SnapshotSource source) implements Result {}

    /** Nothing yet, for this reason, which passes by itself. */
    record Early(String why) implements Result {}

    /** Nothing until something is known that is being found out; the claim is offered again. */
    record Unknown() implements Result {}

    /** Nothing, as long as things are as they are. */
    record Denied(String why) implements Result {}

    /** Nothing by this driver: somebody else fills the volume and hands it over. */
    record Populator() implements Result {}
  }

  private static final Logger LOG = LoggerFactory.getLogger(CloneCheck.class);

  private final ClusterFacts facts;
  private final RulePolicy policy;
  private final DriverTraits driver;
  private final SnapshotCheck snapshots;
  private final @Nullable ReferenceGrants grants;

  /**
   * Prepares judging.
   *
   * @param grants null where clones across namespaces are not served
   */
  CloneCheck(
      ClusterFacts facts,
      RulePolicy policy,
      DriverTraits driver,
      SnapshotCheck snapshots,
      @Nullable ReferenceGrants grants) {
    this.facts = facts;
    this.policy = policy;
    this.driver = driver;
    this.snapshots = snapshots;
    this.grants = grants;
  }

  Result of(Claim claim) {
    DataSource source = claim.dataSource();
    if (source == null || !source.isClaim()) {
      LOG.debug("claim {} has the data source {}", claim.key(), source);
      // An empty volume in place of a snapshot's or a populator's data would be silent loss.
      return source != null && "VolumeSnapshot".equals(source.kind())
          ? restored(claim, source)
          : new Result.Populator();
    }
    ClaimKey key = claim.source();
    boolean across = key != null && claim.crossesNamespaces();
    // Set for clones that a grant has to allow, and that it can allow.
    ReferenceGrants needed = across ? grants : null;
    if (needed != null && key != null) {
      switch (needed.of(claim.key(), key)) {
        case ReferenceGrants.Answer.Granted() -> {}
        case ReferenceGrants.Answer.Missing(String why) -> {
          return new Result.Denied(why);
        }
        case ReferenceGrants.Answer.NotYet() -> {
          return new Result.Unknown();
        }
      }
    }
    var judged =
        needed != null
            ? facts.judgeGranted(claim.object(), policy, this::withDriversOwnWord)
            : facts.judge(claim.object(), policy, this::withDriversOwnWord);
    if (!judged.verdict().allowed()) {
      return new Result.Denied(
          judged.verdict().denials().stream()
              .map(finding -> finding.code().id() + ": " + finding.message())
              .collect(Collectors.joining("; ")));
    }
    if (across && needed == null) {
      return new Result.Denied(
          RuleCode.CROSS_NAMESPACE.id()
              + ": source claim "
              + key
              + " is in another namespace, and this driver's provisioner does not serve such clones");
    }
    VolumeFacts volume = judged.facts().sourceVolume();
    PersistentVolume object = volume == null ? null : facts.volume(volume.name()).orElse(null);
    // Whatever the policy lets pass: a driver is never asked to clone a volume that is not its own
    // or not that of the claim named.
    if (object == null
        || key == null
        || PersistentVolumes.handle(object, driver.name()) == null
        || !PersistentVolumes.isOfClaim(object, key)) {
      return new Result.Denied(
          "source claim "
              + source.name()
              + " has no volume of driver "
              + driver.name()
              + " that belongs to it");
    }
    return new Result.Granted(object);
  }

  private Result restored(Claim claim, DataSource source) {
    String name = claim.snapshotName();
    if (name == null) {
      return new Result.Denied(
          "%s: the data source %s/%s %s cannot be restored; name a VolumeSnapshot of the claim's own namespace, of group %s"
              .formatted(
                  RuleCode.UNKNOWN_DATA_SOURCE.id(),
                  source.apiGroup(),
                  source.kind(),
                  source.name(),
                  SnapshotCheck.GROUP));
    }
    return switch (snapshots.of(claim, name)) {
      case SnapshotCheck.Result.Ready(var ready) -> new Result.Restorable(ready);
      case SnapshotCheck.Result.Refused(String why) -> new Result.Denied(why);
      case SnapshotCheck.Result.Waiting(String why) -> new Result.Early(why);
    };
  }

  /** The CSIDriver object may say nothing of cloning; the driver itself does. */
  private CloneFacts withDriversOwnWord(CloneFacts found) {
    DriverFacts known = found.driver();
    if (known == null || !known.name().equals(driver.name())) {
      return found;
    }
    var support =
        driver.can(RPC.Type.CLONE_VOLUME)
            ? DriverFacts.CloneSupport.YES
            : DriverFacts.CloneSupport.NO;
    return new CloneFacts(
        found.claim(),
        found.source(),
        found.sourceVolume(),
        found.targetClass(),
        new DriverFacts(known.name(), true, support));
  }
}
