package io.csiclone.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.csiclone.cluster.NodeCluster;
import io.csiclone.it.ClaimWriter.Written;
import io.csiclone.it.ReviewRecorder.Recorded;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimSpec;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionReview;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Which storage class a clone gets, however it is written and whatever it says of its class, on a
 * cluster whose default class is another. The reviews that come of it are the ones that the
 * webhook's own tests read.
 */
@ExtendWith(OnCluster.class)
class ClassDefaultingIT {

  private static final String NAMESPACE = "team-a";
  private static final String SOURCE = "pvc-1";
  private static final String DEFAULT_MARK = "storageclass.kubernetes.io/is-default-class";
  private static final String CONTROLLER =
      "system:serviceaccount:kube-system:persistent-volume-binder";

  private static NodeCluster cluster;
  private static KubernetesClient client;
  private static TestNamespace namespace;
  private static ReviewRecorder recorder;
  private static RecordedReviews reviews;

  /** What a claim may say of its class. */
  enum Said {
    NOTHING(null),
    SOURCES_CLASS(Claims.CLASS),
    DEFAULT_CLASS(OnCluster.OTHER_DEFAULT_CLASS),
    EMPTY_CLASS(""),
    LEGACY_ANNOTATION(null);

    private final @Nullable String className;

    Said(@Nullable String className) {
      this.className = className;
    }

    PersistentVolumeClaim clone(String name) {
      var clone =
          Claims.clone(name, SOURCE, "Filesystem")
              .editSpec()
              .withStorageClassName(className)
              .endSpec();
      return this == LEGACY_ANNOTATION
          ? clone
              .editMetadata()
              .addToAnnotations("volume.beta.kubernetes.io/storage-class", Claims.CLASS)
              .endMetadata()
              .build()
          : clone.build();
    }

    String id() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  @BeforeAll
  static void record(NodeCluster shared, @TempDir Path folder) {
    cluster = shared;
    client = shared.client();
    namespace = TestNamespace.named(shared, NAMESPACE);
    namespace.createBound(Claims.claim(SOURCE, "Filesystem").build());
    recorder = ReviewRecorder.start(shared, NAMESPACE, folder);
    reviews =
        new RecordedReviews(
            Path.of(System.getProperty("csiclone.root", "..")),
            client.getKubernetesVersion().getGitVersion());
  }

  @AfterAll
  static void leaveNothing() {
    recorder.close();
    client.apps().statefulSets().inNamespace(NAMESPACE).delete();
    namespace.close();
  }

  private static List<Recorded> reviewsOf(String claim, String operation) {
    return recorder.recorded().stream()
        .filter(review -> review.body().contains("\"name\":\"" + claim + "\""))
        .filter(review -> review.body().contains("\"operation\":\"" + operation + "\""))
        .toList();
  }

  private static void keepCreation(String claim, String as) {
    keep(reviewsOf(claim, "CREATE"), as);
  }

  /** The first of each phase, and the second of the mutating one if the object changed between. */
  private static void keep(List<Recorded> sent, String as) {
    var mutating = sent.stream().filter(review -> review.phase().equals("mutate")).toList();
    assertThat(mutating).as("mutating reviews for %s", as).isNotEmpty();
    reviews.keep(as + ".mutate", mutating.getFirst());
    if (mutating.size() > 1 && !spec(mutating.get(1)).equals(spec(mutating.getFirst()))) {
      reviews.keep(as + ".reinvoked", mutating.get(1));
    }
    sent.stream()
        .filter(review -> review.phase().equals("validate"))
        .findFirst()
        .ifPresent(review -> reviews.keep(as + ".validate", review));
  }

  private static PersistentVolumeClaimSpec spec(Recorded review) {
    var sent = client.getKubernetesSerialization().unmarshal(review.body(), AdmissionReview.class);
    return ((PersistentVolumeClaim) sent.getRequest().getObject()).getSpec();
  }

  private static Written write(ClaimWriter writer, Said said, String suffix) {
    var written = writer.write(namespace, said.clone(writer.id() + "-" + said.id() + suffix));
    keepCreation(written.claim(), writer.id() + "." + said.id() + suffix);
    return written;
  }

  private static void assertStored(Written written, @Nullable String className) {
    assertThat(written.accepted()).as(written.said()).isTrue();
    assertThat(namespace.claim(written.claim()).getSpec().getStorageClassName())
        .as("storage class of %s", written.claim())
        .isEqualTo(className);
  }

  private static void assertRefused(Written written, String... said) {
    assertThat(written.accepted()).as("%s was accepted", written.claim()).isFalse();
    assertThat(written.said()).contains(said);
  }

