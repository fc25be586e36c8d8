package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.grpc.Status;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Volumes whose claims are gone. */
class DeletionTest extends ProvisionerTestBed {

  private @Nullable PersistentVolume find() {
    return client.persistentVolumes().withName("data-volume").get();
  }

  private void edit(Consumer<PersistentVolume> change) {
    client
        .resource(Objects.requireNonNull(find()))
        .edit(volume -> {
          change.accept(volume);
          return volume;
        });
  }

  /** As kube-controller-manager does when the claim is gone. */
  private void release() {
    edit(volume -> volume.getStatus().setPhase("Released"));
  }

  /** As kube-controller-manager does with volumes no claim uses. */
  private void unprotect() {
    edit(volume -> volume.getMetadata().getFinalizers().remove("kubernetes.io/pv-protection"));
  }

  @Test
  void aReleasedVolumeIsDeletedAndThenItsObject() {
    boundClaim("data");
    start();
    delete("data");
    unprotect();
    never(() -> assertThat(driver.deletes).isEmpty());

    release();

    eventually(() -> assertThat(find()).isNull());
    assertThat(driver.deletes).containsExactly("data-handle");
  }

  @Test
  void onlyTheProvisionersOwnFinalizerIsTakenOff() {
    boundClaim("data");
    start();
    release();

    eventually(() ->
        assertThat(Objects.requireNonNull(find()).getMetadata().getFinalizers())
            .containsExactly("kubernetes.io/pv-protection"));
    assertThat(Objects.requireNonNull(find()).getMetadata().getDeletionTimestamp()).isNotNull();
    never(() -> assertThat(driver.deletes).hasSize(1));
  }

  @Test
  void volumesToRetainAndVolumesOfOthersAreLeftAlone() {
    boundClaim(
        "data", volume -> volume.editSpec().withPersistentVolumeReclaimPolicy("Retain").endSpec());
    boundClaim(
        "static",
        volume -> volume.editMetadata().removeFromAnnotations(Names.PROVISIONED_BY).endMetadata());
    start();
    release();
    client
        .resource(
            Objects.requireNonNull(client.persistentVolumes().withName("static-volume").get()))
        .edit(volume -> {
          volume.getStatus().setPhase("Released");
          return volume;
        });

    never(() -> assertThat(driver.deletes).isEmpty());
  }

  @Test
  void aVolumeInUseIsTriedAgainAndTheReasonIsTold() {
    driver.nextDeletes.add(Status.FAILED_PRECONDITION.withDescription("still published"));
    boundClaim("data");
    start();
    unprotect();
    release();

    eventually(() -> assertThat(find()).isNull());
    assertThat(driver.deletes).hasSize(2);
    eventually(() ->
        assertThat(eventsAbout("data-volume"))
            .containsExactly("Warning VolumeFailedDelete: FAILED_PRECONDITION: still published"));
  }

  @Test
  void aBusyDriverIsAskedAgainWithoutAWord() {
    driver.nextDeletes.add(Status.ABORTED);
    boundClaim("data");
    start();
    unprotect();
    release();

    eventually(() -> assertThat(find()).isNull());
    assertThat(eventsAbout("data-volume")).isEmpty();
  }

  @Test
  void aReleasedSourceIsNotDeletedWhileItIsBeingCloned() {
    boundClaim("data");
    driver.createAnswer = Status.ABORTED;
    start();
    create(clone("copy", "data"));
    eventually(() -> assertThat(driver.creates).isNotEmpty());

    release();

    never(() -> assertThat(driver.deletes).isEmpty());
  }
}
