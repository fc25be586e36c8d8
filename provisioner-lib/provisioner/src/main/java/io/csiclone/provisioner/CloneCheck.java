package io.csiclone.provisioner;

import io.csiclone.csiproto.ControllerServiceCapability.RPC;
import io.csiclone.facts.ClusterFacts;
import io.csiclone.rules.CloneFacts;
import io.csiclone.rules.DataSource;
import io.csiclone.rules.DriverFacts;
import io.csiclone.rules.RulePolicy;
import io.csiclone.rules.VolumeFacts;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import java.util.stream.Collectors;
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

    /** Nothing, as long as things are as they are. */
    record Denied(String why) implements Result {}

    /** Nothing by this driver: somebody else fills the volume and hands it over. */
    record Populator() implements Result {}
  }

  private static final Logger LOG = LoggerFactory.getLogger(CloneCheck.class);

  private final ClusterFacts facts;
  private final RulePolicy policy;
  private final DriverTraits driver;

  CloneCheck(ClusterFacts facts, RulePolicy policy, DriverTraits driver) {
    this.facts = facts;
    this.policy = policy;
    this.driver = driver;
  }

  Result of(Claim claim) {
    DataSource source = claim.dataSource();
    if (source == null || !source.isClaim()) {
      // An empty volume in place of a snapshot's or a populator's data would be silent loss.
      boolean snapshot = source != null && "VolumeSnapshot".equals(source.kind());
      LOG.debug("claim {} has the data source {}", claim.key(), source);
      return snapshot
          ? new Result.Denied("driver " + driver.name() + " does not restore snapshots")
          : new Result.Populator();
    }
    var judged = facts.judge(claim.object(), policy, this::withDriversOwnWord);
    if (!judged.verdict().allowed()) {
      return new Result.Denied(
          judged.verdict().denials().stream()
              .map(finding -> finding.code().id() + ": " + finding.message())
              .collect(Collectors.joining("; ")));
    }
    VolumeFacts volume = judged.facts().sourceVolume();
    PersistentVolume object = volume == null ? null : facts.volume(volume.name()).orElse(null);
    ClaimKey key = claim.source();
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
