package io.csiclone.facts;

import io.csiclone.facts.PodPage.Container;
import io.csiclone.facts.PodPage.Pod;
import io.csiclone.facts.PodPage.Volume;
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
    var phase = pod.status() == null ? null : pod.status().phase();
    if ("Succeeded".equals(phase) || "Failed".equals(phase) || pod.spec() == null) {
      return Set.of();
    }
    var containers =
        Stream.concat(each(pod.spec().containers()), each(pod.spec().initContainers())).toList();
    return each(pod.spec().volumes())
        .filter(volume -> containers.stream().anyMatch(container -> uses(container, volume.name())))
        .flatMap(volume -> claim(volume, pod.metadata().name()))
        .collect(Collectors.toSet());
  }

  private static Stream<String> claim(Volume volume, String pod) {
    var named = volume.persistentVolumeClaim();
    if (named != null) {
      return Boolean.TRUE.equals(named.readOnly())
          ? Stream.empty()
          : Stream.ofNullable(named.claimName());
    }
    // The claim of a generic ephemeral volume is named after both.
    return volume.ephemeral() == null ? Stream.empty() : Stream.of(pod + "-" + volume.name());
  }

  /** A raw device is always writable. */
  private static boolean uses(Container container, @Nullable String volume) {
    return each(container.volumeMounts())
            .anyMatch(mount ->
                Objects.equals(mount.name(), volume) && !Boolean.TRUE.equals(mount.readOnly()))
        || each(container.volumeDevices())
            .anyMatch(device -> Objects.equals(device.name(), volume));
  }

  private static <T> Stream<T> each(@Nullable List<T> list) {
    return list == null ? Stream.empty() : list.stream();
  }
}
