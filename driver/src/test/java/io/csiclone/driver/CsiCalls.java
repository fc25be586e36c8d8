package io.csiclone.driver;

import io.csiclone.csiproto.CapacityRange;
import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.csiproto.VolumeCapability;
import io.csiclone.csiproto.VolumeContentSource;
import org.jspecify.annotations.Nullable;

/** Requests as the provisioner and the kubelet send them. */
final class CsiCalls {

  private CsiCalls() {}

  static VolumeCapability ext4() {
    return VolumeCapability.newBuilder()
        .setMount(VolumeCapability.MountVolume.newBuilder().setFsType("ext4"))
        .setAccessMode(
            VolumeCapability.AccessMode.newBuilder()
                .setMode(VolumeCapability.AccessMode.Mode.SINGLE_NODE_WRITER))
        .build();
  }

  static CreateVolumeRequest create(String name, long bytes, @Nullable String source) {
    CreateVolumeRequest.Builder request =
        CreateVolumeRequest.newBuilder()
            .setName(name)
            .setCapacityRange(CapacityRange.newBuilder().setRequiredBytes(bytes))
            .addVolumeCapabilities(ext4());
    if (source != null) {
      request.setVolumeContentSource(
          VolumeContentSource.newBuilder()
              .setVolume(VolumeContentSource.VolumeSource.newBuilder().setVolumeId(source)));
    }
    return request.build();
  }
}
