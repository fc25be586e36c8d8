package io.csiclone.csi;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is durably known of a volume or snapshot: the request that made it and how far it got. It
 * exists before the volume does and is removed after it.
 *
 * @param volumeId the volume handle, or the id of the snapshot
 * @param state how far it got
 * @param request the request, the measure for every later call with the same name
 * @param capacityBytes the size that is made
 * @param context what callers are told of the volume, once it is ready
 * @param madeAt from when its bytes are: when the making that succeeded began; null before
 * @param failure why it failed, in state {@link State#FAILED} only
 */
record VolumeRecord(
    String volumeId,
    State state,
    CreateRequest request,
    long capacityBytes,
    Map<String, String> context,
    @Nullable Instant madeAt,
    @Nullable Failure failure) {

  VolumeRecord {
    context = Map.copyOf(context);
  }

  enum State {
    /** Being made; what the storage holds of it may be half of it. */
    POPULATING,
    /** Complete and on the medium. */
    READY,
    /** Could not be made and is gone; the next call is told why and the one after starts over. */
    FAILED,
    /** Being deleted. */
    DELETING
  }

  /** Why a volume could not be made, as the caller is told. */
  record Failure(Refusal.Reason reason, String message) {
    Refusal toRefusal() {
      return new Refusal(reason, message);
    }
  }

  static VolumeRecord populating(String volumeId, CreateRequest request, long capacityBytes) {
    return new VolumeRecord(
        volumeId, State.POPULATING, request, capacityBytes, Map.of(), null, null);
  }

  VolumeRecord ready(BackendVolume made, Instant contentFrom) {
    return new VolumeRecord(
        volumeId, State.READY, request, made.capacityBytes(), made.context(), contentFrom, null);
  }

  VolumeRecord grown(long realBytes) {
    return new VolumeRecord(volumeId, state, request, realBytes, context, madeAt, failure);
  }

  boolean isSnapshot() {
    return VolumeIds.isSnapshot(volumeId);
  }

  /** In words, for messages. */
  String what() {
    return (isSnapshot() ? "Snapshot " : "Volume ") + volumeId;
  }

  VolumeRecord failed(Refusal why) {
    String message = why.getMessage() == null ? "" : why.getMessage();
    return new VolumeRecord(
        volumeId,
        State.FAILED,
        request,
        capacityBytes,
        Map.of(),
        null,
        new Failure(why.reason(), message));
  }

  VolumeRecord deleting() {
    return new VolumeRecord(
        volumeId, State.DELETING, request, capacityBytes, context, madeAt, null);
  }
}
