package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.ControllerServiceCapability.RPC;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimCondition;
import io.fabric8.kubernetes.api.model.Quantity;
import io.grpc.Status;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Claims that ask for more than they have. */
class ExpansionTest extends ProvisionerTestBed {

  @BeforeEach
  void canExpand() {
    driver.abilities.add(RPC.Type.EXPAND_VOLUME);
  }

  private void ask(String claim, String size) {
    client
        .resource(get(claim))
        .edit(object -> {
          object.getSpec().getResources().getRequests().put("storage", new Quantity(size));
          return object;
        });
  }

  private @Nullable Quantity volumeSize(String claim) {
    return client
        .persistentVolumes()
        .withName(claim + "-volume")
        .get()
        .getSpec()
        .getCapacity()
        .get("storage");
  }

  private List<String> conditions(String claim) {
    return get(claim).getStatus().getConditions().stream()
        .map(PersistentVolumeClaimCondition::getType)
        .toList();
  }

  @Test
  void aVolumeGrowsAndTheKubeletIsLeftTheFilesystem() {
    boundClaim("data");
    start();
    never(() -> assertThat(driver.expands).isEmpty());

    ask("data", "3Gi");

    eventually(() -> assertThat(volumeSize("data")).isEqualTo(new Quantity("3Gi")));
    eventually(() -> assertThat(conditions("data")).containsExactly("FileSystemResizePending"));
    assertThat(get("data").getStatus().getCapacity().get("storage"))
        .as("what the claim has, until the kubelet has grown the filesystem")
        .isEqualTo(new Quantity("1Gi"));
    var request = driver.expands.getFirst();
    assertThat(request.getVolumeId()).isEqualTo("data-handle");
    assertThat(request.getCapacityRange().getRequiredBytes()).isEqualTo(3L << 30);
    assertThat(request.getVolumeCapability().getMount().getFsType()).isEqualTo("xfs");
    never(() -> assertThat(driver.expands).hasSize(1));
    assertThat(eventsAbout("data"))
        .containsExactlyInAnyOrder(
            "Normal Resizing: volume data-volume is being grown to 3Gi",
            "Normal FileSystemResizeRequired: the volume has grown to 3Gi; its filesystem grows"
                + " when a pod uses it");
  }

  @Test
  void aVolumeThatNeedsNothingFromItsNodeIsDoneAtOnce() {
    boundClaim("raw", volume -> volume.editSpec().withVolumeMode("Block").endSpec());
    client
        .resource(get("raw"))
        .edit(object -> {
          object.getSpec().setVolumeMode("Block");
          return object;
        });
    start();

    ask("raw", "2Gi");

    eventually(() ->
        assertThat(get("raw").getStatus().getCapacity().get("storage"))
            .isEqualTo(new Quantity("2Gi")));
    assertThat(volumeSize("raw")).isEqualTo(new Quantity("2Gi"));
    assertThat(conditions("raw")).isEmpty();
  }

  @Test
  void whatTheProvisionerMissedWhileItWasDownIsMadeUpFor() {
    boundClaim("data");
    ask("data", "2Gi");

    start();

    eventually(() -> assertThat(volumeSize("data")).isEqualTo(new Quantity("2Gi")));
  }

  @Test
  void aDriverThatCannotIsToldOnTheClaimAndAskedAgain() {
    boundClaim("data");
    driver.nextExpands.add(Status.ABORTED);
    driver.nextExpands.add(Status.RESOURCE_EXHAUSTED.withDescription("the pool is full"));
    start();

    ask("data", "2Gi");

    eventually(() ->
        assertThat(eventsAbout("data"))
            .contains("Warning VolumeResizeFailed: RESOURCE_EXHAUSTED: the pool is full"));
    eventually(() -> assertThat(volumeSize("data")).isEqualTo(new Quantity("2Gi")));
    assertThat(driver.expands).hasSize(3);
  }

  @Test
  void aDriverThatSaysLessThanWasAskedForIsNotBelieved() {
    boundClaim("data");
    driver.missingBytes = 4096;
    start();

    ask("data", "2Gi");

    eventually(() ->
        assertThat(eventsAbout("data"))
            .contains(
                "Warning VolumeResizeFailed: the driver grew the volume to 2147479552 bytes where"
                    + " 2147483648 were asked for"));
    assertThat(volumeSize("data")).isEqualTo(new Quantity("1Gi"));
  }

  @Test
  void aDriverThatDoesNotExpandIsNotAsked() {
    driver.abilities.remove(RPC.Type.EXPAND_VOLUME);
    boundClaim("data");
    start();

    ask("data", "2Gi");

    never(() -> assertThat(driver.expands).isEmpty());
  }
}
