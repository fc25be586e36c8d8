package io.csiclone.testkit.conformance;

import io.csiclone.csiproto.CapacityRange;
import io.csiclone.csiproto.VolumeCapability;
import io.csiclone.csiproto.VolumeCapability.AccessMode;
import io.csiclone.csiproto.VolumeContentSource;
import java.util.List;

/** Parts of requests. */
final class Requests {

  /** Ids that no driver gave out; a driver that makes paths or commands of them is in trouble. */
  static final List<String> UNKNOWN_IDS =
      List.of(
          "no-such-volume",
          "fake-vol-id",
          "fake-vol-id-6f2c7b1e-9",
          "6f2c7b1e-98e5-4c58-a3a5-2f1a0b7c9d11",
          "../../../../etc/passwd",
          "/dev/null",
          "..",
          "a b;$(true)\"'",
          "-rf",
          "größe-卷-💾",
          "%2e%2e%2f",
          "x".repeat(128));

  private Requests() {}

  static VolumeCapability block() {
    return withMode(
        VolumeCapability.newBuilder().setBlock(VolumeCapability.BlockVolume.getDefaultInstance()));
  }

  static VolumeCapability mount(String fsType) {
    return withMode(
        VolumeCapability.newBuilder()
            .setMount(VolumeCapability.MountVolume.newBuilder().setFsType(fsType)));
  }

  private static VolumeCapability withMode(VolumeCapability.Builder capability) {
    return capability
        .setAccessMode(AccessMode.newBuilder().setMode(AccessMode.Mode.SINGLE_NODE_WRITER))
        .build();
  }

  static String title(VolumeCapability capability) {
    String fsType = capability.getMount().getFsType();
    return capability.hasBlock()
        ? "block volumes"
        : "filesystem volumes, " + (fsType.isEmpty() ? "of the driver's choice" : fsType);
  }

  static CapacityRange atLeast(long bytes) {
    return CapacityRange.newBuilder().setRequiredBytes(bytes).build();
  }

  static CapacityRange exactly(long bytes) {
    return CapacityRange.newBuilder().setRequiredBytes(bytes).setLimitBytes(bytes).build();
  }

  static VolumeContentSource from(String volumeId) {
    return VolumeContentSource.newBuilder()
        .setVolume(VolumeContentSource.VolumeSource.newBuilder().setVolumeId(volumeId))
        .build();
  }
}
