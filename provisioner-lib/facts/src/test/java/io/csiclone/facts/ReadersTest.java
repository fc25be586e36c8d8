package io.csiclone.facts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.csiclone.rules.DataSource;
import io.csiclone.rules.DriverFacts;
import io.csiclone.rules.DriverFacts.CloneSupport;
import io.csiclone.rules.VolumeMode;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.storage.CSIDriverBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReadersTest {

  private static PersistentVolumeClaim asking(String size) {
    return new PersistentVolumeClaimBuilder(Cluster.copy())
        .editSpec()
        .editResources()
        .withRequests(Map.of("storage", new Quantity(size)))
        .endResources()
        .endSpec()
        .build();
  }

  @ParameterizedTest
  @CsvSource({
    "1Gi,1073741824",
    "1G,1000000000",
    "1500M,1500000000",
    "0.5Gi,536870912",
    "1e3,1000",
    "1,1",
    "1100m,2",
    "100Ei,9223372036854775807",
    "1e30,9223372036854775807",
    "1e999999999,9223372036854775807",
    "1e-3,1"
  })
  void sizesAreBytesRoundedUp(String size, long bytes) {
    assertThat(ClaimReader.clone(asking(size)).requestBytes()).isEqualTo(bytes);
  }

  @Test
  void aSizeThatIsNoneIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ClaimReader.clone(asking("plenty")))
        .withMessageContaining("plenty");
  }

  @Test
  void anEmptyClaimHasFactsToo() {
    var facts =
        ClaimReader.clone(
            new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withNamespace("team-a")
                .endMetadata()
                .build());
    assertThat(facts.name()).isEmpty();
    assertThat(facts.cloneSource()).isEmpty();
    assertThat(facts.requestBytes()).isZero();
    assertThat(facts.storageClassName()).isNull();
    assertThat(facts.volumeMode()).isEqualTo(VolumeMode.FILESYSTEM);
  }

  @Test
  void theLegacyAnnotationNamesTheClassWhateverTheFieldSays() {
    var claim =
        new PersistentVolumeClaimBuilder(Cluster.copy())
            .editMetadata()
            .addToAnnotations("volume.beta.kubernetes.io/storage-class", "old")
            .endMetadata()
            .build();
    assertThat(ClaimReader.storageClass(claim)).isEqualTo("old");
    assertThat(ClaimReader.storageClass(Cluster.copy())).isEqualTo("fast");
  }

  @Test
  void bothDataSourcesAreReadAsWritten() {
    var claim =
        new PersistentVolumeClaimBuilder(Cluster.copy())
            .editSpec()
            .withNewDataSourceRef("example.com", "Image", "disk", "team-b")
            .withVolumeMode("Block")
            .withNewSelector()
            .endSelector()
            .endSpec()
            .build();
    var facts = ClaimReader.clone(claim);
    assertThat(facts.dataSource())
        .isEqualTo(new DataSource(null, "PersistentVolumeClaim", "data", null));
    assertThat(facts.dataSourceRef())
        .isEqualTo(new DataSource("example.com", "Image", "disk", "team-b"));
    assertThat(facts.volumeMode()).isEqualTo(VolumeMode.BLOCK);
    assertThat(facts.hasSelector()).isTrue();
  }

  @Test
  void aVolumeIsTheSourcesOnlyByNamespaceNameAndUid() {
    var volume = Cluster.volume();
    assertThat(VolumeReader.volume(volume, Source.of(Cluster.source())).boundToSource()).isTrue();
    var another =
        new PersistentVolumeClaimBuilder(Cluster.source())
            .editMetadata()
            .withUid("uid-2")
            .endMetadata()
            .build();
    assertThat(VolumeReader.volume(volume, Source.of(another)).boundToSource()).isFalse();
  }

  @Test
  void aVolumeThatIsNotCsiIsNamedByItsPlugin() {
    var flex =
        new PersistentVolumeBuilder(Cluster.volume())
            .editSpec()
            .withCsi(null)
            .withNewFlexVolume()
            .withDriver("example.com/flex")
            .endFlexVolume()
            .endSpec()
            .build();
    var facts = VolumeReader.volume(flex, Source.of(Cluster.source()));
    assertThat(facts.plugin()).isEqualTo("flexVolume");
    assertThat(facts.csiDriver()).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "csi.storage.k8s.io/fstype,xfs,xfs",
    "fsType,ext4,ext4",
    "fstype,ext4,ext4",
    "fstype,'',",
    "type,thin,"
  })
  void theFilesystemOfAClassIsReadLikeAProvisionerDoes(
      String key, String value, @Nullable String fsType) {
    var storageClass =
        new StorageClassBuilder(Cluster.storageClass()).withParameters(Map.of(key, value)).build();
    assertThat(VolumeReader.storageClass(storageClass).fsType()).isEqualTo(fsType);
  }

  @ParameterizedTest
  @CsvSource({"true,YES", "false,NO", "maybe,UNKNOWN"})
  void aDriverSaysByAnnotationWhetherItClones(String annotation, CloneSupport support) {
    var driver =
        new CSIDriverBuilder(Cluster.driver())
            .editMetadata()
            .addToAnnotations("csi-clone.io/clone-volume", annotation)
            .endMetadata()
            .build();
    assertThat(VolumeReader.driver("disk.example.com", driver))
        .isEqualTo(new DriverFacts("disk.example.com", true, support));
  }

  @Test
  void aDriverWithoutObjectIsNotRegistered() {
    assertThat(VolumeReader.driver("disk.example.com", null))
        .isEqualTo(new DriverFacts("disk.example.com", false, CloneSupport.UNKNOWN));
  }

  @Test
  void theSelectedNodeOfAClaimIsRead() {
    var claim =
        new PersistentVolumeClaimBuilder(Cluster.copy())
            .editMetadata()
            .addToAnnotations("volume.kubernetes.io/selected-node", "node-1")
            .endMetadata()
            .build();
    assertThat(ClaimReader.clone(claim).selectedNode()).isEqualTo("node-1");
    assertThat(ClaimReader.clone(Cluster.copy()).selectedNode()).isNull();
  }

  @Test
  void aVolumeThatSaysNothingOfNodesIsEverywhere() {
    var everywhere =
        new PersistentVolumeBuilder(Cluster.volume())
            .editSpec()
            .withNodeAffinity(null)
            .endSpec()
            .build();
    assertThat(TopologyReader.affinity(everywhere)).isNull();
    assertThat(TopologyReader.affinity(Cluster.volume())).isNotNull();
  }
}
