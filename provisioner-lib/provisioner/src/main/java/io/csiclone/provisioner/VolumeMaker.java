package io.csiclone.provisioner;

import io.csiclone.csiproto.Volume;
import io.csiclone.provisioner.CsiClient.CreateAnswer;
import io.csiclone.provisioner.CsiClient.DeleteAnswer;
import io.csiclone.provisioner.WorkQueue.Outcome;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drives volumes in the making to their end: the volume object, or, for a volume nobody wants any
 * more, its deletion. What is in here is protected and recorded; nothing is checked again.
 */
final class VolumeMaker {

  private static final Logger LOG = LoggerFactory.getLogger(VolumeMaker.class);

  private final ClusterCache cache;
  private final ClaimWriter writer;
  private final VolumeWriter volumes;
  private final SourceProtection protection;
  private final CsiClient csi;
  private final boolean placed;
  private final boolean nodeLocal;
  private final Announcer announcer;
  private final Consumer<ClaimKey> sweepSource;
  private final Consumer<String> exhausted;

  private final Map<ClaimKey, Making> inTheMaking = new ConcurrentHashMap<>();

  /** The uids of claims whose volume was made, until the cluster shows them bound or gone. */
  private final Set<String> made = ConcurrentHashMap.newKeySet();

  /**
   * Makes volumes with {@code csi}.
   *
   * @param placed whether where a volume is made matters
   * @param nodeLocal whether this instance makes the volumes of one node
   * @param sweepSource told of sources of which a clone less is being made
   * @param exhausted told of classes for whose volumes the driver has no room
   */
  VolumeMaker(
      ClusterCache cache,
      ClaimWriter writer,
      VolumeWriter volumes,
      SourceProtection protection,
      CsiClient csi,
      boolean placed,
      boolean nodeLocal,
      Announcer announcer,
      Consumer<ClaimKey> sweepSource,
      Consumer<String> exhausted) {
    this.cache = cache;
    this.writer = writer;
    this.volumes = volumes;
    this.protection = protection;
    this.csi = csi;
    this.placed = placed;
    this.nodeLocal = nodeLocal;
    this.announcer = announcer;
    this.sweepSource = sweepSource;
    this.exhausted = exhausted;
  }

  /** The volume in the making of the claim of this name, or null. */
  @Nullable Making of(ClaimKey claim) {
    return inTheMaking.get(claim);
  }

  /** Whether the volume of this handle is the source of a clone in the making. */
  boolean isCloning(String volumeHandle) {
    return inTheMaking.values().stream()
        .map(making -> making.request.getVolumeContentSource().getVolume().getVolumeId())
        .anyMatch(volumeHandle::equals);
  }

  /** Whether the volume of {@code claim} was made, though the cluster may not show it yet. */
  boolean isMade(Claim claim) {
    if (!made.contains(claim.uid())) {
      return false;
    }
    if (claim.hasVolume()) {
      made.remove(claim.uid());
    }
    return true;
  }

  /** Notes that the cluster has no claim of this uid, or its volume object is gone. */
  void forget(String claimUid) {
    made.remove(claimUid);
  }

  /**
   * Whether {@code claim}, recorded by an instance before this one, has its volume object already;
   * if so its record is ended.
   */
  boolean wasMade(Claim claim) {
    if (!volumes.exists(claim)) {
      return false;
    }
    writer.made(claim);
    made.add(claim.uid());
    if (claim.source() != null) {
      sweepSource.accept(claim.source());
    }
    return true;
  }

  /** Takes {@code making} on. Its claim is recorded and its source protected. */
  void add(Making making) {
    inTheMaking.put(making.claim.key(), making);
  }

