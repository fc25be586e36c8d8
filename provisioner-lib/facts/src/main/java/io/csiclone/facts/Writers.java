package io.csiclone.facts;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Tells which pods may write to a claim. */
final class Writers {

  private Writers() {}

  /** The claims that a container of this pod has writable; none when the pod is finished. */
  static Set<String> writable(Pod pod) {
    var phase = pod.getStatus() == null ? null : pod.getStatus().getPhase();
    if ("Succeeded".equals(phase) || "Failed".equals(phase) || pod.getSpec() == null) {
      return Set.of();
    }
    var containers =
        Stream.of(pod.getSpec().getContainers(), pod.getSpec().getInitContainers())
            .flatMap(Writers::each)
            .toList();
    return each(pod.getSpec().getVolumes())
        .filter(
            volume -> containers.stream().anyMatch(container -> uses(container, volume.getName())))
        .flatMap(volume -> claim(volume, pod.getMetadata().getName()))
        .collect(Collectors.toSet());
  }

  private static Stream<String> claim(Volume volume, String pod) {
    var named = volume.getPersistentVolumeClaim();
    if (named != null) {
      return Boolean.TRUE.equals(named.getReadOnly())
          ? Stream.empty()
          : Stream.ofNullable(named.getClaimName());
    }
    // The claim of a generic ephemeral volume is named after both.
    return volume.getEphemeral() == null ? Stream.empty() : Stream.of(pod + "-" + volume.getName());
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
