package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.csiclone.csiproto.ControllerServiceCapability.RPC;
import io.csiclone.rules.ClassPolicy;
import io.csiclone.rules.Mode;
import io.csiclone.rules.RuleCode;
import io.csiclone.rules.RulePolicy;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.storage.CSIDriverBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.grpc.Status;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Claims whose data source is another claim. */
class CloneTest extends ProvisionerTestBed {

  private static final Status COPYING = Status.ABORTED.withDescription("copying");

  @Test
  void aCloneIsAskedForWithTheHandleOfItsSourcesVolume() {
    boundClaim("origin");
    start();
    var clone = create(clone("copy", "origin"));

    var volume = awaitVolumeOf(clone);

    assertThat(driver.creates.getFirst().getVolumeContentSource().getVolume().getVolumeId())
        .isEqualTo("origin-handle");
    assertThat(volume.getSpec().getCsi().getVolumeHandle())
        .isEqualTo("vol-of-" + volumeName(clone));
    eventually(() ->
        assertThat(eventsAbout("copy"))
            .contains(
                "Normal ProvisioningSucceeded: claim team-a/origin is cloned into "
                    + volumeName(clone)));
    assertThat(get("copy").getMetadata().getAnnotations())
        .containsEntry("csi-clone.io/clone-of-volume", "origin-volume");
  }

  @Test
  void theDataSourceRefFieldAloneMakesACloneToo() {
    boundClaim("origin");
    start();
    var clone =
        create(
            claim("copy")
                .editSpec()
                .withNewDataSourceRef()
                .withKind("PersistentVolumeClaim")
                .withName("origin")
                .endDataSourceRef()
                .endSpec());

    awaitVolumeOf(clone);

    assertThat(driver.creates.getFirst().getVolumeContentSource().getVolume().getVolumeId())
        .isEqualTo("origin-handle");
  }

  @Test
  void theSourceIsProtectedWhileTheCloneIsMadeAndNoLonger() {
    boundClaim("origin");
    driver.createAnswer = COPYING;
    start();
    create(clone("copy", "origin"));

    eventually(() -> assertThat(driver.creates).hasSizeGreaterThan(2));
    assertThat(finalizers("origin")).contains("csi-clone.io/clone-source-protection");
    assertThat(finalizers("copy")).contains("csi-clone.io/provisioning");

    driver.createAnswer = null;
    eventually(
        () -> assertThat(finalizers("origin")).containsExactly("kubernetes.io/pvc-protection"));
    assertThat(finalizers("copy")).containsExactly("kubernetes.io/pvc-protection");
  }

  @Test
  void theSourceIsProtectedBeforeTheDriverIsAsked() {
    boundClaim("origin");
    driver.createMillis = 300;
    start();
    create(clone("copy", "origin"));

    eventually(() -> assertThat(driver.creates).isNotEmpty());

    assertThat(finalizers("origin")).contains(Names.CLONE_SOURCE);
  }

  @Test
  void aCloneThatWaitsForItsPodDoesNotHoldItsSource() {
    storageClass("late", "WaitForFirstConsumer");
    boundClaim("origin");
    start();
    create(clone("copy", "origin").editSpec().withStorageClassName("late").endSpec());

    never(() -> assertThat(finalizers("origin")).doesNotContain(Names.CLONE_SOURCE));
    delete("origin");

    eventually(() -> assertThat(find("origin")).isNull());
    assertThat(driver.creates).isEmpty();
    assertThat(finalizers("copy")).doesNotContain(Names.MAKING);
  }

  @Test
  void ofSeveralClonesTheLastOneEndsTheProtection() {
    boundClaim("origin");
    PersistentVolumeClaim slow = create(clone("slow", "origin"));
    driver.createAnswers.put(volumeName(slow), COPYING);
    start();
    eventually(() -> assertThat(driver.creates).isNotEmpty());

    awaitVolumeOf(create(clone("quick", "origin")));
    never(() -> assertThat(finalizers("origin")).contains(Names.CLONE_SOURCE));

    driver.createAnswers.clear();
    eventually(() -> assertThat(finalizers("origin")).doesNotContain(Names.CLONE_SOURCE));
  }

