package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.rules.ClassPolicy;
import io.csiclone.rules.Mode;
import io.csiclone.rules.RuleCode;
import io.csiclone.rules.RulePolicy;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.gatewayapi.v1beta1.ReferenceGrantBuilder;
import io.grpc.Status;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Clones in team-b of claims in team-a. */
class CrossNamespaceTest extends ProvisionerTestBed {

  private static final String OTHER = "team-b";
  private static final String CLAIM = "PersistentVolumeClaim";

  private Provisioner startAcross() {
    return start(driver, builder -> builder.crossNamespaceClones().retry(PATIENCE, PATIENCE));
  }

  private PersistentVolumeClaimBuilder cloneThere(String name, String source) {
    return claim(name)
        .editMetadata()
        .withNamespace(OTHER)
        .endMetadata()
        .editSpec()
        .withNewDataSourceRef(null, CLAIM, source, NAMESPACE)
        .endSpec();
  }

  private ReferenceGrantBuilder grant(@Nullable String name) {
    return new ReferenceGrantBuilder()
        .withNewMetadata()
        .withNamespace(NAMESPACE)
        .withName("to-team-b")
        .endMetadata()
        .withNewSpec()
        .addNewFrom("", CLAIM, OTHER)
        .addNewTo("", CLAIM, name)
        .endSpec();
  }

  private void allow() {
    client.resource(grant("origin").build()).create();
  }

  private void withdraw() {
    client.resource(grant("origin").build()).delete();
  }

  private @Nullable PersistentVolumeClaim findThere(String name) {
    return client.persistentVolumeClaims().inNamespace(OTHER).withName(name).get();
  }

  private List<String> finalizersThere(String name) {
    return Objects.requireNonNull(findThere(name)).getMetadata().getFinalizers();
  }

  private @Nullable String proof() {
    return get("origin").getMetadata().getAnnotations().get("csi-clone.io/cloned-by");
  }

  private void eventuallyUnprotected() {
    eventually(() -> assertThat(finalizers("origin")).doesNotContain(Names.CLONE_SOURCE));
    assertThat(proof()).isNull();
  }

  @Test
  void aCloneWaitsForTheGrantThatItsEventNamesAndIsMadeAsSoonAsItIsThere() {
    boundClaim("origin");
    startAcross();
    var clone = create(cloneThere("copy", "origin"));
    eventually(() ->
        assertThat(eventsAbout("copy"))
            .containsExactly(
                "Warning ProvisioningFailed: CrossNamespace: claim team-b/copy names a source in"
                    + " namespace team-a; that takes a ReferenceGrant in namespace team-a from"
                    + " PersistentVolumeClaim of namespace team-b to PersistentVolumeClaim"
                    + " origin, and there is none"));
    never(() -> assertThat(driver.creates).isEmpty());

    allow();

    var volume = awaitVolumeOf(clone);
    assertThat(driver.creates.getFirst().getVolumeContentSource().getVolume().getVolumeId())
        .isEqualTo("origin-handle");
    assertThat(volume.getMetadata().getAnnotations())
        .containsEntry("csi-clone.io/clone-of-namespace", NAMESPACE)
        .containsEntry("csi-clone.io/clone-of-claim", "origin");
    eventuallyUnprotected();
    eventually(
        () -> assertThat(finalizersThere("copy")).containsExactly("kubernetes.io/pvc-protection"));
  }

  @Test
  void theWordsDoNotTellWhetherThereIsSuchAClaim() {
    startAcross();
    create(cloneThere("copy", "origin"));

    eventually(() ->
        assertThat(eventsAbout("copy"))
            .singleElement()
            .asString()
            .endsWith("to PersistentVolumeClaim origin, and there is none"));
  }

  @Test
  void aGrantToAllClaimsWillDo() {
    boundClaim("origin");
    client.resource(grant(null).build()).create();
    startAcross();

    assertThat(awaitVolumeOf(create(cloneThere("copy", "origin")))).isNotNull();
  }

