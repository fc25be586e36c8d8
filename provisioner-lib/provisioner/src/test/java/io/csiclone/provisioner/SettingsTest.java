package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.csiclone.csiproto.ControllerServiceCapability.RPC;
import io.fabric8.kubernetes.api.model.storage.VolumeAttributesClassBuilder;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What the settings of a provisioner change in requests and volumes. */
class SettingsTest extends ProvisionerTestBed {

  @Test
  void volumesAreNamedWithTheChosenPrefix() {
    start(driver, builder -> builder.volumeNamePrefix("disk"));
    var claim = create(claim("data"));
    String name = "disk-" + claim.getMetadata().getUid();

    eventually(() ->
        assertThat(client.persistentVolumes().withName(name).get())
            .isNotNull()
            .extracting(volume -> volume.getSpec().getCsi().getVolumeHandle())
            .isEqualTo("vol-of-" + name));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> start(driver, builder -> builder.volumeNamePrefix("Disk_")))
        .withMessageContaining("Disk_");
  }

  @Test
  void theDefaultFilesystemIsForClassesThatNameNone() {
    storageClass("plain", "Immediate", Map.of());
    start(driver, builder -> builder.defaultFsType("ext4"));
    var plain = create(claim("plain").editSpec().withStorageClassName("plain").endSpec());
    var named = create(claim("named"));

    assertThat(awaitVolumeOf(plain).getSpec().getCsi().getFsType()).isEqualTo("ext4");
    assertThat(awaitVolumeOf(named).getSpec().getCsi().getFsType()).isEqualTo("xfs");
  }

  @Test
  void withoutADefaultTheDriverChoosesTheFilesystem() {
    storageClass("plain", "Immediate", Map.of());
    start();
    var plain = create(claim("plain").editSpec().withStorageClassName("plain").endSpec());

    assertThat(awaitVolumeOf(plain).getSpec().getCsi().getFsType()).isNull();
    assertThat(driver.creates.getFirst().getVolumeCapabilities(0).getMount().getFsType()).isEmpty();
  }

  @Test
  void theDriverIsToldWhoseVolumeItMakesIfAskedTo() {
    start(driver, ProvisionerBuilder::extraCreateMetadata);
    var claim = create(claim("data"));
    awaitVolumeOf(claim);

    assertThat(driver.creates.getFirst().getParametersMap())
        .containsEntry("csi.storage.k8s.io/pvc/name", "data")
        .containsEntry("csi.storage.k8s.io/pvc/namespace", NAMESPACE)
        .containsEntry("csi.storage.k8s.io/pv/name", volumeName(claim));
  }

  @Test
  void onlyClaimsThatAreOnlyReadGetReadOnlyVolumesAndOnlyIfAskedTo() {
    start(driver, ProvisionerBuilder::publishReadOnly);
    var readers = create(claim("readers").editSpec().withAccessModes("ReadOnlyMany").endSpec());
    var both =
        create(claim("both").editSpec().withAccessModes("ReadOnlyMany", "ReadWriteOnce").endSpec());

    assertThat(awaitVolumeOf(readers).getSpec().getCsi().getReadOnly()).isTrue();
    assertThat(awaitVolumeOf(both).getSpec().getCsi().getReadOnly()).isNull();
  }

  @Test
  void whatAVolumeAttributesClassSaysReachesTheDriverAndTheClassIsNamedOnTheVolume() {
    attributesClass("gold", ScriptedDriver.NAME);
    driver.abilities.add(RPC.Type.MODIFY_VOLUME);
    start();
    var claim = create(claim("data").editSpec().withVolumeAttributesClassName("gold").endSpec());

    var volume = awaitVolumeOf(claim);

    assertThat(driver.creates.getFirst().getMutableParamsMap()).isEqualTo(Map.of("iops", "1000"));
    assertThat(volume.getSpec().getVolumeAttributesClassName()).isEqualTo("gold");
  }

  @Test
  void aVolumeAttributesClassThatCannotServeIsNamedWithTheReason() {
    attributesClass("foreign", "other.example.com");
    start();
    create(claim("unable").editSpec().withVolumeAttributesClassName("gold").endSpec());
    eventually(() ->
        assertThat(eventsAbout("unable")).singleElement().asString().contains("cannot modify"));

    driver.abilities.add(RPC.Type.MODIFY_VOLUME);
    start();
    create(claim("missing").editSpec().withVolumeAttributesClassName("gold").endSpec());
    create(claim("other").editSpec().withVolumeAttributesClassName("foreign").endSpec());

    eventually(() ->
        assertThat(eventsAbout("missing"))
            .anyMatch(event -> event.contains("volume attributes class gold does not exist")));
    eventually(() ->
        assertThat(eventsAbout("other"))
            .anyMatch(event -> event.contains("foreign is for driver other.example.com")));
    assertThat(driver.creates).isEmpty();
  }

  private void attributesClass(String name, String driverName) {
    client
        .resource(
            new VolumeAttributesClassBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withDriverName(driverName)
                .withParameters(Map.of("iops", "1000"))
                .build())
        .create();
  }

  @Test
  void aCloneKeepsOnItsVolumeWhereItComesFrom() {
    var origin = boundClaim("origin");
    driver.volumeContext.put("csi-clone.io/consistency", "crash-consistent");
    start();
    var copy = create(clone("copy", "origin"));

    awaitVolumeOf(copy);

    assertThat(Objects.requireNonNull(volumeOf(copy)).getMetadata().getAnnotations())
        .containsEntry("csi-clone.io/clone-of-claim", "origin")
        .containsEntry("csi-clone.io/clone-of-claim-uid", origin.getMetadata().getUid())
        .containsEntry("csi-clone.io/clone-of-volume", "origin-volume")
        .containsEntry("csi-clone.io/consistency", "crash-consistent")
        .hasEntrySatisfying(
            "csi-clone.io/cloned-at", at -> assertThat(at).matches("\\d{4}-.+T.+Z"));
  }

  @Test
  void aNodeLocalProvisionerIsNotElected() {
    assertThatIllegalStateException()
        .isThrownBy(() ->
            start(
                driver,
                builder ->
                    builder
                        .nodeName("node-1")
                        .leaderElection(LeaderElection.of("ns", ScriptedDriver.NAME, "me"))))
        .withMessageContaining("leaderElection");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LeaderElection("", "lease", "me", Duration.ofSeconds(15)))
        .withMessageContaining("namespace");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LeaderElection("ns", "lease", "me", Duration.ZERO))
        .withMessageContaining("1 s");
  }
}
