package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.csiclone.facts.ClusterFacts;
import io.csiclone.rules.ClassPolicy;
import io.csiclone.rules.Finding;
import io.csiclone.rules.Mode;
import io.csiclone.rules.RuleCode;
import io.csiclone.rules.RulePolicy;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdmissionCoreTest {

  private static final KubernetesSerialization JSON = new KubernetesSerialization();
  private static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
  private static Cluster cluster;
  private static ClusterFacts facts;

  @BeforeAll
  static void start() {
    cluster = new Cluster();
    facts = ClusterFacts.watchForAdmission(cluster.client, Duration.ofSeconds(20));
  }

  @AfterAll
  static void stop() {
    facts.close();
    cluster.close();
  }

  private static AdmissionCore core() {
    return new AdmissionCore(facts, RulePolicy.defaults(), FailMode.DENY, JSON);
  }

  private static AdmissionAttempt attempt(Review review) {
    var bytes = review.json().getBytes(StandardCharsets.UTF_8);
    try {
      return Reviews.ofWritten().read(new ByteArrayInputStream(bytes), bytes.length);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Decision mutate(Review review) {
    return core().mutate(attempt(review));
  }

  private static Decision validate(Review review) {
    return core().validate(attempt(review));
  }

  private static void assertUntouched(Decision decision) {
    assertThat(decision).isEqualTo(new Decision.Allowed(List.of()));
  }

  private static void assertGetsClassOfSource(Decision decision, String operation) {
    assertThat(decision).isInstanceOf(Decision.Patched.class);
    assertThat(((Decision.Patched) decision).patch())
        .containsExactly(new PatchOperation(operation, "/spec/storageClassName", "fast"));
    assertThat(decision.warnings()).singleElement().asString().contains("fast", "data");
  }

  private static void assertDenied(Decision decision, RuleCode... codes) {
    assertThat(decision).isInstanceOf(Decision.Denied.class);
    assertThat(((Decision.Denied) decision).findings())
        .extracting(Finding::code)
        .containsExactly(codes);
  }

  @Test
  void aCloneWithoutClassGetsTheClassOfItsSource() {
    assertGetsClassOfSource(mutate(new Review().sentByUser("accessModes")), "add");
    assertGetsClassOfSource(mutate(new Review()), "add");
  }

  @Test
  void aSourceInAnotherNamespaceDoesNotLendTheClassOfAClaimOfThatNameHere() {
    var lenient =
        new RulePolicy(Map.of(RuleCode.CROSS_NAMESPACE, Mode.WARN), ClassPolicy.SAME_CLASS);
    var decision =
        new AdmissionCore(facts, lenient, FailMode.DENY, JSON)
            .mutate(attempt(new Review().fromRef("data", "team-b")));
    assertThat(decision).as("unchanged").isInstanceOf(Decision.Allowed.class);
    assertThat(decision.warnings()).anyMatch(warning -> warning.startsWith("CrossNamespace"));
  }

  @Test
  void anExplicitNullIsReplaced() {
    assertGetsClassOfSource(mutate(new Review().withClass(null)), "replace");
  }

  @Test
  void aDefaultedClassIsReplacedAndTheUserIsToldOfBoth() {
    var decision = mutate(new Review().withClass("standard").sentByUser("accessModes"));
    assertGetsClassOfSource(decision, "replace");
    assertThat(decision.warnings()).singleElement().asString().contains("standard");
  }

  @Test
  void aDefaultedClassThatIsTheSourcesStaysAsItIs() {
    assertUntouched(mutate(new Review().withClass("fast").sentByUser("accessModes")));
  }

  @Test
  void aClassThatTheUserNamedIsKept() {
    assertUntouched(mutate(new Review().withClass("slow").sentByUser("storageClassName")));
  }

  @Test
  void theLegacyAnnotationCountsAsNamedByTheUser() {
    assertUntouched(
        mutate(
            new Review()
                .annotated("volume.beta.kubernetes.io/storage-class", "slow")
                .sentByUser("accessModes")));
  }

  @Test
  void theEmptyClassIsLeftToBeRefused() {
    assertUntouched(mutate(new Review().withClass("").sentByUser("accessModes")));
    assertDenied(validate(new Review().withClass("")), RuleCode.NO_STORAGE_CLASS);
  }

  @Test
  void withoutManagedFieldsTheAppliedConfigurationIsTheEvidence() {
    assertGetsClassOfSource(
        mutate(
            new Review()
                .withClass("standard")
                .annotated(LAST_APPLIED, "{\"spec\":{\"accessModes\":[\"ReadWriteOnce\"]}}")),
        "replace");
    assertUntouched(
        mutate(
            new Review()
                .withClass("slow")
                .annotated(LAST_APPLIED, "{\"spec\":{\"storageClassName\":\"slow\"}}")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "nonsense", "[1]", "{", "null"})
  void withoutEvidenceTheClassIsTrusted(String applied) {
    assertUntouched(mutate(new Review().withClass("slow").annotated(LAST_APPLIED, applied)));
    assertUntouched(mutate(new Review().withClass("slow")));
  }

  @Test
  void aSourceThatDoesNotExistIsLeftToBeRefused() {
    var review = new Review().from("", "PersistentVolumeClaim", "nothing");
    assertUntouched(mutate(review));
    assertDenied(validate(review), RuleCode.SOURCE_NOT_FOUND);
  }

  @Test
  void whatTheServerWouldDropIsRefusedBeforeItIs() {
    assertDenied(mutate(new Review().fromRef("data", "team-b")), RuleCode.CROSS_NAMESPACE);
    assertDenied(
        mutate(new Review().from("v1", "PersistentVolumeClaim", "data")),
        RuleCode.UNKNOWN_DATA_SOURCE);
  }

  @Test
  void aReferenceIntoTheOwnNamespaceLosesTheNamespaceThatTheServerWouldDropItFor() {
    var decision = mutate(new Review().withClass("fast").fromRef("data", "team-a"));
    assertThat(decision).isInstanceOf(Decision.Patched.class);
    assertThat(((Decision.Patched) decision).patch())
        .containsExactly(
            PatchOperation.remove("/spec/dataSourceRef/namespace"),
            PatchOperation.add(
                "/spec/dataSource", Map.of("kind", "PersistentVolumeClaim", "name", "data")));
  }

  @Test
  void nothingIsLookedUpForAClaimThatIsNoClone() {
    int before = cluster.requests();
    try (var nobody = Clients.of("http://localhost:1");
        var cold = ClusterFacts.watchForAdmission(nobody, Duration.ofSeconds(2))) {
      var core = new AdmissionCore(cold, RulePolicy.defaults(), FailMode.DENY, JSON);
      assertUntouched(core.mutate(attempt(new Review().ordinary())));
      assertUntouched(core.validate(attempt(new Review().ordinary().withClass("none"))));
    }
    assertUntouched(mutate(new Review().from("snapshot.storage.k8s.io", "VolumeSnapshot", "s")));
    assertUntouched(validate(new Review().from("snapshot.storage.k8s.io", "VolumeSnapshot", "s")));
    assertThat(cluster.requests()).isEqualTo(before);
  }

  @Test
  void theNamespaceDecidesHowStrictlyItsClonesAreJudged() {
    try (var other = new Cluster();
        var watched = ClusterFacts.watchForAdmission(other.client, Duration.ofSeconds(20))) {
      other.hasNamespace(
          Map.of(
              "csi-clone.io/mode.SizeTooSmall", "warn",
              "csi-clone.io/mode.UnknownDataSource", "off",
              "csi-clone.io/mode.PreBound", "never"));
      await().atMost(Duration.ofSeconds(20)).until(watched::synced);
      var core = new AdmissionCore(watched, RulePolicy.defaults(), FailMode.DENY, JSON);
      var decision = core.validate(attempt(new Review().withClass("fast").sized("1Mi")));
      assertThat(decision).isInstanceOf(Decision.Allowed.class);
      assertThat(decision.warnings())
          .satisfiesExactly(
              warning -> assertThat(warning).startsWith("SizeTooSmall: "),
              warning ->
                  assertThat(warning)
                      .contains("csi-clone.io/mode.PreBound=never", "namespace team-a", "ignored"));
      assertThat(core.mutate(attempt(new Review().from("v1", "PersistentVolumeClaim", "data"))))
          .isInstanceOf(Decision.Allowed.class);
    }
  }

  @Test
  void onlyTheCreationOfAClaimIsJudged() {
    for (var change :
        List.of(
            Map.of("operation", "UPDATE"),
            Map.of("operation", "DELETE"),
            Map.of("subResource", "status"),
            Map.of("kind", Map.of("group", "", "version", "v1", "kind", "Pod")),
            Map.of(
                "kind",
                Map.of("group", "x.io", "version", "v1", "kind", "PersistentVolumeClaim")))) {
      var review = new Review().sized("1Mi");
      review.request.putAll(change);
      assertUntouched(validate(review));
      assertUntouched(mutate(review));
    }
  }

  @Test
  void aGoodCloneIsAdmittedAndABadOneRefused() {
    assertUntouched(validate(new Review().withClass("fast")));
    assertDenied(
        validate(new Review().withClass("slow").sized("1Mi")),
        RuleCode.NO_STORAGE_CLASS,
        RuleCode.SIZE_TOO_SMALL);
  }

  @Test
  void aCloneThatCannotBeJudgedInTimeIsRefusedOrAdmittedAsConfigured() throws IOException {
    try (var silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        var client = Clients.of("http://localhost:" + silent.getLocalPort());
        var unanswered = ClusterFacts.watchForAdmission(client, Duration.ofMillis(200))) {
      var strict = new AdmissionCore(unanswered, RulePolicy.defaults(), FailMode.DENY, JSON);
      assertThat(strict.validate(attempt(new Review().withClass("fast"))))
          .isInstanceOfSatisfying(
              Decision.Unjudged.class,
              unjudged ->
                  assertThat(unjudged.message())
                      .contains(
                          "team-a/copy", "200 ms", "the caches were not filled", "try again"));
      assertThat(strict.mutate(attempt(new Review()))).isInstanceOf(Decision.Unjudged.class);
      var lenient = new AdmissionCore(unanswered, RulePolicy.defaults(), FailMode.ALLOW, JSON);
      assertThat(lenient.validate(attempt(new Review().withClass("fast"))))
          .isInstanceOfSatisfying(
              Decision.Allowed.class,
              allowed ->
                  assertThat(allowed.warnings()).singleElement().asString().contains("200 ms"));
      assertThat(lenient.mutate(attempt(new Review()))).isInstanceOf(Decision.Allowed.class);
    }
  }
}
