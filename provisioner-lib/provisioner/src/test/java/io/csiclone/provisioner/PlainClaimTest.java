package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.ControllerServiceCapability.RPC;
import io.csiclone.csiproto.VolumeCapability.AccessMode;
import io.fabric8.kubernetes.api.model.Quantity;
import io.grpc.Status;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Claims without a data source. */
class PlainClaimTest extends ProvisionerTestBed {

  @Test
  void aClaimGetsAVolumeWithAllThatClaimAndClassSay() {
    start();
    var claim = create(claim("data"));

    var volume = awaitVolumeOf(claim);

    assertThat(volume.getMetadata().getAnnotations())
        .containsEntry("pv.kubernetes.io/provisioned-by", ScriptedDriver.NAME);
    assertThat(volume.getMetadata().getFinalizers())
        .containsExactly("external-provisioner.volume.kubernetes.io/finalizer");
    var spec = volume.getSpec();
    assertThat(spec.getCapacity()).containsEntry("storage", new Quantity("1Gi"));
    assertThat(spec.getAccessModes()).containsExactly("ReadWriteOnce");
    assertThat(spec.getVolumeMode()).isEqualTo("Filesystem");
    assertThat(spec.getMountOptions()).containsExactly("noatime");
    assertThat(spec.getPersistentVolumeReclaimPolicy()).isEqualTo("Delete");
    assertThat(spec.getStorageClassName()).isEqualTo(CLASS);
    assertThat(spec.getNodeAffinity()).isNull();
    assertThat(spec.getClaimRef().getApiVersion()).isEqualTo("v1");
    assertThat(spec.getClaimRef().getKind()).isEqualTo("PersistentVolumeClaim");
    assertThat(spec.getClaimRef().getNamespace()).isEqualTo(NAMESPACE);
    assertThat(spec.getClaimRef().getName()).isEqualTo("data");
    assertThat(spec.getClaimRef().getUid()).isEqualTo(claim.getMetadata().getUid());
    assertThat(spec.getCsi().getDriver()).isEqualTo(ScriptedDriver.NAME);
    assertThat(spec.getCsi().getVolumeHandle()).isEqualTo("vol-of-" + volumeName(claim));
    assertThat(spec.getCsi().getFsType()).isEqualTo("xfs");
    assertThat(spec.getCsi().getVolumeAttributes())
        .containsOnlyKeys("pool", "storage.kubernetes.io/csiProvisionerIdentity")
        .containsEntry("pool", "blue");

    var request = driver.creates.getFirst();
    assertThat(request.getName()).isEqualTo(volumeName(claim));
    assertThat(request.getCapacityRange().getRequiredBytes()).isEqualTo(1L << 30);
    assertThat(request.getCapacityRange().getLimitBytes()).isZero();
    assertThat(request.getParametersMap()).isEqualTo(Map.of("tier", "fast"));
    assertThat(request.hasVolumeContentSource()).isFalse();
    assertThat(request.hasAccessibilityRequirements()).isFalse();
    assertThat(request.getVolumeCapabilitiesList()).hasSize(1);
    var capability = request.getVolumeCapabilities(0);
    assertThat(capability.getAccessMode().getMode()).isEqualTo(AccessMode.Mode.SINGLE_NODE_WRITER);
    assertThat(capability.getMount().getFsType()).isEqualTo("xfs");
    assertThat(capability.getMount().getMountFlagsList()).containsExactly("noatime");
  }

  @Test
  void afterTheVolumeIsMadeNothingOfTheProvisionerIsLeftOnTheClaim() {
    start();
    var claim = create(claim("data"));

    awaitVolumeOf(claim);

    eventually(
        () -> assertThat(finalizers("data")).containsExactly("kubernetes.io/pvc-protection"));
    assertThat(get("data").getMetadata().getAnnotations())
        .containsOnlyKeys("volume.kubernetes.io/storage-provisioner");
    never(() -> assertThat(driver.creates).hasSize(1));
    assertThat(eventsAbout("data"))
        .containsExactly("Normal ProvisioningSucceeded: volume " + volumeName(claim) + " is made");
  }

