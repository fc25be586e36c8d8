package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeStatusBuilder;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Provisioners stopped wherever they happen to be, while claims come and go. */
class RandomStopsTest extends ProvisionerTestBed {

  @ParameterizedTest
  @ValueSource(longs = {1, 22})
  void whateverIsDeletedWheneverTheProvisionerStopsNothingIsLeftAndNothingIsLost(long seed)
      throws InterruptedException {
    var random = new Random(seed);
    boundClaim("origin");
    var kept = new ArrayList<PersistentVolumeClaim>();
    var deleted = new ArrayList<String>();
    for (int round = 0; round < 4; round++) {
      for (int i = 0; i < 20; i++) {
        driver.nextCreates.add(random.nextInt(4) == 0 ? Status.UNAVAILABLE : Status.ABORTED);
      }
      var deletedLater = new ArrayList<String>();
      var provisioner = start();
      for (int i = 0; i < 4; i++) {
        String name = "claim-" + round + "-" + i;
        var claim = create(random.nextBoolean() ? clone(name, "origin") : claim(name));
        Thread.sleep(random.nextInt(60));
        switch (random.nextInt(4)) {
          case 0 -> {
            delete(name);
            deleted.add(name);
          }
          case 1 -> deletedLater.add(name);
          default -> kept.add(claim);
        }
      }
      provisioner.close();
      deletedLater.forEach(this::delete);
      deleted.addAll(deletedLater);
    }
    driver.nextCreates.clear();

    start(driver, builder -> builder.retry(Duration.ofMillis(20), Duration.ofMillis(100)));

    kept.forEach(this::awaitVolumeOf);
    for (String name : deleted) {
      eventually(() -> assertThat(find(name)).isNull());
    }
    releaseVolumesWithoutClaim(deleted);
    eventually(() ->
        assertThat(driver.volumes.keySet())
            .containsExactlyInAnyOrderElementsOf(
                kept.stream().map(claim -> "vol-of-" + volumeName(claim)).toList()));
    eventually(() ->
        assertThat(
                client.persistentVolumeClaims().inAnyNamespace().list().getItems().stream()
                    .flatMap(claim -> claim.getMetadata().getFinalizers().stream()))
            .allMatch(finalizer -> finalizer.equals("kubernetes.io/pvc-protection")));
    assertThat(client.persistentVolumes().list().getItems()).hasSize(kept.size() + 1);
  }

  /** As kube-controller-manager does with volumes that were made a moment too early. */
  private void releaseVolumesWithoutClaim(List<String> deleted) {
    for (PersistentVolume volume : client.persistentVolumes().list().getItems()) {
      if (deleted.contains(volume.getSpec().getClaimRef().getName())) {
        client
            .resource(volume)
            .edit(object -> {
              object.setStatus(new PersistentVolumeStatusBuilder().withPhase("Released").build());
              return object;
            });
        eventually(() ->
            assertThat(client.persistentVolumes().withName(volume.getMetadata().getName()).get())
                .isNull());
      }
    }
  }
}
