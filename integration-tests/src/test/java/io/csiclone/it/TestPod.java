package io.csiclone.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.ExecWatch;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A running pod with claims attached: a filesystem volume at {@code /mnt/CLAIM}, a block volume at
 * {@code /dev/CLAIM}.
 */
final class TestPod implements AutoCloseable {

  private static final String IMAGE = "csi-clone/busybox:dev";
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private final KubernetesClient client;
  private final String namespace;
  private final String name;

  private TestPod(KubernetesClient client, String namespace, String name) {
    this.client = client;
    this.namespace = namespace;
    this.name = name;
  }

  static TestPod start(
      KubernetesClient client, TestNamespace namespace, String name, List<String> claims) {
    var container =
        new ContainerBuilder()
            .withName("main")
            .withImage(IMAGE)
            .withImagePullPolicy("Never")
            .withCommand("sleep", "3600");
    var pod =
        new PodBuilder()
            .withNewMetadata()
            .withName(name)
            .endMetadata()
            .withNewSpec()
            .withTerminationGracePeriodSeconds(0L)
            .withRestartPolicy("Never");
    for (String claim : claims) {
      if ("Block".equals(namespace.claim(claim).getSpec().getVolumeMode())) {
        container
            .addNewVolumeDevice()
            .withName(claim)
            .withDevicePath("/dev/" + claim)
            .endVolumeDevice();
      } else {
        container
            .addNewVolumeMount()
            .withName(claim)
            .withMountPath("/mnt/" + claim)
            .endVolumeMount();
      }
      pod =
          pod.addNewVolume()
              .withName(claim)
              .withNewPersistentVolumeClaim()
              .withClaimName(claim)
              .endPersistentVolumeClaim()
              .endVolume();
    }
    Pod built = pod.withContainers(container.build()).endSpec().build();
    client.resource(built).inNamespace(namespace.name()).create();
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(200))
        .untilAsserted(() ->
            assertThat(
                    client
                        .pods()
                        .inNamespace(namespace.name())
                        .withName(name)
                        .get()
                        .getStatus()
                        .getPhase())
                .as("phase of pod %s; events: %s", name, namespace.events())
                .isEqualTo("Running"));
    return new TestPod(client, namespace.name(), name);
  }

  /** Runs a shell line in the pod and returns what it printed; it must succeed. */
  String sh(String line) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    try (ExecWatch watch =
        client
            .pods()
            .inNamespace(namespace)
            .withName(name)
            .writingOutput(out)
            .writingError(err)
            .exec("sh", "-c", line)) {
      Integer code = watch.exitCode().get(60, TimeUnit.SECONDS);
      assertThat(code).as("%s in pod %s: %s%s", line, name, out, err).isZero();
    } catch (Exception e) {
      throw new AssertionError("'%s' in pod %s: %s%s".formatted(line, name, out, err), e);
    }
    return out.toString(StandardCharsets.UTF_8).strip();
  }

  /** Deletes the pod and waits until it is gone, so that its volumes are unmounted. */
  @Override
  public void close() {
    client.pods().inNamespace(namespace).withName(name).withGracePeriod(0).delete();
    await()
        .atMost(PATIENCE)
        .until(() -> client.pods().inNamespace(namespace).withName(name).get() == null);
  }
}