  @Test
  void aBusyDriverIsNoFailureAndTheOwnerIsToldOnceThatItIsCloning() {
    boundClaim("origin");
    driver.createAnswer = COPYING;
    start();
    create(clone("copy", "origin"));

    eventually(() -> assertThat(driver.creates).hasSizeGreaterThan(4));

    eventually(() ->
        assertThat(eventsAbout("copy"))
            .containsExactly("Normal Cloning: the driver is at work (ABORTED: copying)"));
  }

  @Test
  void aSourceDeletedWhileItIsClonedStaysUntilTheCloneIsMadeAndGoesThen() {
    boundClaim("origin");
    driver.createAnswer = COPYING;
    start();
    var clone = create(clone("copy", "origin"));
    eventually(() -> assertThat(driver.creates).isNotEmpty());

    delete("origin");
    never(() -> assertThat(get("origin").getMetadata().getDeletionTimestamp()).isNotNull());
    driver.createAnswer = null;

    awaitVolumeOf(clone);
    eventually(() -> assertThat(find("origin")).isNull());
    assertThat(eventsAbout("copy")).noneMatch(event -> event.startsWith("Warning"));
  }

  @Test
  void aSourceExpandedOrUnboundWhileItIsClonedDoesNotStopTheClone() {
    boundClaim("origin");
    driver.createAnswer = COPYING;
    start();
    var clone = create(clone("copy", "origin"));
    eventually(() -> assertThat(driver.creates).isNotEmpty());

    client
        .resource(get("origin"))
        .edit(claim -> {
          claim.getSpec().getResources().getRequests().put("storage", new Quantity("9Gi"));
          claim.getStatus().setPhase("Lost");
          return claim;
        });
    driver.createAnswer = null;

    assertThat(awaitVolumeOf(clone)).isNotNull();
  }

  @Test
  void aCloneDeletedWhileItIsMadeLeavesNoVolumeAndNoFinalizer() {
    boundClaim("origin");
    driver.createAnswer = COPYING;
    start();
    var clone = create(clone("copy", "origin"));
    eventually(() -> assertThat(driver.creates).isNotEmpty());

    delete("copy");
    driver.createAnswer = null;

    eventually(() -> assertThat(find("copy")).isNull());
    assertThat(driver.deletes).containsExactly("vol-of-" + volumeName(clone));
    assertThat(driver.volumes).isEmpty();
    eventually(() -> assertThat(finalizers("origin")).doesNotContain(Names.CLONE_SOURCE));
  }

  @Test
  void aCloneRemovedByForceWhileItIsMadeLeavesNoVolume() {
    boundClaim("origin");
    driver.createAnswer = COPYING;
    start();
    var clone = create(clone("copy", "origin"));
    eventually(() -> assertThat(driver.creates).hasSizeGreaterThan(1));

    delete("copy");
    client
        .resource(get("copy"))
        .patch(
            PatchContext.of(PatchType.JSON),
            "[{\"op\":\"replace\",\"path\":\"/metadata/finalizers\",\"value\":[]}]");
    assertThat(find("copy")).isNull();
    driver.createAnswer = null;

    eventually(() -> assertThat(driver.deletes).containsExactly("vol-of-" + volumeName(clone)));
    eventually(() -> assertThat(finalizers("origin")).doesNotContain(Names.CLONE_SOURCE));
  }

  @Test
  void aDriverErrorEndsTheProtectionUntilTheNextTry() {
    boundClaim("origin");
    driver.createAnswer = Status.OUT_OF_RANGE.withDescription("too large");
    start(driver, builder -> builder.retry(PATIENCE, PATIENCE));
    create(clone("copy", "origin"));

    eventually(() ->
        assertThat(eventsAbout("copy"))
            .contains("Warning ProvisioningFailed: OUT_OF_RANGE: too large"));
    eventually(() -> assertThat(finalizers("origin")).doesNotContain(Names.CLONE_SOURCE));
    assertThat(finalizers("copy")).containsExactly("kubernetes.io/pvc-protection");
    assertThat(get("copy").getMetadata().getAnnotations()).doesNotContainKey(Names.CLONE_OF_VOLUME);
  }

