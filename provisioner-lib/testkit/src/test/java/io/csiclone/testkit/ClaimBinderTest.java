package io.csiclone.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("embedded")
@Timeout(60)
class ClaimBinderTest {

  private static final String PROVISIONER = "volume.kubernetes.io/storage-provisioner";

  private EmbeddedControlPlane plane;
  private KubernetesClient client;

  @BeforeEach
  void start() {
    plane = EmbeddedControlPlane.start();
    client = plane.client();
    client.resource(TestObjects.storageClass("fast", false, "Immediate")).create();
    client.resource(TestObjects.storageClass("late", false, "WaitForFirstConsumer")).create();
  }

  @AfterEach
  void stop() {
    plane.close();
  }

  @Test
  void aClaimIsHandedToTheProvisionerOfItsClass() {
    client.resource(TestObjects.claim("data", "fast")).create();

    eventually(() ->
        assertThat(get("data").getMetadata().getAnnotations())
            .containsEntry(PROVISIONER, "fast.example.org")
            .containsEntry("volume.beta.kubernetes.io/storage-provisioner", "fast.example.org"));
  }

  @Test
  void aClaimThatWaitsForItsConsumerIsHandedOverOnceANodeIsSelected() {
    client.resource(TestObjects.claim("other", "fast")).create();
    client.resource(TestObjects.claim("data", "late")).create();
    eventually(() -> assertThat(get("other").getMetadata().getAnnotations()).isNotEmpty());
    assertThat(get("data").getMetadata().getAnnotations()).isNullOrEmpty();

    client
        .persistentVolumeClaims()
        .withName("data")
        .edit(c ->
            new PersistentVolumeClaimBuilder(c)
                .editMetadata()
                .withAnnotations(Map.of("volume.kubernetes.io/selected-node", "n1"))
                .endMetadata()
                .build());
    eventually(() ->
        assertThat(get("data").getMetadata().getAnnotations())
            .containsEntry(PROVISIONER, "late.example.org"));
  }

  @Test
  void aVolumeMadeForAClaimIsBoundToIt() {
    PersistentVolumeClaim claim = client.resource(TestObjects.claim("data", "fast")).create();
    PersistentVolume volume = client.resource(TestObjects.volumeFor(claim)).create();

    eventually(() -> assertThat(get("data").getStatus().getPhase()).isEqualTo("Bound"));
    PersistentVolumeClaim bound = get("data");
    assertThat(bound.getSpec().getVolumeName()).isEqualTo(volume.getMetadata().getName());
    assertThat(bound.getStatus().getCapacity()).containsEntry("storage", new Quantity("2Gi"));
    assertThat(bound.getStatus().getAccessModes()).containsExactly("ReadWriteOnce");
    assertThat(bound.getMetadata().getAnnotations())
        .containsEntry("pv.kubernetes.io/bind-completed", "yes");
    assertThat(client.resource(volume).get().getStatus().getPhase()).isEqualTo("Bound");
  }

  @Test
  void aVolumeForAnEarlierClaimOfThatNameIsNotBoundButReleased() {
    PersistentVolumeClaim claim = client.resource(TestObjects.claim("data", "fast")).create();
    PersistentVolume stale = TestObjects.volumeFor(claim);
    stale.getSpec().getClaimRef().setUid("another-uid");
    client.resource(stale).create();

    eventually(() ->
        assertThat(client.resource(stale).get().getStatus().getPhase()).isEqualTo("Released"));
    assertThat(get("data").getStatus().getPhase()).isEqualTo("Pending");
  }

  @Test
  void aVolumeIsReleasedWhenItsClaimIsReallyGone() {
    PersistentVolumeClaim draft = TestObjects.claim("data", "fast");
    draft.getMetadata().setFinalizers(java.util.List.of("example.org/in-use"));
    PersistentVolumeClaim claim = client.resource(draft).create();
    PersistentVolume volume = client.resource(TestObjects.volumeFor(claim)).create();
    eventually(() -> assertThat(get("data").getStatus().getPhase()).isEqualTo("Bound"));

    client.resource(claim).delete();
    assertThat(client.resource(volume).get().getStatus().getPhase()).isEqualTo("Bound");
    client
        .persistentVolumeClaims()
        .withName("data")
        .edit(c ->
            new PersistentVolumeClaimBuilder(c)
                .editMetadata()
                .withFinalizers()
                .endMetadata()
                .build());
    eventually(() ->
        assertThat(client.resource(volume).get().getStatus().getPhase()).isEqualTo("Released"));
  }

  private PersistentVolumeClaim get(String name) {
    return client.persistentVolumeClaims().withName(name).get();
  }

  private static void eventually(org.awaitility.core.ThrowingRunnable assertion) {
    await()
        .atMost(Duration.ofSeconds(15))
        .pollInterval(Duration.ofMillis(20))
        .untilAsserted(assertion);
  }
}
