package io.csiclone.facts;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import org.junit.jupiter.api.Test;

class WritersTest {

  private static final Volume CLAIM =
      new VolumeBuilder().withName("disk").withNewPersistentVolumeClaim("data", false).build();

  private static ContainerBuilder mounting(String volume) {
    return new ContainerBuilder().addNewVolumeMount().withName(volume).endVolumeMount();
  }

  private static Pod pod(PodSpecBuilder spec) {
    return new PodBuilder()
        .withNewMetadata()
        .withName("db")
        .endMetadata()
        .withSpec(spec.build())
        .build();
  }

  private static PodSpecBuilder with(Volume volume) {
    return new PodSpecBuilder().withVolumes(volume);
  }

  @Test
  void aPodThatHasNotStartedYetMayWriteSoon() {
    var spec = with(CLAIM).withContainers(mounting("disk").build());
    assertThat(Writers.mayWrite(pod(spec), "data")).isTrue();
    assertThat(Writers.mayWrite(pod(spec), "other")).isFalse();
  }

  @Test
  void anInitContainerAndARawDeviceWriteToo() {
    assertThat(
            Writers.mayWrite(pod(with(CLAIM).withInitContainers(mounting("disk").build())), "data"))
        .isTrue();
    var device =
        new ContainerBuilder().addNewVolumeDevice().withName("disk").endVolumeDevice().build();
    assertThat(Writers.mayWrite(pod(with(CLAIM).withContainers(device)), "data")).isTrue();
  }

  @Test
  void aVolumeThatNobodyMountsOrThatIsReadOnlyIsNotWritten() {
    var main = mounting("disk").build();
    assertThat(Writers.mayWrite(pod(with(CLAIM).withContainers(mounting("x").build())), "data"))
        .isFalse();
    var readOnly =
        new VolumeBuilder().withName("disk").withNewPersistentVolumeClaim("data", true).build();
    assertThat(Writers.mayWrite(pod(with(readOnly).withContainers(main)), "data")).isFalse();
  }

  @Test
  void theClaimOfAnEphemeralVolumeIsNamedAfterPodAndVolume() {
    var ephemeral = new VolumeBuilder().withName("disk").withNewEphemeral().endEphemeral().build();
    var spec = with(ephemeral).withContainers(mounting("disk").build());
    assertThat(Writers.mayWrite(pod(spec), "db-disk")).isTrue();
    assertThat(Writers.mayWrite(pod(spec), "disk")).isFalse();
  }
}