  @Test
  void aBlockClaimIsAskedForAsBlockAndItsVolumeNamesNoFilesystem() {
    start();
    var claim = create(claim("raw").editSpec().withVolumeMode("Block").endSpec());

    var volume = awaitVolumeOf(claim);

    assertThat(driver.creates.getFirst().getVolumeCapabilities(0).hasBlock()).isTrue();
    assertThat(volume.getSpec().getVolumeMode()).isEqualTo("Block");
    assertThat(volume.getSpec().getCsi().getFsType()).isNull();
  }

  @Test
  void everyAccessModeIsACapabilityAndADriverThatKnowsFinerModesGetsThem() {
    driver.abilities.add(RPC.Type.SINGLE_NODE_MULTI_WRITER);
    start();
    create(
        claim("many")
            .editSpec()
            .withAccessModes("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod")
            .endSpec());

    eventually(() -> assertThat(driver.creates).isNotEmpty());

    assertThat(driver.creates.getFirst().getVolumeCapabilitiesList())
        .extracting(capability -> capability.getAccessMode().getMode())
        .containsExactly(
            AccessMode.Mode.SINGLE_NODE_MULTI_WRITER,
            AccessMode.Mode.MULTI_NODE_READER_ONLY,
            AccessMode.Mode.MULTI_NODE_MULTI_WRITER,
            AccessMode.Mode.SINGLE_NODE_SINGLE_WRITER);
  }

  @Test
  void claimsOfOthersBoundClaimsAndClaimsWithoutClassAreLeftAlone() {
    var foreign =
        claim("foreign")
            .editMetadata()
            .addToAnnotations(Names.PROVISIONER, "other.example.com")
            .endMetadata();
    create(foreign);
    create(claim("unhanded").editMetadata().removeFromAnnotations(Names.PROVISIONER).endMetadata());
    create(claim("classless").editSpec().withStorageClassName("").endSpec());
    boundClaim("bound");
    start();

    never(() -> assertThat(driver.creates).isEmpty());
    for (String name : new String[] {"foreign", "unhanded", "classless", "bound"}) {
      assertThat(finalizers(name)).containsExactly("kubernetes.io/pvc-protection");
      assertThat(eventsAbout(name)).isEmpty();
    }
  }

  @Test
  void theOlderProvisionerAnnotationCountsToo() {
    start();
    var claim =
        create(
            claim("data")
                .editMetadata()
                .removeFromAnnotations(Names.PROVISIONER)
                .addToAnnotations(
                    "volume.beta.kubernetes.io/storage-provisioner", ScriptedDriver.NAME)
                .endMetadata());

    assertThat(awaitVolumeOf(claim)).isNotNull();
  }

  @Test
  void aBusyDriverIsAskedAgainWithTheSameRequestAndNobodyIsTold_ofAFailure() {
    driver.nextCreates.add(Status.ABORTED.withDescription("still at it"));
    driver.nextCreates.add(Status.DEADLINE_EXCEEDED);
    driver.nextCreates.add(Status.UNAVAILABLE);
    start();
    var claim = create(claim("data"));

    awaitVolumeOf(claim);

    assertThat(driver.creates).hasSize(4);
    assertThat(driver.creates.stream().distinct()).hasSize(1);
    assertThat(eventsAbout("data")).noneMatch(event -> event.startsWith("Warning"));
  }

  @Test
  void aDriverErrorIsToldAsAnEventAndTriedAgain() {
    driver.nextCreates.add(Status.INTERNAL.withDescription("pool is on fire"));
    start();
    var claim = create(claim("data"));

    awaitVolumeOf(claim);

    eventually(() ->
        assertThat(eventsAbout("data"))
            .contains("Warning ProvisioningFailed: INTERNAL: pool is on fire"));
  }

