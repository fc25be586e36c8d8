package io.csiclone.csi;

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
