package io.csiclone.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.csiclone.cluster.NodeCluster;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeFluent;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.storage.CSIDriverBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Clones that break a restriction are refused when they are created, each with its own reason. */
@ExtendWith(OnCluster.class)
class RejectedCloneIT {

  private KubernetesClient client;
  private TestNamespace namespace;

  @BeforeEach
  void aBoundSource(NodeCluster cluster) {
    client = cluster.client();
    namespace = TestNamespace.create(cluster);
    namespace.createBound(Claims.claim("pvc-1", "Filesystem").build());
  }

  @AfterEach
  void leavesTheNamespaceEmpty() {
    namespace.close();
  }

  private static PersistentVolumeClaimBuilder clone(String source) {
    return Claims.clone("pvc-1-clone", source, "Filesystem");
  }

  /** The clone must be refused with this code, in words that name these objects. */
  private void assertRefused(PersistentVolumeClaim clone, String code, String... named) {
    assertRefused(namespace.tryCreate(clone), clone, code, named);
  }

  private static void assertRefused(
      TestNamespace.Answer answer, PersistentVolumeClaim clone, String code, String... named) {
    assertThat(answer.created()).as("%s should have been refused", clone.getSpec()).isFalse();
    assertThat(answer.code()).as(answer.body()).isEqualTo(403);
    assertThat(answer.status().getMessage()).contains(code + ":").contains(named);
    assertThat(answer.status().getDetails().getCauses())
        .as("causes in %s", answer.body())
        .anySatisfy(cause -> assertThat(cause.getReason()).isEqualTo(code));
  }

  @Test
  void anAbsentSource() {
    assertRefused(clone("no-such-claim").build(), "SourceNotFound", "no-such-claim");
  }

  @Test
  void aSourceInAnotherNamespace() {
    assumeTrue(serverKnowsDataSourceRef(), "this server has no dataSourceRef");
    PersistentVolumeClaim clone =
        Claims.claim("pvc-1-clone", "Filesystem")
            .editSpec()
            .withNewDataSourceRef()
            .withKind("PersistentVolumeClaim")
            .withName("pvc-1")
            .withNamespace("elsewhere")
            .endDataSourceRef()
            .endSpec()
            .build();
    assertRefused(clone, "CrossNamespace", "elsewhere", namespace.name());
  }

  private boolean serverKnowsDataSourceRef() {
    var version = client.getKubernetesVersion();
    return Integer.parseInt(version.getMinor().replaceAll("\\D", "")) >= 26;
  }

  @Test
  void anotherStorageClass() {
    String other = withClass("reflink.csi-clone.io");
    assertRefused(
        clone("pvc-1").editSpec().withStorageClassName(other).endSpec().build(),
        "StorageClassMismatch",
        other,
        Claims.CLASS);
  }

  @Test
  void aClassOfAnInTreeProvisioner() {
    String inTree = withClass("kubernetes.io/aws-ebs");
    assertRefused(
        clone("pvc-1").editSpec().withStorageClassName(inTree).endSpec().build(),
        "SourceNotCsi",
        inTree,
        "kubernetes.io/aws-ebs");
  }

  @Test
  void aClassOfTheStaticProvisioner() {
    String statically = withClass("kubernetes.io/no-provisioner");
    assertRefused(
        clone("pvc-1").editSpec().withStorageClassName(statically).endSpec().build(),
        "StaticProvisioner",
        statically);
  }

  @Test
  void anEmptyClass() {
    assertRefused(
        clone("pvc-1").editSpec().withStorageClassName("").endSpec().build(),
        "NoStorageClass",
        "pvc-1-clone");
  }

  @Test
  void aSourceOnAnInTreeVolume() {
    String source =
        boundStatically(spec ->
            spec.withNewAwsElasticBlockStore()
                .withVolumeID("aws://zone/vol-0")
                .withFsType("ext4")
                .endAwsElasticBlockStore());
    assertRefused(clone(source).build(), "SourceNotCsi", source, "awsElasticBlockStore");
  }

  @Test
  void aSourceOnAFlexVolume() {
    String source =
        boundStatically(
            spec -> spec.withNewFlexVolume().withDriver("example.com/flex").endFlexVolume());
    assertRefused(clone(source).build(), "SourceNotCsi", source, "flexVolume");
  }

