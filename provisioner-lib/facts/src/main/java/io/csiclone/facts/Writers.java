package io.csiclone.facts;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Tells which pods may write to a claim. */
final class Writers {

  private Writers() {}

  /** Whether this pod is not finished and one of its containers has {@code claim} writable. */
  static boolean mayWrite(Pod pod, String claim) {
    var phase = pod.getStatus() == null ? null : pod.getStatus().getPhase();
    if ("Succeeded".equals(phase) || "Failed".equals(phase) || pod.getSpec() == null) {
      return false;
    }
    var containers =
        Stream.of(pod.getSpec().getContainers(), pod.getSpec().getInitContainers())
            .flatMap(Writers::each)
            .toList();
    return each(pod.getSpec().getVolumes())
        .filter(volume -> isWritable(volume, pod.getMetadata().getName(), claim))
        .anyMatch(
            volume -> containers.stream().anyMatch(container -> uses(container, volume.getName())));
  }

  private static boolean isWritable(Volume volume, String pod, String claim) {
    var named = volume.getPersistentVolumeClaim();
    if (named != null) {
      return claim.equals(named.getClaimName()) && !Boolean.TRUE.equals(named.getReadOnly());
    }
    // The claim of a generic ephemeral volume is named after both.
    return volume.getEphemeral() != null && claim.equals(pod + "-" + volume.getName());
  }

  /** A raw device is always writable. */
  private static boolean uses(Container container, String volume) {
    return each(container.getVolumeMounts())
            .anyMatch(mount ->
                Objects.equals(mount.getName(), volume)
                    && !Boolean.TRUE.equals(mount.getReadOnly()))
        || each(container.getVolumeDevices())
            .anyMatch(device -> Objects.equals(device.getName(), volume));
  }

  private static <T> Stream<T> each(@Nullable List<T> list) {
    return list == null ? Stream.empty() : list.stream();
  }
}
