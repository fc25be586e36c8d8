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

  /** The claim as it was when it was recorded, or written to since. */
  Claim claim;

  final StorageClass storageClass;
  final ClassParameters parameters;
  final CreateVolumeRequest request;
  final @Nullable CloneSource source;
  final @Nullable SnapshotSource snapshot;

  /** The volume to delete because nobody wants it any more. Once set, CreateVolume is over. */
  @Nullable String unwanted;

  /** Whether its volume object is written, and only the record on the claim is left to end. */
  boolean volumeWritten;

  /** Whether the cluster was asked if the volume object exists already. */
  boolean lookedForVolume;

  /** When it was begun, or taken up again; as {@link System#nanoTime}. */
  final long begunNanos = System.nanoTime();

  private int polls;

  Making(
      Claim claim,
      StorageClass storageClass,
      ClassParameters parameters,
      CreateVolumeRequest request,
      @Nullable CloneSource source,
      @Nullable SnapshotSource snapshot) {
    this.claim = claim;
    this.storageClass = storageClass;
    this.parameters = parameters;
    this.request = request;
    this.source = source;
    this.snapshot = snapshot;
  }

  /** The same for the claim as it is after it was recorded. */
  Making recordedAs(Claim recorded) {
    return new Making(recorded, storageClass, parameters, request, source, snapshot);
  }

  String volumeName() {
    return request.getName();
  }

  @Nullable ClaimKey sourceClaim() {
    return source == null ? null : source.claim();
  }

  /** What it is made from, as users call it; null when it is empty. */
  @Nullable String origin() {
    if (snapshot != null) {
      return "snapshot " + claim.key().namespace() + "/" + snapshot.snapshot();
    }
    return source == null ? null : "claim " + source.claim();
  }

  /** How long to wait before asking the driver again: longer each time. */
  Duration nextPoll() {
    Duration delay = FIRST_POLL.multipliedBy(1L << Math.min(polls++, 10));
    return delay.compareTo(SLOWEST_POLL) < 0 ? delay : SLOWEST_POLL;
  }
}