  @Test
  void aDeniedCloneIsToldTheRulesCodeAndNeverReachesTheDriver() {
    boundClaim("origin");
    start();
    create(
        clone("small", "origin")
            .editSpec()
            .editResources()
            .addToRequests("storage", new Quantity("1Mi"))
            .endResources()
            .endSpec());
    create(clone("orphan", "nowhere"));

    eventually(() ->
        assertThat(eventsAbout("small"))
            .anyMatch(e -> e.startsWith("Warning ProvisioningFailed: SizeTooSmall: ")));
    eventually(() ->
        assertThat(eventsAbout("orphan"))
            .anyMatch(e -> e.startsWith("Warning ProvisioningFailed: SourceNotFound: ")));
    assertThat(driver.creates).isEmpty();
    assertThat(finalizers("small")).containsExactly("kubernetes.io/pvc-protection");
    assertThat(finalizers("origin")).containsExactly("kubernetes.io/pvc-protection");
  }

  private PersistentVolumeClaim create(String name, String size) {
    return create(
        clone(name, "origin")
            .editSpec()
            .editResources()
            .addToRequests("storage", new Quantity(size))
            .endResources()
            .endSpec());
  }

  @Test
  void aCloneThatItsNamespaceLetsThroughIsMade() {
    boundClaim("origin");
    client
        .resource(
            new NamespaceBuilder()
                .withNewMetadata()
                .withName(NAMESPACE)
                .addToLabels("csi-clone.io/mode.SizeTooSmall", "warn")
                .endMetadata()
                .build())
        .create();
    start();

    assertThat(awaitVolumeOf(create("small", "1Mi"))).isNotNull();
  }

  @Test
  void aCloneThatItsClassLetsThroughIsMadeEvenFromAnotherClass() {
    boundClaim("origin");
    storageClass("other", "Immediate");
    client
        .storage()
        .v1()
        .storageClasses()
        .withName("other")
        .edit(found -> {
          found.getMetadata().setAnnotations(Map.of("csi-clone.io/class-policy", "same-driver"));
          return found;
        });
    start();
    var clone = create(clone("copy", "origin").editSpec().withStorageClassName("other").endSpec());

    assertThat(awaitVolumeOf(clone)).isNotNull();
  }

  @Test
  void aNamespaceThatIsStricterThanTheProvisionerIsFollowedToo() {
    boundClaim("origin");
    client
        .resource(
            new NamespaceBuilder()
                .withNewMetadata()
                .withName(NAMESPACE)
                .addToLabels("csi-clone.io/mode.SizeTooSmall", "deny")
                .endMetadata()
                .build())
        .create();
    start(
        driver,
        builder ->
            builder.rules(
                new RulePolicy(Map.of(RuleCode.SIZE_TOO_SMALL, Mode.OFF), ClassPolicy.SAME_CLASS)));
    create("small", "1Mi");

    eventually(() ->
        assertThat(eventsAbout("small"))
            .anyMatch(e -> e.startsWith("Warning ProvisioningFailed: SizeTooSmall: ")));
    assertThat(driver.creates).isEmpty();
  }