  @Test
  void anErrorThatStaysIsOneEventWithACountAndLeavesNoFinalizerBehind() {
    driver.createAnswer = Status.INVALID_ARGUMENT.withDescription("no such tier");
    start();
    create(claim("data"));

    eventually(() -> assertThat(driver.creates).hasSizeGreaterThan(4));

    eventually(() -> {
      var failures =
          client.v1().events().inNamespace(NAMESPACE).list().getItems().stream()
              .filter(event -> event.getReason().equals("ProvisioningFailed"))
              .toList();
      assertThat(failures).hasSize(1);
      assertThat(failures.getFirst().getCount()).isGreaterThanOrEqualTo(4);
    });
    delete("data");
    eventually(() -> assertThat(find("data")).isNull());
    int asked = driver.creates.size();
    never(() -> assertThat(driver.creates.size()).isLessThanOrEqualTo(asked + 1));
  }

  @Test
  void aMissingClassIsToldAndItsComingIsNoticed() {
    start();
    var claim = create(claim("data").editSpec().withStorageClassName("later").endSpec());
    eventually(() ->
        assertThat(eventsAbout("data"))
            .containsExactly("Warning ProvisioningFailed: storage class later does not exist"));

    storageClass("later", "Immediate");

    assertThat(awaitVolumeOf(claim)).isNotNull();
  }

  @Test
  void parametersWithTheReservedPrefixThatAreNotUnderstoodAreRefused() {
    storageClass("odd", "Immediate", Map.of("csi.storage.k8s.io/provisioner-secret", "key"));
    start();
    create(claim("data").editSpec().withStorageClassName("odd").endSpec());

    eventually(() ->
        assertThat(eventsAbout("data"))
            .containsExactly(
                "Warning ProvisioningFailed: storage class odd has the parameter"
                    + " csi.storage.k8s.io/provisioner-secret, which is reserved and not known;"
                    + " remove it"));
    assertThat(driver.creates).isEmpty();
  }

  @Test
  void aVolumeThatIsTooSmallIsDeletedAndNotHandedOver() {
    driver.missingBytes = 4096;
    start();
    var claim = create(claim("data"));

    eventually(() -> assertThat(driver.deletes).contains("vol-of-" + volumeName(claim)));

    assertThat(volumeOf(claim)).isNull();
    driver.missingBytes = 0;
    assertThat(awaitVolumeOf(claim)).isNotNull();
  }

  @Test
  void aVolumeOfWhichTheDriverDoesNotSayTheSizeHasTheOneAskedFor() {
    driver.missingBytes = 1L << 30;
    start();

    assertThat(awaitVolumeOf(create(claim("data"))).getSpec().getCapacity())
        .containsEntry("storage", new Quantity("1Gi"));
  }

  @Test
  void aClaimThatSelectsVolumesByLabelIsNotGivenAnother() {
    start();
    create(
        claim("data")
            .editSpec()
            .withNewSelector()
            .addToMatchLabels("tier", "gold")
            .endSelector()
            .endSpec());

    eventually(() ->
        assertThat(eventsAbout("data"))
            .singleElement()
            .asString()
            .startsWith("Warning ProvisioningFailed: SelectorSet: claim team-a/data selects"));
    assertThat(driver.creates).isEmpty();
  }

  @Test
  void theOlderSpellingOfTheFilesystemCountsAndReachesTheDriverToo() {
    storageClass("old", "Immediate", Map.of("fsType", "ext4"));
    start();
    create(claim("data").editSpec().withStorageClassName("old").endSpec());

    eventually(() -> assertThat(driver.creates).isNotEmpty());
    var request = driver.creates.getFirst();
    assertThat(request.getVolumeCapabilities(0).getMount().getFsType()).isEqualTo("ext4");
    assertThat(request.getParametersMap()).containsExactly(Map.entry("fsType", "ext4"));
  }

