package io.csiclone.facts;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import org.junit.jupiter.api.Test;

class WritersTest {

  private static final KubernetesSerialization JSON = new KubernetesSerialization();

  private static final Volume CLAIM =
      new VolumeBuilder().withName("disk").withNewPersistentVolumeClaim("data", false).build();

  private static ContainerBuilder mounting(String volume) {
    return new ContainerBuilder().addNewVolumeMount().withName(volume).endVolumeMount();
  }

  private static PodPage.Pod pod(PodSpecBuilder spec) {
    var pod =
        new PodBuilder()
            .withNewMetadata()
            .withName("db")
            .endMetadata()
            .withSpec(spec.build())
            .build();
    return JSON.unmarshal(JSON.asJson(pod), PodPage.Pod.class);
  }

  private static PodSpecBuilder with(Volume volume) {
    return new PodSpecBuilder().withVolumes(volume);
  }

  @Test
  void aPodThatHasNotStartedYetMayWriteSoon() {
    var spec = with(CLAIM).withContainers(mounting("disk").build());
    assertThat(Writers.writable(pod(spec))).contains("data");
    assertThat(Writers.writable(pod(spec))).doesNotContain("other");
  }

  @Test
  void anInitContainerAndARawDeviceWriteToo() {
    assertThat(Writers.writable(pod(with(CLAIM).withInitContainers(mounting("disk").build()))))
        .contains("data");
    var device =
        new ContainerBuilder().addNewVolumeDevice().withName("disk").endVolumeDevice().build();
    assertThat(Writers.writable(pod(with(CLAIM).withContainers(device)))).contains("data");
  }

  @Test
  void aVolumeThatNobodyMountsOrThatIsReadOnlyIsNotWritten() {
    var main = mounting("disk").build();
    assertThat(Writers.writable(pod(with(CLAIM).withContainers(mounting("x").build()))))
        .doesNotContain("data");
    var readOnly =
        new VolumeBuilder().withName("disk").withNewPersistentVolumeClaim("data", true).build();
    assertThat(Writers.writable(pod(with(readOnly).withContainers(main)))).doesNotContain("data");
  }

  @Test
  void theClaimOfAnEphemeralVolumeIsNamedAfterPodAndVolume() {
    var ephemeral = new VolumeBuilder().withName("disk").withNewEphemeral().endEphemeral().build();
    var spec = with(ephemeral).withContainers(mounting("disk").build());
    assertThat(Writers.writable(pod(spec))).contains("db-disk");
    assertThat(Writers.writable(pod(spec))).doesNotContain("disk");
  }
}
