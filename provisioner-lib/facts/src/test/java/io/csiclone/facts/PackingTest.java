package io.csiclone.facts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The caches hold less than the API server tells, and the restrictions do not notice. */
class PackingTest {

  private static final KubernetesSerialization YAML = new KubernetesSerialization();

  private static final String METADATA =
      """
      metadata:
        name: %s
        uid: 0a1b2c3d-0000-4000-8000-000000000001
        resourceVersion: "812"
        generation: 3
        creationTimestamp: "2026-01-02T03:04:05Z"
        labels: {app: db}
        annotations:
          volume.beta.kubernetes.io/storage-class: legacy
          kubectl.kubernetes.io/last-applied-configuration: '{"long": "text"}'
        finalizers: [kubernetes.io/protection]
        ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: db, uid: u}]
        managedFields:
        - {manager: kubectl, operation: Update, apiVersion: v1, fieldsType: FieldsV1, fieldsV1: {"f:spec": {}}}
      """;

  private static final String CLAIM =
      "apiVersion: v1\nkind: PersistentVolumeClaim\n"
          + METADATA.formatted("data")
          + """
            namespace: team-a
          spec:
            accessModes: [ReadWriteOnce, ReadOnlyMany]
            dataSource: {kind: PersistentVolumeClaim, name: older}
            resources: {requests: {storage: 1536Mi}, limits: {storage: 4Gi}}
            selector: {matchLabels: {a: b}}
            storageClassName: fast
            volumeMode: Block
            volumeName: pv-1
          status:
            accessModes: [ReadWriteOnce]
            capacity: {storage: 2Gi}
            conditions: [{type: Resizing, status: "True", message: a long story}]
            phase: Bound
          """;

  private static final String VOLUME =
      "apiVersion: v1\nkind: PersistentVolume\n"
          + METADATA.formatted("pv-1")
          + """
          spec:
            accessModes: [ReadWriteOnce]
            capacity: {storage: 2Gi}
            claimRef: {apiVersion: v1, kind: PersistentVolumeClaim, namespace: team-a, name: data,
              uid: 0a1b2c3d-0000-4000-8000-000000000001, resourceVersion: "7"}
            %s
            mountOptions: [noatime]
            nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [
              {key: kubernetes.io/hostname, operator: In, values: [node-1]}]}]}}
            persistentVolumeReclaimPolicy: Delete
            storageClassName: fast
            volumeMode: Block
          status: {phase: Bound, message: "", lastPhaseTransitionTime: "2026-01-02T03:04:05Z"}
          """;

  private static final String CSI =
      "csi: {driver: disk.example.com, fsType: xfs, volumeHandle: vol-1, volumeAttributes: {a: b}}";

  private static PersistentVolumeClaim claim() {
    return YAML.unmarshal(CLAIM, PersistentVolumeClaim.class);
  }

  /** A claim that was deleted and made anew. */
  private static PersistentVolumeClaim another() {
    var claim = claim();
    claim.getMetadata().setUid("0a1b2c3d-0000-4000-8000-000000000099");
    return claim;
  }

  private static PersistentVolume volume(String source) {
    return YAML.unmarshal(VOLUME.formatted(source), PersistentVolume.class);
  }

  /** The object as it comes out of a cache. */
  private static <T extends HasMetadata> T cached(Packing<T, ?> packing, T object) {
    var store = new PackedStore<>(packing);
    var key = store.getKey(object);
    store.put(key, object);
    return Objects.requireNonNull(store.get(key));
  }

  private static PersistentVolumeClaim cached(PersistentVolumeClaim claim) {
    return cached(new PackedClaim.Of(), claim);
  }

  private static PersistentVolume cached(PersistentVolume volume) {
    return cached(new PackedVolume.Of(), volume);
  }

  @Test
  void aCachedSourceIsJudgedLikeTheWholeClaim() {
    var claim = claim();
    assertReadAlike(claim);
    claim.getMetadata().setAnnotations(null);
    claim.getMetadata().setDeletionTimestamp("2026-01-02T03:04:05Z");
    assertReadAlike(claim);
    claim.getMetadata().setUid("not the usual form");
    claim.getSpec().setResources(null);
    claim.setStatus(null);
    assertReadAlike(claim);
  }

  private static void assertReadAlike(PersistentVolumeClaim claim) {
    var whole = Source.of(claim);
    assertThat(Source.of(cached(claim))).isEqualTo(whole);
    assertThat(new PackedClaim.Of().pack(claim).source("team-a", "data")).isEqualTo(whole);
  }