  @Test
  void aClassThatNamesTheFilesystemTwiceIsRefused() {
    storageClass(
        "twice", "Immediate", Map.of("fstype", "ext4", "csi.storage.k8s.io/fstype", "xfs"));
    start();
    create(claim("data").editSpec().withStorageClassName("twice").endSpec());

    eventually(() ->
        assertThat(eventsAbout("data"))
            .singleElement()
            .asString()
            .contains("storage class twice names the filesystem twice"));
    assertThat(driver.creates).isEmpty();
  }

  @Test
  void theOlderAnnotationForTheClassCountsToo() {
    start();
    var claim =
        create(
            claim("data")
                .editMetadata()
                .addToAnnotations("volume.beta.kubernetes.io/storage-class", CLASS)
                .endMetadata()
                .editSpec()
                .withStorageClassName(null)
                .endSpec());

    assertThat(awaitVolumeOf(claim).getSpec().getStorageClassName()).isEqualTo(CLASS);
  }

  @Test
  void aVolumeObjectOfTheSameNameThatIsNotOurs_isNotTaken() {
    var claim = create(claim("data").editSpec().withStorageClassName("later").endSpec());
    boundClaim("other", volume -> volume.editMetadata().withName(volumeName(claim)).endMetadata());
    start();
    storageClass("later", "Immediate");

    eventually(() ->
        assertThat(eventsAbout("data"))
            .anyMatch(event -> event.contains("exists that is not of this claim")));
  }

  @Test
  void aClaimThatWaitsForItsConsumerIsServedOnceANodeIsSelected() {
    storageClass("late", "WaitForFirstConsumer");
    start();
    var claim = create(claim("data").editSpec().withStorageClassName("late").endSpec());
    never(() -> assertThat(driver.creates).isEmpty());

    client
        .resource(claim)
        .edit(object -> {
          object.getMetadata().getAnnotations().put("volume.kubernetes.io/selected-node", "node-7");
          return object;
        });

    assertThat(awaitVolumeOf(claim)).isNotNull();
  }

  @Test
  void aClaimDeletedWhileItsVolumeIsMadeLeavesNothingBehind() {
    driver.createAnswer = Status.ABORTED.withDescription("copying");
    start();
    var claim = create(claim("data"));
    eventually(() -> assertThat(driver.creates).isNotEmpty());

    delete("data");
    never(() -> assertThat(get("data").getMetadata().getFinalizers()).contains(Names.MAKING));
    driver.createAnswer = null;

    eventually(() -> assertThat(find("data")).isNull());
    assertThat(driver.deletes).containsExactly("vol-of-" + volumeName(claim));
    assertThat(driver.volumes).isEmpty();
    assertThat(volumeOf(claim)).isNull();
  }

  @Test
  void aClaimThatGetsAFreeVolumeMeanwhileLeavesNoSecondOneBehind() {
    driver.createAnswer = Status.ABORTED;
    start();
    var claim = create(claim("data"));
    eventually(() -> assertThat(driver.creates).isNotEmpty());

    client
        .resource(get("data"))
        .edit(object -> {
          object.getSpec().setVolumeName("a-free-volume");
          return object;
        });
    driver.createAnswer = null;

    eventually(() -> assertThat(driver.deletes).hasSize(1));
    eventually(() -> assertThat(finalizers("data")).doesNotContain(Names.MAKING));
    assertThat(driver.volumes).isEmpty();
    assertThat(volumeOf(claim)).isNull();
  }

  @Test
  void tenClaimsThatFailForEverDoNotKeepTheNextOneWaiting() {
    for (int i = 0; i < 10; i++) {
      var claim = create(claim("bad-" + i));
      driver.createAnswers.put(volumeName(claim), Status.INTERNAL);
    }
    start(driver, builder -> builder.concurrency(1));
    eventually(() -> assertThat(driver.creates).hasSizeGreaterThan(20));

    assertThat(awaitVolumeOf(create(claim("good")))).isNotNull();
  }
}
