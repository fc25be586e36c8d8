package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.csiclone.facts.ClusterFacts;
import io.csiclone.rules.Finding;
import io.csiclone.rules.RuleCode;
import io.csiclone.rules.RulePolicy;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.fabric8.zjsonpatch.JsonPatch;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Which class a clone gets and what becomes of its data source, judged by what real API servers
 * send: six ways to write a claim, each with all that a claim may say of its class.
 */
class RecordedReviewsTest {

  private static final String SOURCES = "csi-cloning";
  private static final String DEFAULT = "other-default";
  private static final List<String> WRITERS =
      List.of(
          "kubectl-create",
          "kubectl-apply",
          "kubectl-apply-server-side",
          "gitops-server-side",
          "gitops-client-side",
          "stateful-set");
  private static final KubernetesSerialization JSON = new KubernetesSerialization();
  private static final Answers ANSWERS = new Answers();

  private static Cluster cluster;
  private static ClusterFacts facts;

  @BeforeAll
  static void aClusterLikeTheRecordedOne() {
    cluster = new Cluster();
    for (var name : List.of(SOURCES, DEFAULT)) {
      cluster
          .client
          .resource(
              new StorageClassBuilder()
                  .withNewMetadata()
                  .withName(name)
                  .addToAnnotations(
                      "storageclass.kubernetes.io/is-default-class",
                      Boolean.toString(name.equals(DEFAULT)))
                  .endMetadata()
                  .withProvisioner("disk.example.com")
                  .build())
          .create();
    }
    cluster.hasBoundClaim("pvc-1", SOURCES, "pv-2", "64Mi");
    facts = ClusterFacts.watchForAdmission(cluster.client, Duration.ofSeconds(20));
    await().atMost(Duration.ofSeconds(20)).until(facts::synced);
  }

  @AfterAll
  static void stop() {
    facts.close();
    cluster.close();
  }

  private static AdmissionCore core(UnknownClassOrigin unknown) {
    return new AdmissionCore(facts, RulePolicy.defaults(), FailMode.DENY, unknown, JSON);
  }