  @Test
  void aSizeThatIsNoneIsToldWhenItIsAskedFor() {
    var claim = claim();
    claim.getSpec().getResources().setRequests(Map.of("storage", new Quantity("1", "Gx")));
    var packed = new PackedClaim.Of().pack(claim);
    assertThatThrownBy(() -> packed.source("team-a", "data"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1Gx is not a quantity");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        CSI,
        "nfs: {server: store, path: /a}",
        "awsElasticBlockStore: {volumeID: vol-1}",
        "hostPath: {path: /data}",
        "local: {path: /data}",
        "flexVolume: {driver: example.com/disk}",
        "vsphereVolume: {volumePath: a}",
        "somethingNew: {a: b}"
      })
  void aCachedVolumeIsJudgedLikeTheWholeVolume(String source) {
    var volume = volume(source);
    for (var owner : List.of(Source.of(claim()), Source.of(another()))) {
      var whole = VolumeReader.volume(volume, owner);
      assertThat(VolumeReader.volume(cached(volume), owner)).isEqualTo(whole);
      assertThat(new PackedVolume.Of().pack(volume).facts("pv-1", owner)).isEqualTo(whole);
    }
  }

  @Test
  void aCachedVolumeIsAsFreeAsTheWholeVolume() {
    assertSameIndex(_ -> {});
    assertSameIndex(volume -> {
      volume.getSpec().setClaimRef(null);
      volume.getStatus().setPhase("Available");
    });
    assertSameIndex(volume -> {
      volume.getSpec().getClaimRef().setUid(null);
      volume.getStatus().setPhase("Available");
      volume.getMetadata().setAnnotations(null);
    });
  }

  private static void assertSameIndex(Consumer<PersistentVolume> change) {
    var volume = volume(CSI);
    change.accept(volume);
    assertThat(FreeVolumes.keys(cached(volume))).isEqualTo(FreeVolumes.keys(volume));
  }

  @Test
  void anObjectKeepsItsIdentity() {
    var claim = cached(claim()).getMetadata();
    assertThat(List.of(claim.getNamespace(), claim.getName(), claim.getUid()))
        .containsExactly("team-a", "data", "0a1b2c3d-0000-4000-8000-000000000001");
    assertThat(claim.getResourceVersion()).isEqualTo("812");
    assertThat(cached(volume(CSI)).getMetadata().getName()).isEqualTo("pv-1");
    assertThat(cached(volume(CSI)).getMetadata().getNamespace()).isNull();
  }

  @Test
  void nothingThatNobodyReadsIsKept() {
    for (HasMetadata kept :
        List.of(
            cached(claim()),
            cached(volume(CSI)),
            cached(
                Trimmed.classes(),
                YAML.unmarshal(
                    "apiVersion: storage.k8s.io/v1\nkind: StorageClass\n"
                        + METADATA.formatted("fast"),
                    StorageClass.class)),
            cached(
                Trimmed.namespaces(),
                YAML.unmarshal(
                    "apiVersion: v1\nkind: Namespace\n" + METADATA.formatted("team-a"),
                    Namespace.class)))) {
      assertThat(YAML.asYaml(kept)).doesNotContain("managedFields", "f:spec");
    }
    assertThat(YAML.asYaml(cached(claim())))
        .doesNotContain("last-applied", "conditions", "finalizers", "ownerReferences", "labels");
    assertThat(YAML.asYaml(cached(volume(CSI))))
        .doesNotContain("last-applied", "volumeAttributes", "mountOptions", "finalizers");
  }

  @Test
  void whatManyObjectsHaveInCommonIsKeptOnce() {
    var packing = new PackedVolume.Of();
    var one = packing.pack(volume(CSI));
    var other = packing.pack(volume(CSI));
    assertThat(one.driver()).isSameAs(other.driver());
    assertThat(one.place()).isSameAs(other.place());
    assertThat(one.capacity()).isSameAs(other.capacity());
  }

  @Test
  void anObjectThatIsGoneIsForgotten() {
    var store = new PackedStore<>(new PackedClaim.Of());
    store.put("team-a/data", claim());
    assertThat(store.values().map(claim -> store.getKey(claim))).containsExactly("team-a/data");
    assertThat(store.remove("team-a/data")).isNotNull();
    assertThat(store.get("team-a/data")).isNull();
    assertThat(store.size()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0a1b2c3d-0000-4000-8000-000000000001",
        "0A1B2C3D-0000-4000-8000-000000000001",
        "00a1b2c3d-000-4000-8000-000000000001",
        "uid-1",
        "812",
        "0812",
        "-1",
        "99999999999999999999",
        ""
      })
  void aUidOrAVersionComesOutAsItWentIn(String text) {
    assertThat(PackedText.unpack(PackedText.uid(text))).isEqualTo(text);
    assertThat(PackedText.unpack(PackedText.version(text))).isEqualTo(text);
  }
}