  private @Nullable String statement() {
    var object = client.storage().v1().csiDrivers().withName(ScriptedDriver.NAME).get();
    var annotations = object == null ? null : object.getMetadata().getAnnotations();
    return annotations == null ? null : annotations.get("csi-clone.io/clone-volume");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theCsiDriverObjectSaysWhatTheDriverSaysOfCloning(boolean clones) {
    if (!clones) {
      driver.abilities.remove(RPC.Type.CLONE_VOLUME);
    }
    client
        .resource(
            new CSIDriverBuilder(Manifests.csiDriver())
                .editMetadata()
                .addToAnnotations("csi-clone.io/clone-volume", String.valueOf(!clones))
                .addToAnnotations("example.com/other", "kept")
                .endMetadata()
                .build())
        .create();

    start();

    assertThat(statement()).isEqualTo(String.valueOf(clones));
    assertThat(
            client
                .storage()
                .v1()
                .csiDrivers()
                .withName(ScriptedDriver.NAME)
                .get()
                .getMetadata()
                .getAnnotations())
        .containsEntry("example.com/other", "kept");
  }

  @Test
  void withoutACsiDriverObjectClonesAreMadeAllTheSame() {
    boundClaim("origin");
    start();

    assertThat(awaitVolumeOf(create(clone("copy", "origin")))).isNotNull();
    assertThat(statement()).isNull();
  }

  /** Until it is not the provisioner, which writes a finalizer, that is quicker. */
  private void setPhase(String name, String phase) {
    await()
        .ignoreExceptionsMatching(
            e -> e instanceof KubernetesClientException late && late.getCode() == 409)
        .until(() ->
            client
                .resource(get(name))
                .edit(claim -> {
                  claim.getStatus().setPhase(phase);
                  return claim;
                })
                .getStatus()
                .getPhase()
                .equals(phase));
  }

  @Test
  void aCloneThatCameBeforeItsSourceWasBoundIsMadeAsSoonAsItIs() {
    start(driver, builder -> builder.retry(PATIENCE, PATIENCE));
    var clone = create(clone("copy", "origin"));
    eventually(() -> assertThat(eventsAbout("copy")).isNotEmpty());

    boundClaim("origin");
    setPhase("origin", "Pending");
    setPhase("origin", "Bound");

    assertThat(awaitVolumeOf(clone)).isNotNull();
  }

  @Test
  void aDriverThatCannotCloneIsNotAskedTo() {
    driver.abilities.remove(RPC.Type.CLONE_VOLUME);
    boundClaim("origin");
    start();
    create(clone("copy", "origin"));

    eventually(() ->
        assertThat(eventsAbout("copy"))
            .anyMatch(e -> e.startsWith("Warning ProvisioningFailed: CloningUnsupported: ")));
    assertThat(driver.creates).isEmpty();
  }

  @Test
  void aVolumeThatDoesNotSayItIsACloneIsDeletedAndNotHandedOver() {
    driver.forgetsContentSource = true;
    boundClaim("origin");
    start();
    var clone = create(clone("copy", "origin"));

    eventually(() -> assertThat(driver.deletes).contains("vol-of-" + volumeName(clone)));
    eventually(() -> assertThat(eventsAbout("copy")).anyMatch(e -> e.contains("origin-handle")));
    assertThat(volumeOf(clone)).isNull();
  }

  @Test
  void aSnapshotIsNotRestoredAsAnEmptyVolumeAndAPopulatorsClaimIsLeftToIt() {
    start();
    create(
        claim("restored")
            .editSpec()
            .withNewDataSource("snapshot.storage.k8s.io", "VolumeSnapshot", "snap")
            .endSpec());
    create(
        claim("populated")
            .editSpec()
            .withNewDataSourceRef("example.com", "Hello", "hello", null)
            .endSpec());

    eventually(() ->
        assertThat(eventsAbout("restored")).anyMatch(e -> e.contains("RestoringUnsupported: ")));
    never(() -> assertThat(driver.creates).isEmpty());
    assertThat(eventsAbout("populated")).isEmpty();
  }

  @Test
  void aForgedRecordDoesNotReachAnotherClaimsVolume() {
    boundClaim("origin");
    boundClaim("secret");
    var forged =
        clone("copy", "origin")
            .editMetadata()
            .addToFinalizers(Names.MAKING)
            .addToAnnotations(Names.CLONE_OF_VOLUME, "secret-volume")
            .endMetadata();
    create(forged);
    start();

    eventually(() ->
        assertThat(eventsAbout("copy"))
            .anyMatch(e -> e.contains("not a volume of source claim team-a/origin")));
    assertThat(driver.creates).isEmpty();
  }
}
