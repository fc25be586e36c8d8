package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.grpc.Status;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A provisioner stops and the next one takes over. */
class RestartTest extends ProvisionerTestBed {

  private static final Status COPYING = Status.ABORTED.withDescription("copying");

  @Test
  void aCloneInTheMakingIsTakenUpWithTheSameRequestAndThereIsOneVolume() {
    boundClaim("origin");
    driver.createAnswer = COPYING;
    var first = start();
    var clone = create(clone("copy", "origin"));
    eventually(() -> assertThat(driver.creates).isNotEmpty());
    first.close();
    int asked = driver.creates.size();

    // All that would be refused now was checked before.
    delete("origin");
    start();
    eventually(() -> assertThat(driver.creates).hasSizeGreaterThan(asked));
    driver.createAnswer = null;

    awaitVolumeOf(clone);
    assertThat(driver.creates.stream().distinct()).hasSize(1);
    assertThat(driver.volumes).hasSize(1);
    eventually(() -> assertThat(find("origin")).isNull());
    eventually(
        () -> assertThat(finalizers("copy")).containsExactly("kubernetes.io/pvc-protection"));
  }

  @Test
  void aCloneDeletedWhileNoProvisionerRanLeavesNothingBehind() {
    boundClaim("origin");
    driver.createAnswer = COPYING;
    var first = start();
    var clone = create(clone("copy", "origin"));
    eventually(() -> assertThat(driver.creates).isNotEmpty());
    first.close();

    delete("copy");
    driver.createAnswer = null;
    start();

    eventually(() -> assertThat(find("copy")).isNull());
    assertThat(driver.deletes).containsExactly("vol-of-" + volumeName(clone));
    assertThat(driver.volumes).isEmpty();
    assertThat(volumeOf(clone)).isNull();
    eventually(() -> assertThat(finalizers("origin")).doesNotContain(Names.CLONE_SOURCE));
  }

  @Test
  void aStopBetweenVolumeObjectAndRecordIsMadeGoodWithoutAskingTheDriver() {
    boundClaim("origin");
    var first = start();
    var clone = create(clone("copy", "origin"));
    awaitVolumeOf(clone);
    eventually(
        () -> assertThat(finalizers("copy")).containsExactly("kubernetes.io/pvc-protection"));
    first.close();
    int asked = driver.creates.size();

    setFinalizers("copy", "[\"kubernetes.io/pvc-protection\",\"" + Names.MAKING + "\"]");
    setFinalizers("origin", "[\"" + Names.CLONE_SOURCE + "\"]");
    start();

    eventually(
        () -> assertThat(finalizers("copy")).containsExactly("kubernetes.io/pvc-protection"));
    eventually(() -> assertThat(finalizers("origin")).isEmpty());
    assertThat(driver.creates).hasSize(asked);
    assertThat(driver.deletes).isEmpty();
  }

  private void setFinalizers(String claim, String finalizers) {
    client
        .resource(get(claim))
        .patch(
            PatchContext.of(PatchType.JSON),
            "[{\"op\":\"add\",\"path\":\"/metadata/finalizers\",\"value\":" + finalizers + "}]");
  }

  @Test
  void aLeftOverProtectionIsSweptAtTheStartButNotThatOfOtherDrivers() {
    boundClaim("origin");
    boundClaim(
        "foreign",
        volume -> volume.editSpec().editCsi().withDriver("other.example.com").endCsi().endSpec());
    setFinalizers("origin", "[\"" + Names.CLONE_SOURCE + "\"]");
    setFinalizers("foreign", "[\"" + Names.CLONE_SOURCE + "\"]");
    start();

    eventually(() -> assertThat(finalizers("origin")).isEmpty());
    never(() -> assertThat(finalizers("foreign")).containsExactly(Names.CLONE_SOURCE));
  }

  @Test
  void aClassThatVanishedMeanwhileIsNamedAndItsReturnEndsTheWait() {
    driver.createAnswer = COPYING;
    var first = start();
    var claim = create(claim("data"));
    eventually(() -> assertThat(driver.creates).isNotEmpty());
    first.close();
    client.storage().v1().storageClasses().withName(CLASS).delete();
    driver.createAnswer = null;

    start();
    eventually(() ->
        assertThat(eventsAbout("data"))
            .anyMatch(e -> e.contains("storage class " + CLASS + " is gone")));

    storageClass(CLASS, "Immediate");
    assertThat(awaitVolumeOf(claim)).isNotNull();
  }

  @Test
  void theWrongDriverAndOneThatCannotMakeVolumesAreRefusedAtTheStart() {
    var wrong = Provisioner.builder(client, driver.channel(), "wrong.example.com");
    assertThat(startFailure(wrong)).contains(ScriptedDriver.NAME, "wrong.example.com");

    driver.abilities.clear();
    var unable = Provisioner.builder(client, driver.channel(), ScriptedDriver.NAME);
    assertThat(startFailure(unable)).contains("CREATE_DELETE_VOLUME");
  }

  private static String startFailure(ProvisionerBuilder builder) {
    try {
      builder.start().close();
      return "it started";
    } catch (IllegalStateException e) {
      return String.valueOf(e.getMessage());
    }
  }

  @Test
  void twoProvisionersAtOnceMakeOneVolumeAndOneVolumeObject() {
    boundClaim("origin");
    start();
    start();
    var clones =
        List.of(
            create(clone("one", "origin")),
            create(clone("two", "origin")),
            create(clone("three", "origin")));

    clones.forEach(this::awaitVolumeOf);
    for (String name : List.of("one", "two", "three", "origin")) {
      eventually(
          () -> assertThat(finalizers(name)).containsExactly("kubernetes.io/pvc-protection"));
    }
    assertThat(driver.volumes).hasSize(3);
    assertThat(driver.deletes).isEmpty();
  }
}
