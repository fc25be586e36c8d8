package io.csiclone.provisioner;

import io.csiclone.csiproto.CapacityRange;
import io.csiclone.csiproto.ControllerExpandVolumeRequest;
import io.csiclone.csiproto.ControllerExpandVolumeResponse;
import io.csiclone.csiproto.ControllerServiceCapability.RPC;
import io.csiclone.csiproto.VolumeCapability;
import io.csiclone.provisioner.CsiClient.ExpandAnswer;
import io.csiclone.provisioner.WorkQueue.Outcome;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Grows volumes whose claims ask for more than they have: ControllerExpandVolume, then the volume
 * object's capacity, then either the claim's own or the condition by which the kubelet knows that
 * the rest is to be done on the node. Whether a class allows it the API server has judged.
 */
final class VolumeExpander {

  private static final Logger LOG = LoggerFactory.getLogger(VolumeExpander.class);
  private static final Duration POLL = Duration.ofSeconds(1);

  private final ClusterCache cache;
  private final CsiClient csi;
  private final ClassSecrets secrets;
  private final VolumeSizes sizes;
  private final DriverTraits driver;
  private final @Nullable NodeTopology node;
  private final EventRecorder events;

  VolumeExpander(
      KubernetesClient client,
      ClusterCache cache,
      CsiClient csi,
      ClassSecrets secrets,
      DriverTraits driver,
      @Nullable NodeTopology node,
      EventRecorder events) {
    this.cache = cache;
    this.csi = csi;
    this.secrets = secrets;
    this.sizes = new VolumeSizes(client);
    this.driver = driver;
    this.node = node;
    this.events = events;
  }

  /** Whether {@code claim} is bound and asks for more than it is said to have. */
  boolean concerns(PersistentVolumeClaim claim) {
    return driver.can(RPC.Type.EXPAND_VOLUME)
        && claim.getStatus() != null
        && "Bound".equals(claim.getStatus().getPhase())
        && claim.getMetadata().getDeletionTimestamp() == null
        && sizes.asked(claim) > sizes.given(claim);
  }

  Outcome reconcile(ClaimKey key) {
    Claim claim = cache.claim(key);
    if (claim == null || !concerns(claim.object())) {
      return Outcome.DONE;
    }
    PersistentVolume volume = cache.volume(claim.object().getSpec().getVolumeName());
    String handle = volume == null ? null : PersistentVolumes.handle(volume, driver.name());
    if (volume == null
        || handle == null
        || !PersistentVolumes.isFor(volume, claim)
        || (node != null && !node.reaches(volume))) {
      return Outcome.DONE;
    }
    if (sizes.of(volume) >= sizes.asked(claim.object())) {
      // Grown already: what is left is the node's, or was, before this instance was started.
      return Outcome.DONE;
    }
    try {
      if (sizes.resizing(claim)) {
        events.normal(
            claim.object(),
            "Resizing",
            "volume %s is being grown to %s"
                .formatted(
                    volume.getMetadata().getName(),
                    PersistentVolumes.quantity(sizes.asked(claim.object()))));
      }
      return switch (csi.expand(request(claim, volume, handle))) {
        case ExpandAnswer.Expanded(var response) -> grown(claim, volume, response);
        case ExpandAnswer.InProgress(_) -> new Outcome.RetryIn(POLL);
        case ExpandAnswer.Failed(var status) -> failed(claim, CsiClient.words(status));
      };
    } catch (ProvisioningException e) {
      return failed(claim, String.valueOf(e.getMessage()));
    } catch (KubernetesClientException e) {
      if (e.getCode() == 409 || e.getCode() == 404 || e.getCode() == 422) {
        // Somebody else wrote; the cache will show it in a moment.
        return new Outcome.RetryIn(POLL);
      }
      throw e;
    }
  }

  private ControllerExpandVolumeRequest request(
      Claim claim, PersistentVolume volume, String handle) {
    var csiSource = volume.getSpec().getCsi();
    var capability = VolumeCapability.newBuilder();
    if (claim.isBlock()) {
      capability.setBlock(VolumeCapability.BlockVolume.getDefaultInstance());
    } else {
      var mount = VolumeCapability.MountVolume.newBuilder();
      if (csiSource.getFsType() != null) {
        mount.setFsType(csiSource.getFsType());
      }
      capability.setMount(mount);
    }
    String mode = claim.object().getSpec().getAccessModes().getFirst();
    capability.setAccessMode(
        VolumeCapability.AccessMode.newBuilder().setMode(VolumeRequests.accessMode(mode, driver)));
    var secret = csiSource.getControllerExpandSecretRef();
    return ControllerExpandVolumeRequest.newBuilder()
        .setVolumeId(handle)
        .setCapacityRange(CapacityRange.newBuilder().setRequiredBytes(sizes.asked(claim.object())))
        .setVolumeCapability(capability)
        .putAllSecrets(secret == null ? Map.of() : secrets.read(secret))
        .build();
  }

  private Outcome grown(
      Claim claim, PersistentVolume volume, ControllerExpandVolumeResponse response) {
    long asked = sizes.asked(claim.object());
    if (response.getCapacityBytes() < asked) {
      return failed(
          claim,
          "the driver grew the volume to %d bytes where %d were asked for"
              .formatted(response.getCapacityBytes(), asked));
    }
    Quantity size = new Quantity(PersistentVolumes.quantity(response.getCapacityBytes()));
    sizes.volumeGrew(volume, size);
    if (response.getNodeExpansionRequired()) {
      sizes.nodeHasToGrow(claim);
      events.normal(
          claim.object(),
          "FileSystemResizeRequired",
          "the volume has grown to " + size + "; its filesystem grows when a pod uses it");
    } else {
      sizes.claimGrew(claim, size);
      events.normal(claim.object(), "VolumeResizeSuccessful", "the volume has grown to " + size);
    }
    LOG.info("claim {}: volume grew to {}", claim.key(), size);
    return Outcome.DONE;
  }

  private Outcome failed(Claim claim, String words) {
    events.warning(claim.object(), "VolumeResizeFailed", words);
    LOG.info("claim {}: not expanded: {}", claim.key(), words);
    return Outcome.BACK_OFF;
  }
}