  @ParameterizedTest
  @EnumSource
  void withoutAClassItGetsThatOfItsSourceInPlaceOfTheDefault(ClaimWriter writer) {
    var written = write(writer, Said.NOTHING, "");
    assertStored(written, Claims.CLASS);
    if (writer.id().startsWith("kubectl")) {
      assertThat(written.said())
          .contains("Warning:", Claims.CLASS, OnCluster.OTHER_DEFAULT_CLASS, SOURCE);
    }
  }

  @ParameterizedTest
  @EnumSource
  void theClassOfTheSourceIsKept(ClaimWriter writer) {
    var written = write(writer, Said.SOURCES_CLASS, "");
    assertStored(written, Claims.CLASS);
    assertThat(written.said()).doesNotContain("storageClassName was set");
  }

  @ParameterizedTest
  @EnumSource
  void theDefaultClassIsKeptAndRefusedWhenTheUserNamedIt(ClaimWriter writer) {
    assertRefused(
        write(writer, Said.DEFAULT_CLASS, ""),
        "StorageClassMismatch",
        OnCluster.OTHER_DEFAULT_CLASS,
        Claims.CLASS);
  }

  @ParameterizedTest
  @EnumSource
  void theEmptyClassIsRefused(ClaimWriter writer) {
    assertRefused(write(writer, Said.EMPTY_CLASS, ""), "NoStorageClass");
  }

  @ParameterizedTest
  @EnumSource
  void theLegacyAnnotationIsHonoured(ClaimWriter writer) {
    var written = write(writer, Said.LEGACY_ANNOTATION, "");
    assertStored(written, null);
    namespace.awaitBound(written.claim());
  }

  @ParameterizedTest
  @EnumSource
  void withoutAnyDefaultItGetsTheClassOfItsSourceToo(ClaimWriter writer) {
    withoutDefaultClass(
        () -> assertStored(write(writer, Said.NOTHING, "-no-default"), Claims.CLASS));
  }

  /** A class that a controller gives later, because there was no default when it was created. */
  @Test
  void aDefaultThatComesLaterIsReplacedByTheClassOfTheSource() {
    withoutDefaultClass(() ->
        withoutOurHooks(() ->
            assertStored(
                ClaimWriter.KUBECTL_CREATE.write(namespace, Said.NOTHING.clone("late")), null)));
    try (var controller = as(CONTROLLER)) {
      assignClass(controller, "late");
    }
    keep(
        assignments("late").stream().filter(review -> review.body().contains(CONTROLLER)).toList(),
        "controller.assigns-default");
    assignClass(client, "late");
    keep(
        assignments("late").stream().filter(review -> !review.body().contains(CONTROLLER)).toList(),
        "user.assigns-class");
    // Before 1.25 a server lets nobody give a claim a class later; then there is nothing to catch.
    assertThat(namespace.claim("late").getSpec().getStorageClassName())
        .isEqualTo(minorVersion() >= 26 ? Claims.CLASS : null);
  }

  private static void assignClass(KubernetesClient writer, String claim) {
    var changed =
        new PersistentVolumeClaimBuilder(namespace.claim(claim))
            .editSpec()
            .withStorageClassName(OnCluster.OTHER_DEFAULT_CLASS)
            .endSpec()
            .build();
    try {
      writer.resource(changed).update();
    } catch (KubernetesClientException e) {
      assertThat(e.getCode()).as(e.getMessage()).isEqualTo(422);
    }
  }

  private static List<Recorded> assignments(String claim) {
    return reviewsOf(claim, "UPDATE").stream()
        .filter(review -> OnCluster.OTHER_DEFAULT_CLASS.equals(spec(review).getStorageClassName()))
        .toList();
  }

  private static KubernetesClient as(String user) {
    Config config =
        new ConfigBuilder(client.getConfiguration())
            .withUserAgent("kube-controller-manager")
            .withImpersonateUsername(user)
            .withImpersonateGroups(
                "system:serviceaccounts",
                "system:serviceaccounts:kube-system",
                "system:authenticated")
            .build();
    return new KubernetesClientBuilder().withConfig(config).build();
  }

  @Test
  void aDryRunOnTheServerSaysTheSameAndWritesNothing() {
    var clone = Said.NOTHING.clone("dry");
    var admitted =
        ClaimWriter.kubectl(namespace, clone, "create", "--dry-run=server", "-o", "yaml");
    assertThat(admitted.accepted()).as(admitted.said()).isTrue();
    assertThat(admitted.said()).contains("storageClassName: " + Claims.CLASS, "Warning:");
    keepCreation("dry", "kubectl-create.dry-run");

    var refused = Claims.sized(new PersistentVolumeClaimBuilder(clone), "32Mi");
    var dry = ClaimWriter.kubectl(namespace, refused, "create", "--dry-run=server");
    var real = ClaimWriter.kubectl(namespace, refused, "create");
    assertThat(dry.accepted()).isFalse();
    assertThat(dry.said()).contains("SizeTooSmall").isEqualTo(real.said());
    assertThat(client.persistentVolumeClaims().inNamespace(NAMESPACE).withName("dry").get())
        .isNull();
  }