  @Test
  void aDriverThatSaysItCannotClone() {
    String driver = "no-clones." + namespace.name() + ".example.com";
    client
        .resource(
            new CSIDriverBuilder()
                .withNewMetadata()
                .withName(driver)
                .addToAnnotations("csi-clone.io/clone-volume", "false")
                .endMetadata()
                .withNewSpec()
                .withAttachRequired(false)
                .endSpec()
                .build())
        .create();
    String ofDriver = withClass(driver);
    String source =
        boundStatically(spec ->
            spec.withStorageClassName(ofDriver)
                .withNewCsi()
                .withDriver(driver)
                .withVolumeHandle("vol-0")
                .endCsi());
    assertRefused(
        clone(source).editSpec().withStorageClassName(ofDriver).endSpec().build(),
        "CloningUnsupported",
        driver);
  }

  @Test
  void aSourceThatIsNotBound() {
    namespace.create(
        Claims.claim("unbound", "Filesystem")
            .editSpec()
            .withStorageClassName(withClass("nobody.example.com"))
            .endSpec()
            .build());
    assertRefused(
        clone("unbound")
            .editSpec()
            .withStorageClassName(namespace.claim("unbound").getSpec().getStorageClassName())
            .endSpec()
            .build(),
        "SourceNotBound",
        "unbound",
        "Pending");
  }

  @Test
  void aSourceThatIsBeingDeleted() {
    // The finalizer of a pod that uses it keeps a deleted claim in the terminating state.
    try (TestPod user = namespace.run("user", "pvc-1")) {
      assertThat(user.sh("echo running")).isEqualTo("running");
      client.persistentVolumeClaims().inNamespace(namespace.name()).withName("pvc-1").delete();
      PersistentVolumeClaim clone = clone("pvc-1").build();
      // What allows a clone may be a moment old: each replica has to hear of the deletion first.
      await("refused once the webhook has heard of the deletion")
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(() ->
              assertRefused(namespace.tryCreateDry(clone), clone, "SourceTerminating", "pvc-1"));
    }
  }

  @Test
  void anotherVolumeMode() {
    assertRefused(
        Claims.clone("pvc-1-clone", "pvc-1", "Block").build(),
        "VolumeModeMismatch",
        "pvc-1",
        "Filesystem",
        "Block");
  }

  @Test
  void aSmallerSize() {
    assertRefused(Claims.sized(clone("pvc-1"), "32Mi"), "SizeTooSmall", "pvc-1", "32Mi", "64Mi");
  }

  @Test
  void anOrdinaryClaimIsNeverTouched() {
    PersistentVolumeClaim ordinary =
        Claims.claim("ordinary", "Filesystem")
            .editSpec()
            .withStorageClassName("no-such-class")
            .endSpec()
            .build();
    TestNamespace.Answer answer = namespace.create(ordinary);
    assertThat(answer.warnings()).isEmpty();
    PersistentVolumeClaim created = namespace.claim("ordinary");
    assertThat(created.getSpec().getStorageClassName()).isEqualTo("no-such-class");
    assertThat(created.getMetadata().getAnnotations()).isNullOrEmpty();
  }

  /** A class of that provisioner, for this test only. */
  private String withClass(String provisioner) {
    String name =
        provisioner.replaceAll("[^a-z0-9.-]", "-")
            + "-"
            + namespace.name()
            + "-"
            + System.nanoTime();
    client
        .resource(
            new StorageClassBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withProvisioner(provisioner)
                .build())
        .create();
    return name;
  }

  /** A volume of the given kind, bound to a claim that an administrator prepared. */
  private String boundStatically(
      java.util.function.UnaryOperator<
              PersistentVolumeFluent<PersistentVolumeBuilder>.SpecNested<PersistentVolumeBuilder>>
          kind) {
    String name = "static-" + namespace.name() + "-" + System.nanoTime();
    PersistentVolume volume =
        kind.apply(
                new PersistentVolumeBuilder()
                    .withNewMetadata()
                    .withName(name)
                    .endMetadata()
                    .withNewSpec()
                    .withStorageClassName(Claims.CLASS)
                    .addToCapacity("storage", new Quantity("64Mi"))
                    .withAccessModes("ReadWriteOnce")
                    .withPersistentVolumeReclaimPolicy("Retain")
                    .withNewClaimRef()
                    .withKind("PersistentVolumeClaim")
                    .withNamespace(namespace.name())
                    .withName(name)
                    .endClaimRef())
            .endSpec()
            .build();
    client.resource(volume).create();
    namespace.create(
        Claims.claim(name, "Filesystem")
            .editSpec()
            .withStorageClassName(volume.getSpec().getStorageClassName())
            .withVolumeName(name)
            .endSpec()
            .build());
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> "Bound".equals(namespace.claim(name).getStatus().getPhase()));
    return name;
  }
}
