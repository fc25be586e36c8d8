package io.csiclone.provisioner;

import io.csiclone.csiproto.CreateVolumeRequest;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A volume in the making: all that is needed to send the same CreateVolume again, whatever becomes
 * of its claim, class or source meanwhile. Used by one thread at a time.
 */
final class Making {

  private static final Duration FIRST_POLL = Duration.ofMillis(100);
  private static final Duration SLOWEST_POLL = Duration.ofSeconds(5);

  final Claim claim;
  final StorageClass storageClass;
  final CreateVolumeRequest request;
  final @Nullable ClaimKey source;

  /** The volume to delete because nobody wants it any more. Once set, CreateVolume is over. */
  @Nullable String unwanted;

  /** Whether the cluster was asked if the volume object exists already. */
  boolean lookedForVolume;

  private int polls;

  Making(
      Claim claim,
      StorageClass storageClass,
      CreateVolumeRequest request,
      @Nullable ClaimKey source) {
    this.claim = claim;
    this.storageClass = storageClass;
    this.request = request;
    this.source = source;
  }

  boolean isFirstPoll() {
    return polls == 0;
  }

  /** How long to wait before asking the driver again: longer each time. */
  Duration nextPoll() {
    Duration delay = FIRST_POLL.multipliedBy(1L << Math.min(polls++, 10));
    return delay.compareTo(SLOWEST_POLL) < 0 ? delay : SLOWEST_POLL;
  }
}