  /** Whatever else a claim may say of its data source, as this server passes it on. */
  @Test
  void otherShapesAreRecorded() {
    shape("ordinary", claim -> claim.editSpec().withDataSource(null).endSpec());
    shape(
        "snapshot",
        claim ->
            claim
                .editSpec()
                .withNewDataSource("snapshot.storage.k8s.io", "VolumeSnapshot", "snap")
                .endSpec());
    shape(
        "unknown-kind",
        claim -> claim.editSpec().withNewDataSource("example.com", "Golden", "image").endSpec());
    shape(
        "claim-of-a-group",
        claim ->
            claim.editSpec().withNewDataSource("v1", "PersistentVolumeClaim", SOURCE).endSpec());
    shape(
        "reference",
        claim ->
            claim
                .editSpec()
                .withDataSource(null)
                .withNewDataSourceRef(null, "PersistentVolumeClaim", SOURCE, null)
                .endSpec());
    shape(
        "reference-with-namespace",
        claim ->
            claim
                .editSpec()
                .withDataSource(null)
                .withNewDataSourceRef(null, "PersistentVolumeClaim", SOURCE, "team-b")
                .endSpec());
    shape(
        "both",
        claim ->
            claim
                .editSpec()
                .withNewDataSourceRef(null, "PersistentVolumeClaim", SOURCE, null)
                .endSpec());
    shape("named-volume", claim -> claim.editSpec().withVolumeName("pv-1").endSpec());
    shape(
        "block-with-selector",
        claim ->
            claim
                .editSpec()
                .withVolumeMode("Block")
                .withNewSelector()
                .addToMatchLabels("tier", "gold")
                .endSelector()
                .endSpec());
  }

  private static void shape(String name, UnaryOperator<PersistentVolumeClaimBuilder> change) {
    var claim =
        change.apply(new PersistentVolumeClaimBuilder(Said.SOURCES_CLASS.clone("shape-" + name)));
    ClaimWriter.KUBECTL_CREATE.write(namespace, claim.build());
    keepCreation("shape-" + name, "shape." + name);
  }

  private static void withoutDefaultClass(Runnable work) {
    markDefault("false");
    try {
      work.run();
    } finally {
      markDefault("true");
    }
  }

  private static void markDefault(String mark) {
    client
        .storage()
        .v1()
        .storageClasses()
        .withName(OnCluster.OTHER_DEFAULT_CLASS)
        .edit(c ->
            c.edit().editMetadata().addToAnnotations(DEFAULT_MARK, mark).endMetadata().build());
    var expected = mark.equals("true") ? OnCluster.OTHER_DEFAULT_CLASS : null;
    awaitDryRun(
        Claims.claim("which-default", "Filesystem")
            .editSpec()
            .withStorageClassName(null)
            .endSpec()
            .build(),
        claim -> Objects.equals(claim.getSpec().getStorageClassName(), expected));
  }

  private static void withoutOurHooks(Runnable work) {
    var admission = client.admissionRegistration().v1();
    var mutating = admission.mutatingWebhookConfigurations().withName("csi-clone-webhook").get();
    var validating =
        admission.validatingWebhookConfigurations().withName("csi-clone-webhook").get();
    client.resource(mutating).delete();
    client.resource(validating).delete();
    var bad = Claims.clone("bad", "no-such-source", "Filesystem").build();
    try {
      awaitDryRun(bad, _ -> true);
      work.run();
    } finally {
      mutating.getMetadata().setResourceVersion(null);
      validating.getMetadata().setResourceVersion(null);
      client.resource(mutating).create();
      client.resource(validating).create();
      await().atMost(Duration.ofSeconds(30)).until(() -> !accepted(bad, _ -> true));
    }
  }

  private static void awaitDryRun(
      PersistentVolumeClaim claim, Predicate<PersistentVolumeClaim> as) {
    await().atMost(Duration.ofSeconds(30)).until(() -> accepted(claim, as));
  }

  private static boolean accepted(
      PersistentVolumeClaim claim, Predicate<PersistentVolumeClaim> as) {
    try {
      return as.test(client.resource(claim).inNamespace(NAMESPACE).dryRun(true).create());
    } catch (KubernetesClientException e) {
      return false;
    }
  }

  private static int minorVersion() {
    return Integer.parseInt(client.getKubernetesVersion().getMinor().replaceAll("\\D", ""));
  }
}