  @ParameterizedTest
  @CsvSource({
    "'', PersistentVolumeClaim, team-b, '', PersistentVolumeClaim, another",
    "'', PersistentVolumeClaim, team-c, '', PersistentVolumeClaim, origin",
    "'', Secret, team-b, '', PersistentVolumeClaim, origin",
    "x.io, PersistentVolumeClaim, team-b, '', PersistentVolumeClaim, origin",
    "'', PersistentVolumeClaim, team-b, '', Secret, origin",
    "'', PersistentVolumeClaim, team-b, x.io, PersistentVolumeClaim, origin"
  })
  void aGrantOfSomethingElseWillNot(
      String fromGroup, String fromKind, String from, String group, String kind, String name) {
    boundClaim("origin");
    client
        .resource(
            grant("origin")
                .editSpec()
                .withFrom()
                .withTo()
                .addNewFrom(fromGroup, fromKind, from)
                .addNewTo(group, kind, name)
                .endSpec()
                .build())
        .create();
    startAcross();
    create(cloneThere("copy", "origin"));

    eventually(
        () -> assertThat(eventsAbout("copy")).anyMatch(e -> e.contains(" CrossNamespace: ")));
    assertThat(driver.creates).isEmpty();
    assertThat(finalizers("origin")).doesNotContain(Names.CLONE_SOURCE);
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void unlessSwitchedOnNoGrantHelpsWhateverTheRulesLetThrough(Mode mode) {
    boundClaim("origin");
    allow();
    start(
        driver,
        builder ->
            builder.rules(
                new RulePolicy(Map.of(RuleCode.CROSS_NAMESPACE, mode), ClassPolicy.SAME_CLASS)));
    create(cloneThere("copy", "origin"));

    eventually(() ->
        assertThat(eventsAbout("copy"))
            .anyMatch(e -> e.startsWith("Warning ProvisioningFailed: CrossNamespace: ")));
    assertThat(driver.creates).isEmpty();
  }

  @Test
  void aGrantedCloneIsJudgedAsAnyOther() {
    boundClaim("origin");
    allow();
    client.resource(grant("none").editMetadata().withName("more").endMetadata().build()).create();
    startAcross();
    create(
        cloneThere("small", "origin")
            .editSpec()
            .editResources()
            .addToRequests("storage", new Quantity("1Mi"))
            .endResources()
            .endSpec());
    create(cloneThere("orphan", "none"));
    storageClass("other", "Immediate");
    create(cloneThere("classy", "origin").editSpec().withStorageClassName("other").endSpec());

    eventually(() -> assertThat(eventsAbout("small")).anyMatch(e -> e.contains(" SizeTooSmall: ")));
    eventually(() ->
        assertThat(eventsAbout("orphan"))
            .anyMatch(e -> e.contains(" SourceNotFound: source claim team-a/none does not exist")));
    eventually(() ->
        assertThat(eventsAbout("classy")).anyMatch(e -> e.contains(" StorageClassMismatch: ")));
    assertThat(driver.creates).isEmpty();
  }

  @Test
  void aCloneOfTheSameNameIsNoSelfReference() {
    boundClaim("origin");
    allow();
    startAcross();

    assertThat(awaitVolumeOf(create(cloneThere("origin", "origin")))).isNotNull();
  }

  @Test
  void aSourceIsProtectedWhileItIsClonedThereAndGoesAfterwards() {
    boundClaim("origin");
    allow();
    driver.createAnswer = Status.ABORTED;
    startAcross();
    var clone = create(cloneThere("copy", "origin"));
    eventually(() -> assertThat(driver.creates).isNotEmpty());
    assertThat(finalizers("origin")).contains(Names.CLONE_SOURCE);
    assertThat(proof()).isEqualTo(clone.getMetadata().getUid());

    delete("origin");
    never(() -> assertThat(find("origin")).isNotNull());
    driver.createAnswer = null;

    assertThat(awaitVolumeOf(clone)).isNotNull();
    eventually(() -> assertThat(find("origin")).isNull());
  }

  @Test
  void whatWasBegunEndsThoughTheGrantIsWithdrawnAndTheProvisionerAnother() {
    boundClaim("origin");
    allow();
    driver.createAnswer = Status.ABORTED;
    var first = startAcross();
    var clone = create(cloneThere("copy", "origin"));
    var twin = create(cloneThere("twin", "origin"));
    eventually(() -> assertThat(driver.creates.stream().distinct()).hasSize(2));
    eventually(() ->
        assertThat(Objects.requireNonNull(proof()).split(",", -1))
            .containsExactlyInAnyOrder(clone.getMetadata().getUid(), twin.getMetadata().getUid()));

    withdraw();
    first.close();
    start();
    driver.createAnswer = null;

    assertThat(awaitVolumeOf(clone)).isNotNull();
    assertThat(awaitVolumeOf(twin)).isNotNull();
    assertThat(driver.creates.stream().distinct()).hasSize(2);
    eventuallyUnprotected();
  }

  @Test
  void aCloneDeletedWhileNobodyServedLeavesNothing() {
    boundClaim("origin");
    allow();
    driver.createAnswer = Status.ABORTED;
    var first = startAcross();
    var clone = create(cloneThere("copy", "origin"));
    eventually(() -> assertThat(driver.creates).isNotEmpty());
    first.close();

    withdraw();
    client.persistentVolumeClaims().inNamespace(OTHER).withName("copy").delete();
    driver.createAnswer = null;
    startAcross();

    eventually(() -> assertThat(finalizersThere("copy")).doesNotContain(Names.MAKING));
    assertThat(driver.deletes).containsExactly("vol-of-" + volumeName(clone));
    assertThat(driver.volumes).isEmpty();
    eventuallyUnprotected();
  }

  private PersistentVolumeClaim forge(String name) {
    return create(
        cloneThere(name, "origin")
            .editMetadata()
            .addToFinalizers(Names.MAKING)
            .addToAnnotations(Names.CLONE_OF_VOLUME, "origin-volume")
            .endMetadata());
  }

  @Test
  void aForgedRecordReachesNothingWithoutAGrant() {
    boundClaim("origin");
    forge("copy");
    startAcross();

    eventually(
        () -> assertThat(eventsAbout("copy")).anyMatch(e -> e.contains(" CrossNamespace: ")));
    assertThat(finalizersThere("copy")).doesNotContain(Names.MAKING);
    assertThat(driver.creates).isEmpty();
  }

  @Test
  void aForgedRecordDoesNotHoldASourceThatOthersClone() {
    boundClaim("origin");
    driver.createAnswer = Status.ABORTED;
    var first = startAcross();
    var clone = create(clone("copy", "origin"));
    eventually(() -> assertThat(driver.creates).isNotEmpty());
    first.close();

    // Nobody serves it, so nobody takes its record off.
    var forged = forge("forged");
    client
        .resource(forged)
        .edit(claim -> {
          claim.getMetadata().getAnnotations().put(Names.PROVISIONER, "other.example.com");
          return claim;
        });
    driver.createAnswer = null;
    startAcross();

    assertThat(awaitVolumeOf(clone)).isNotNull();
    eventuallyUnprotected();
    assertThat(finalizersThere("forged")).contains(Names.MAKING);
  }

  @Test
  void aLeftOverProofIsSweptWithItsProtection() {
    boundClaim("origin");
    client
        .resource(get("origin"))
        .edit(claim -> {
          claim.getMetadata().getFinalizers().add(Names.CLONE_SOURCE);
          claim.getMetadata().getAnnotations().put("csi-clone.io/cloned-by", "long-gone");
          return claim;
        });
    startAcross();

    eventuallyUnprotected();
  }

  @Test
  void aClusterWithoutGrantsIsSaidToHaveNoneAndServedAsSoonAsItHas() {
    boundClaim("origin");
    unserved.add("gateway.networking.k8s.io");
    var meters = new SimpleMeterRegistry();
    start(
        driver, builder -> builder.crossNamespaceClones().meters(meters).retry(PATIENCE, PATIENCE));
    var clone = create(cloneThere("copy", "origin"));

    eventually(() ->
        assertThat(eventsAbout("copy"))
            .singleElement()
            .asString()
            .endsWith(
                "but this cluster has no ReferenceGrant (gateway.networking.k8s.io/v1beta1)"));
    var known = Objects.requireNonNull(meters.find("csi.clone.reference.grants.known").gauge());
    assertThat(known.value()).isZero();
    assertThat(awaitVolumeOf(create(clone("near", "origin")))).isNotNull();

    unserved.clear();
    allow();

    assertThat(awaitVolumeOf(clone)).isNotNull();
    assertThat(known.value()).isEqualTo(1);
  }
}