  /** The next step for {@code making}, whose claim now is {@code claim}, or null if gone. */
  Outcome goOn(Making making, @Nullable Claim claim) {
    if (making.volumeWritten) {
      return endRecord(making);
    }
    return making.unwanted == null && isWanted(claim, making) ? create(making) : abandon(making);
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

  private Outcome create(Making making) {
    return switch (csi.create(making.request)) {
      case CreateAnswer.Created(var volume) -> accept(making, volume);
      case CreateAnswer.InProgress(var status) -> {
        if (!Thread.currentThread().isInterrupted()) {
          announcer.underWay(making, CsiClient.words(status));
        }
        yield new Outcome.RetryIn(making.nextPoll());
      }
      case CreateAnswer.Exhausted(var status) -> {
        boolean elsewhere = mayGoElsewhere(making);
        // Before the scheduler chooses again, by what it was told of room left.
        exhausted.accept(making.storageClass.getMetadata().getName());
        end(making, () -> writer.givenUp(making.claim, elsewhere));
        yield failed(
            making, CsiClient.words(status) + (elsewhere ? "; another node will be tried" : ""));
      }
      case CreateAnswer.Failed(var status) -> {
        giveUp(making);
        yield failed(making, CsiClient.words(status));
      }
    };
  }

  private boolean mayGoElsewhere(Making making) {
    // A clone can only be made where its source is.
    return placed && making.source == null && (nodeLocal || making.claim.selectedNode() != null);
  }

  private Outcome accept(Making making, Volume volume) {
    String fault = VolumeWriter.fault(making.request, volume);
    if (fault != null && volume.getVolumeId().isEmpty()) {
      giveUp(making);
      return failed(making, fault);
    }
    if (fault != null) {
      making.unwanted = volume.getVolumeId();
      announcer.failed(making, fault);
      return abandon(making);
    }
    if (!isWanted(cache.claim(making.claim.key()), making)) {
      making.unwanted = volume.getVolumeId();
      return abandon(making);
    }
    volumes.write(making, volume);
    making.volumeWritten = true;
    made.add(making.claim.uid());
    announcer.made(making);
    // To end the record is a turn of its own, so that claims which have no volume yet come first.
    return new Outcome.RetryIn(Duration.ZERO);
  }

  private Outcome endRecord(Making making) {
    end(making, () -> writer.made(making.claim));
    return Outcome.DONE;
  }

  /** Sees the making of a volume nobody wants to its end, and the volume deleted. */
  private Outcome abandon(Making making) {
    if (!making.lookedForVolume) {
      if (volumes.exists(making.claim)) {
        // Its own life has begun: it will be released and deleted as its class says.
        return endRecord(making);
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
          giveUp(making);
          return Outcome.DONE;
        }
      }
    }
    String unwanted = making.unwanted;
    return switch (csi.delete(unwanted, making.request.getSecretsMap())) {
      case DeleteAnswer.Deleted() -> {
        giveUp(making);
        LOG.info("claim {}: unwanted volume {} deleted", making.claim.key(), unwanted);
        // A claim that is still there gets another try, later.
        yield isWanted(cache.claim(making.claim.key()), making) ? Outcome.BACK_OFF : Outcome.DONE;
      }
      case DeleteAnswer.InProgress(_) -> new Outcome.RetryIn(making.nextPoll());
      case DeleteAnswer.Failed(var status) ->
          failed(
              making,
              "the volume "
                  + unwanted
                  + " is not wanted any more but was not deleted: "
                  + CsiClient.words(status));
    };
  }

  /** Takes the record off the claim and forgets {@code making}; if the former fails, neither. */
  private void end(Making making, Runnable recordOff) {
    recordOff.run();
    inTheMaking.remove(making.claim.key());
    announcer.forget(making);
    ClaimKey source = making.sourceClaim();
    if (source != null) {
      protection.release(source, making.claim.key());
      sweepSource.accept(source);
    }
  }

  /** Takes back the record of {@code making}, which was not begun after all. */
  void giveUp(Making making) {
    end(making, () -> writer.givenUp(making.claim, false));
  }

  private Outcome failed(Making making, String words) {
    announcer.failed(making, words);
    return Outcome.BACK_OFF;
  }
}
