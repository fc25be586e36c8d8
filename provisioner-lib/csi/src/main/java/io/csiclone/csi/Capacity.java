package io.csiclone.csi;

import io.csiclone.csiproto.CapacityRange;
import org.jspecify.annotations.Nullable;

/** Which size a new volume gets. */
final class Capacity {

  private Capacity() {}

  /**
   * The size to make, in bytes: at least what is required, the source's and the backend's least.
   *
   * @param source the volume to clone, or null
   */
  static long choose(CreateRequest request, VolumeBackend backend, @Nullable BackendVolume source) {
    long least = backend.minimumBytes();
    if (source != null) {
      long asked = request.requiredBytes();
      if (asked != 0 && rounded(Math.max(asked, least), backend) < source.capacityBytes()) {
        throw outOfRange(
            "capacity_range.required_bytes (%d) is smaller than the source volume %s (%d bytes)"
                .formatted(asked, source.volumeId(), source.capacityBytes()));
      }
      least = Math.max(least, source.capacityBytes());
    }
    long size = rounded(Math.max(request.requiredBytes(), least), backend);
    if (request.limitBytes() != 0 && size > request.limitBytes()) {
      throw outOfRange(
          "capacity_range.limit_bytes (%d) is below the %d bytes this volume needs"
              .formatted(request.limitBytes(), size));
    }
    return size;
  }

  /**
   * The size an existing volume is to have, in bytes: never less than it has.
   *
   * @throws Refusal when the range's limit is below that
   */
  static long grown(CapacityRange range, VolumeBackend backend, BackendVolume volume) {
    long required = Fields.size("capacity_range.required_bytes", range.getRequiredBytes());
    long limit = Fields.size("capacity_range.limit_bytes", range.getLimitBytes());
    long size =
        required <= volume.capacityBytes() ? volume.capacityBytes() : rounded(required, backend);
    if (limit != 0 && size > limit) {
      throw outOfRange(
          "capacity_range.limit_bytes (%d) is below the %d bytes that volume %s %s"
              .formatted(
                  limit,
                  size,
                  volume.volumeId(),
                  size == volume.capacityBytes() ? "has" : "would have"));
    }
    return size;
  }

  private static long rounded(long bytes, VolumeBackend backend) {
    long size = backend.roundUp(bytes);
    if (size < bytes) {
      throw outOfRange(
          "capacity_range.required_bytes (" + bytes + ") is more than any volume can have");
    }
    return size;
  }

  private static Refusal outOfRange(String message) {
    return new Refusal(Refusal.Reason.OUT_OF_RANGE, message);
  }
}