  private static AdmissionAttempt read(Reviews reviews, byte[] body) {
    try {
      return reviews.read(new ByteArrayInputStream(body), body.length);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static AdmissionAttempt read(byte[] body) {
    return read(Reviews.ofWritten(), body);
  }

  private static AdmissionAttempt read(ObjectNode review) {
    return read(bytes(review));
  }

  private static byte[] bytes(ObjectNode review) {
    return review.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static Decision mutate(Recording recording) {
    return core(UnknownClassOrigin.TRUST).mutate(read(recording.bytes()));
  }

  private static Decision mutate(ObjectNode review) {
    return core(UnknownClassOrigin.TRUST).mutate(read(review));
  }

  private static Decision validate(ObjectNode review) {
    return core(UnknownClassOrigin.TRUST).validate(read(Reviews.ofStored(), bytes(review)));
  }

  private static void assertUntouched(Decision decision) {
    assertThat(decision).isEqualTo(new Decision.Allowed(List.of()));
  }

  private static void assertDenied(Decision decision, RuleCode... codes) {
    assertThat(decision).isInstanceOf(Decision.Denied.class);
    assertThat(((Decision.Denied) decision).findings())
        .extracting(Finding::code)
        .containsExactly(codes);
  }

  private static ObjectNode object(ObjectNode review) {
    return (ObjectNode) review.at("/request/object");
  }

  private static ObjectNode spec(ObjectNode review) {
    return (ObjectNode) review.at("/request/object/spec");
  }

  /** The review as it is sent next, with the answer's patch applied the way a server does it. */
  private static ObjectNode after(ObjectNode review, Decision decision) {
    var answer = JsonMapper.shared().readTree(ANSWERS.write(read(review), decision));
    var patch = Base64.getDecoder().decode(answer.at("/response/patch").asString());
    var patched = review.deepCopy();
    ((ObjectNode) patched.get("request"))
        .set("object", JsonPatch.apply(JsonMapper.shared().readTree(patch), object(review)));
    return patched;
  }

  /** The clone gets the class of its source, nothing else changes, and once is enough. */
  private static void assertInherits(ObjectNode review) {
    var decision = mutate(review);
    assertThat(decision).isInstanceOf(Decision.Patched.class);
    assertThat(decision.warnings()).singleElement().asString().contains(SOURCES, "pvc-1");
    var expected = review.deepCopy();
    spec(expected).put("storageClassName", SOURCES);
    var next = after(review, decision);
    assertThat(next).isEqualTo(expected);
    assertUntouched(mutate(next));
    assertUntouched(validate(next));
  }

  @Test
  void everyWriterIsRecordedWithAllThatAClaimMaySayOfItsClass() {
    var servers = Recording.all().stream().map(Recording::server).distinct().toList();
    assertThat(servers).isNotEmpty();
    for (var server : servers) {
      assertThat(Recording.all().stream().filter(r -> r.server().equals(server)))
          .extracting(Recording::name)
          .containsAll(
              WRITERS.stream()
                  .flatMap(writer ->
                      Stream.of(
                              "nothing",
                              "nothing-no-default",
                              "sources-class",
                              "default-class",
                              "empty-class",
                              "legacy-annotation")
                          .map(said -> writer + "." + said + ".mutate"))
                  .toList());
    }
  }

  static List<Recording> filledInByTheDefault() {
    return Recording.named(".*\\.nothing\\.mutate");
  }

  @ParameterizedTest
  @MethodSource("filledInByTheDefault")
  void theDefaultClassGivesWayToTheClassOfTheSource(Recording recording) {
    assertThat(spec(recording.review()).at("/storageClassName").asString())
        .as("the class that the server filled in")
        .isEqualTo(DEFAULT);
    assertThat(mutate(recording))
        .isEqualTo(
            new Decision.Patched(
                List.of(PatchOperation.replace("/spec/storageClassName", SOURCES)),
                List.of(
                    "storageClassName was set to csi-cloning, the class of the source claim pvc-1,"
                        + " in place of the default other-default")));
    assertInherits(recording.review());
  }

  static List<Recording> withoutAnyClass() {
    return Recording.named(".*\\.nothing-no-default\\.mutate");
  }

  @ParameterizedTest
  @MethodSource("withoutAnyClass")
  void noClassBecomesTheClassOfTheSource(Recording recording) {
    assertThat(spec(recording.review()).has("storageClassName")).isFalse();
    assertThat(mutate(recording))
        .isEqualTo(
            new Decision.Patched(
                List.of(PatchOperation.add("/spec/storageClassName", SOURCES)),
                List.of(
                    "storageClassName was set to csi-cloning, the class of the source claim"
                        + " pvc-1")));
    assertInherits(recording.review());
  }

  static List<Recording> sentAgain() {
    return Recording.named(".*\\.reinvoked");
  }

  @ParameterizedTest
  @MethodSource("sentAgain")
  void whatWasPatchedAndIsSentAgainStaysAsItIs(Recording recording) {
    assertThat(spec(recording.review()).at("/storageClassName").asString()).isEqualTo(SOURCES);
    assertUntouched(mutate(recording));
  }

  static List<Recording> stored() {
    return Recording.named(".*\\.nothing(-no-default)?\\.validate");
  }

  @ParameterizedTest
  @MethodSource("stored")
  void whatInheritedItsClassIsAdmitted(Recording recording) {
    assertThat(spec(recording.review()).at("/storageClassName").asString()).isEqualTo(SOURCES);
    assertUntouched(validate(recording.review()));
  }

  static List<Recording> theSourcesClass() {
    return Recording.named(
        "(?!shape\\.).*\\.(sources-class|legacy-annotation)\\.(mutate|validate)");
  }

  @ParameterizedTest
  @MethodSource("theSourcesClass")
  void theClassOfTheSourceIsKeptInTheFieldAndInTheLegacyAnnotation(Recording recording) {
    assertUntouched(mutate(recording));
    assertUntouched(validate(recording.review()));
  }

  static List<Recording> theDefaultByName() {
    return Recording.named(".*\\.default-class\\.(mutate|validate)");
  }

  @ParameterizedTest
  @MethodSource("theDefaultByName")
  void theDefaultClassIsKeptWhenTheUserNamedItAndThenRefused(Recording recording) {
    assertUntouched(mutate(recording));
    assertDenied(validate(recording.review()), RuleCode.STORAGE_CLASS_MISMATCH);
  }

  static List<Recording> theEmptyClass() {
    return Recording.named(".*\\.empty-class\\.(mutate|validate)");
  }

  @ParameterizedTest
  @MethodSource("theEmptyClass")
  void theEmptyClassIsLeftAsItIsAndThenRefused(Recording recording) {
    assertUntouched(mutate(recording));
    assertDenied(validate(recording.review()), RuleCode.NO_STORAGE_CLASS);
  }

  /** As it comes from a server that does not track who set which field. */
  private static ObjectNode untracked(String name) {
    var review = Recording.named(name).getFirst().review();
    ((ObjectNode) object(review).get("metadata")).remove("managedFields");
    return review;
  }

  @ParameterizedTest
  @ValueSource(strings = {"kubectl-apply", "gitops-client-side"})
  void withoutManagedFieldsTheAppliedConfigurationTells(String writer) {
    assertInherits(untracked(writer + ".nothing.mutate"));
    assertInherits(untracked(writer + ".nothing-no-default.mutate"));
    assertUntouched(mutate(untracked(writer + ".sources-class.mutate")));
    assertUntouched(mutate(untracked(writer + ".default-class.mutate")));
    assertUntouched(mutate(untracked(writer + ".empty-class.mutate")));
  }

  @Test
  void withoutAnyEvidenceTheSettingDecides() {
    var filledIn = read(untracked("kubectl-create.nothing.mutate"));
    var sources = read(untracked("kubectl-create.sources-class.mutate"));

    assertUntouched(core(UnknownClassOrigin.TRUST).mutate(filledIn));
    assertThat(core(UnknownClassOrigin.COMPARE).mutate(filledIn))
        .isInstanceOfSatisfying(
            Decision.Patched.class,
            patched ->
                assertThat(patched.patch())
                    .containsExactly(PatchOperation.replace("/spec/storageClassName", SOURCES)));
    var refused = core(UnknownClassOrigin.REFUSE).mutate(filledIn);
    assertDenied(refused, RuleCode.STORAGE_CLASS_MISMATCH);
    assertThat(((Decision.Denied) refused).findings().getFirst().message())
        .contains("team-a/kubectl-create-nothing", DEFAULT, SOURCES, "csi-clone.io/keep-class");

    var other = untracked("kubectl-create.nothing.mutate");
    spec(other).put("storageClassName", "fast");
    assertUntouched(core(UnknownClassOrigin.COMPARE).mutate(read(other)));
  }

  @ParameterizedTest
  @EnumSource
  void withoutAnyEvidenceTheClassOfTheSourceIsAlwaysRight(UnknownClassOrigin unknown) {
    assertUntouched(core(unknown).mutate(read(untracked("kubectl-create.sources-class.mutate"))));
    assertUntouched(core(unknown).mutate(read(untracked("kubectl-create.empty-class.mutate"))));
  }

  @ParameterizedTest
  @EnumSource
  void aUserCanKeepTheClassThatSomebodyElseWrote(UnknownClassOrigin unknown) {
    for (var review :
        List.of(
            Recording.named("kubectl-create.nothing.mutate").getFirst().review(),
            untracked("kubectl-create.nothing.mutate"))) {
      ((ObjectNode) object(review).get("metadata"))
          .putObject("annotations")
          .put("csi-clone.io/keep-class", "true");
      assertUntouched(core(unknown).mutate(read(review)));
    }
  }

  @Test
  void aDefaultThatAControllerAssignsLaterGivesWayToTheClassOfTheSource() {
    var review = Recording.named("controller\\.assigns-default\\.mutate").getFirst().review();
    assertThat(review.at("/request/operation").asString()).isEqualTo("UPDATE");
    assertInherits(review);
    // Where the webhook is asked too late to mend it, it says no.
    assertDenied(validate(review), RuleCode.STORAGE_CLASS_MISMATCH);
  }

  @Test
  void aClassThatAUserAssignsLaterIsKeptAndJudged() {
    var review = Recording.named("user\\.assigns-class\\.mutate").getFirst().review();
    assertUntouched(mutate(review));
    assertDenied(validate(review), RuleCode.STORAGE_CLASS_MISMATCH);
    spec(review).put("storageClassName", SOURCES);
    assertUntouched(validate(review));
  }

  @Test
  void aCloneThatExistsIsNotRefusedItsClassForAnythingElse() {
    var review = Recording.named("user\\.assigns-class\\.mutate").getFirst().review();
    spec(review).put("storageClassName", SOURCES);
    ((ObjectNode) spec(review).at("/resources/requests")).put("storage", "1Mi");
    assertUntouched(validate(review));
  }

  @Test
  void noOtherUpdateOfACloneIsLookedAt() {
    var review = Recording.named("user\\.assigns-class\\.mutate").getFirst().review();
    ((ObjectNode) review.at("/request/oldObject/spec")).put("storageClassName", DEFAULT);
    assertThat(read(review).claim()).isNull();

    var bound = Recording.named("user\\.assigns-class\\.mutate").getFirst().review();
    spec(bound).put("volumeName", "pv-7");
    assertThat(read(bound).claim()).isNull();

    var without = Recording.named("user\\.assigns-class\\.mutate").getFirst().review();
    ((ObjectNode) without.get("request")).putNull("oldObject");
    assertThat(read(without).claim()).isNull();
  }

  @Test
  void aDryRunIsAnsweredLikeTheRealThing() {
    var recording = Recording.named("kubectl-create\\.dry-run\\.mutate").getFirst();
    assertThat(recording.review().at("/request/dryRun").asBoolean()).isTrue();
    assertInherits(recording.review());
  }

  private static ObjectNode shape(String name) {
    return Recording.named("shape\\." + name + "\\.mutate").getFirst().review();
  }

  @ParameterizedTest
  @ValueSource(strings = {"ordinary", "snapshot"})
  void whatIsNoCloneIsLeftAlone(String shape) {
    assertUntouched(mutate(shape(shape)));
    assertUntouched(validate(shape(shape)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"unknown-kind", "claim-of-a-group"})
  void aDataSourceThatTheServerWouldEmptyIsRefusedBeforeItDoes(String shape) {
    var decision = mutate(shape(shape));
    assertDenied(decision, RuleCode.UNKNOWN_DATA_SOURCE);
    assertThat(((Decision.Denied) decision).findings().getFirst().message())
        .contains("drops", "empty volume", "dataSourceRef");
  }

  @Test
  void aVolumeOfItsOwnChoiceIsRefused() {
    assertUntouched(mutate(shape("named-volume")));
    assertDenied(validate(shape("named-volume")), RuleCode.PRE_BOUND);
  }

  @Test
  void allThatIsWrongIsSaidTogether() {
    assertDenied(
        validate(shape("block-with-selector")),
        RuleCode.SELECTOR_SET,
        RuleCode.VOLUME_MODE_MISMATCH);
  }

  /** A server that does not know the field has dropped it before anybody is asked. */
  @ParameterizedTest
  @ValueSource(strings = {"reference", "reference-with-namespace"})
  void aServerWithoutDataSourceRefSendsAnOrdinaryClaim(String shape) {
    var old =
        Recording.named("shape\\." + shape + "\\.mutate").stream()
            .filter(recording -> recording.server().startsWith("v1.20."))
            .toList();
    assertThat(old).isNotEmpty();
    for (var recording : old) {
      assertThat(recording.body()).doesNotContain("dataSourceRef");
      assertUntouched(mutate(recording));
    }
  }

  /** As a server from 1.22 on sends it in the mutating phase, whatever it does with it later. */
  private static ObjectNode newer(String shape, String namespace) {
    var review = shape(shape);
    spec(review).remove("dataSource");
    var ref = spec(review).putObject("dataSourceRef");
    ref.putNull("apiGroup").put("kind", "PersistentVolumeClaim").put("name", "pvc-1");
    if (!namespace.isEmpty()) {
      ref.put("namespace", namespace);
    }
    return review;
  }

  @Test
  void aReferenceIntoAnotherNamespaceIsRefusedBeforeTheServerCanDropIt() {
    var decision = mutate(newer("both", "team-b"));
    assertDenied(decision, RuleCode.CROSS_NAMESPACE);
    assertThat(((Decision.Denied) decision).findings().getFirst().message())
        .contains("team-a/shape-both", "team-b");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "team-a"})
  void aReferenceIsWrittenIntoBothFieldsAndLosesTheNamespaceItMightBeDroppedFor(String namespace) {
    var review = newer("both", namespace);
    var decision = mutate(review);
    assertThat(decision).isInstanceOf(Decision.Patched.class);
    var next = after(review, decision);
    assertThat(spec(next).get("dataSource")).isEqualTo(spec(next).get("dataSourceRef"));
    assertThat(spec(next).get("dataSourceRef").has("namespace")).isFalse();
    assertUntouched(mutate(next));
    assertUntouched(validate(next));
  }

  @Test
  void ofASnapshotInAnotherNamespaceTheUserIsWarned() {
    var review = newer("snapshot", "team-b");
    ((ObjectNode) spec(review).get("dataSourceRef"))
        .put("apiGroup", "snapshot.storage.k8s.io")
        .put("kind", "VolumeSnapshot");
    assertThat(mutate(review))
        .isInstanceOfSatisfying(
            Decision.Allowed.class,
            allowed ->
                assertThat(allowed.warnings())
                    .singleElement()
                    .asString()
                    .contains("CrossNamespaceVolumeDataSource", "empty"));
  }
}
