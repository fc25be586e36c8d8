package io.csiclone.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.cluster.NodeCluster;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The seed procedure, for either volume mode. */
@ExtendWith(OnCluster.class)
abstract class CloneProcedure {

  private final String volumeMode;

  TestNamespace namespace;

  CloneProcedure(String volumeMode) {
    this.volumeMode = volumeMode;
  }

  /** A shell line that puts fresh random bytes into the volume of {@code claim}. */
  abstract String writeRandom(String claim);

  /** A shell line that prints a digest of all that was written into the volume of {@code claim}. */
  abstract String digest(String claim);

  /** A shell line that prints the size in bytes that the pod sees of the volume. */
  abstract String size(String claim);

  @BeforeEach
  void aNamespaceOfItsOwn(NodeCluster cluster) {
    namespace = TestNamespace.create(cluster);
  }

  @AfterEach
  void leavesTheNamespaceEmpty() {
    namespace.close();
  }

  /** Makes {@code pvc-1}, writes into it and returns the digest of what was written. */
  private String makeSource() {
    namespace.createBound(Claims.claim("pvc-1", volumeMode).build());
    try (TestPod pod = namespace.run("writer", "pvc-1")) {
      pod.sh(writeRandom("pvc-1"));
      return pod.sh(digest("pvc-1"));
    }
  }

  private String digestIn(String claim) {
    try (TestPod pod = namespace.run("reader-of-" + claim, claim)) {
      return pod.sh(digest(claim));
    }
  }

  @Test
  void aClaimOfTheClassIsBoundAndAPodWritesIntoIt() {
    PersistentVolumeClaim claim = namespace.createBound(Claims.claim("pvc-1", volumeMode).build());
    assertThat(claim.getSpec().getStorageClassName()).isEqualTo(Claims.CLASS);
    assertThat(namespace.volumeOf("pvc-1").getSpec().getCsi().getDriver())
        .isEqualTo("reflink.csi-clone.io");
    try (TestPod pod = namespace.run("mypod", "pvc-1")) {
      String before = pod.sh(digest("pvc-1"));
      pod.sh(writeRandom("pvc-1"));
      assertThat(pod.sh(digest("pvc-1"))).isNotEqualTo(before);
    }
  }

  @Test
  void aCloneHoldsTheBytesOfItsSource() {
    String written = makeSource();
    namespace.createBound(Claims.clone("pvc-1-clone", "pvc-1", volumeMode).build());
    try (TestPod mypod = namespace.run("mypod", "pvc-1-clone")) {
      assertThat(mypod.sh(digest("pvc-1-clone"))).isEqualTo(written);
    }
  }

  @Test
  void aCloneThatNamesNoClassGetsItsSourcesClassAndAWarning() {
    makeSource();
    PersistentVolumeClaim clone =
        Claims.clone("pvc-1-clone", "pvc-1", volumeMode)
            .editSpec()
            .withStorageClassName(null)
            .endSpec()
            .build();
    TestNamespace.Answer answer = namespace.create(clone);
    assertThat(answer.warnings())
        .as("warnings")
        .anySatisfy(
            w -> assertThat(w).contains(Claims.CLASS, "pvc-1", OnCluster.OTHER_DEFAULT_CLASS));
    assertThat(namespace.awaitBound("pvc-1-clone").getSpec().getStorageClassName())
        .isEqualTo(Claims.CLASS);
  }

  @Test
  void sourceAndCloneMountedSideBySideChangeIndependently() {
    String written = makeSource();
    namespace.createBound(Claims.clone("pvc-1-clone", "pvc-1", volumeMode).build());
    try (TestPod pod = namespace.run("both", "pvc-1", "pvc-1-clone")) {
      pod.sh(writeRandom("pvc-1-clone"));
      String clone = pod.sh(digest("pvc-1-clone"));
      assertThat(clone).as("the clone after a write to it").isNotEqualTo(written);
      assertThat(pod.sh(digest("pvc-1"))).as("the source").isEqualTo(written);

      pod.sh(writeRandom("pvc-1"));
      assertThat(pod.sh(digest("pvc-1"))).as("the source after a write").isNotEqualTo(written);
      assertThat(pod.sh(digest("pvc-1-clone"))).as("the clone").isEqualTo(clone);
    }
  }

  @Test
  void aCloneIsItselfClonedAndOutlivesItsSource() {
    String written = makeSource();
    namespace.createBound(Claims.clone("pvc-1-clone", "pvc-1", volumeMode).build());
    namespace.deleteClaim("pvc-1");
    assertThat(digestIn("pvc-1-clone")).as("the clone without its source").isEqualTo(written);

    namespace.createBound(Claims.clone("grandchild", "pvc-1-clone", volumeMode).build());
    namespace.deleteClaim("pvc-1-clone");
    assertThat(digestIn("grandchild")).as("the clone of the clone").isEqualTo(written);
  }

  @Test
  void aDeletedCloneLeavesNothingBehind() {
    makeSource();
    namespace.createBound(Claims.clone("pvc-1-clone", "pvc-1", volumeMode).build());
    digestIn("pvc-1-clone");
    DriverPod driver = DriverPod.on(namespace.cluster());
    String source = namespace.volumeHandleOf("pvc-1");
    String clone = namespace.volumeHandleOf("pvc-1-clone");
    assertThat(driver.tracesOf(clone)).as("traces while it exists").isNotEmpty();

    namespace.deleteClaim("pvc-1-clone");

    assertThat(driver.tracesOf(clone)).as("files, loop devices and mounts").isEmpty();
    assertThat(driver.tracesOf(source)).as("the source's files").isNotEmpty();
    assertThat(namespace.claim("pvc-1").getMetadata().getFinalizers())
        .as("finalizers of the source")
        .containsExactly("kubernetes.io/pvc-protection");
  }

  @Test
  void aLargerCloneHasItsOwnSizeAndHoldsTheBytes() {
    String written = makeSource();
    namespace.createBound(Claims.sized(Claims.clone("larger", "pvc-1", volumeMode), "192Mi"));
    assertThat(namespace.claim("larger").getStatus().getCapacity().get("storage"))
        .hasToString("192Mi");
    try (TestPod pod = namespace.run("both", "pvc-1", "larger")) {
      assertThat(pod.sh(digest("larger"))).isEqualTo(written);
      long source = Long.parseLong(pod.sh(size("pvc-1")));
      long larger = Long.parseLong(pod.sh(size("larger")));
      // A filesystem's own bookkeeping takes its share; without growth the sizes would be equal.
      assertThat(larger).isBetween(source * 5 / 2, 192L << 20);
    }
  }
}
