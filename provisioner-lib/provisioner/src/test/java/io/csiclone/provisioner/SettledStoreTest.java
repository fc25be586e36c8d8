package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimSpec;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is settled takes little room and comes back as it was. */
class SettledStoreTest {

  private static final KubernetesSerialization YAML = new KubernetesSerialization();

  private static final String CLAIM =
      """
      apiVersion: v1
      kind: PersistentVolumeClaim
      metadata:
        name: data
        namespace: team-a
        uid: 0a1b2c3d-0000-4000-8000-000000000001
        resourceVersion: "812"
        creationTimestamp: "2026-01-02T03:04:05Z"
        labels: {app: db}
        annotations:
          example.com/note: "café"
          kubectl.kubernetes.io/last-applied-configuration: '{"long": "text"}'
        finalizers: [kubernetes.io/pvc-protection]
        ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: db, uid: u}]
        managedFields:
        - {manager: kubectl, operation: Update, apiVersion: v1, fieldsType: FieldsV1, fieldsV1: {"f:spec": {}}}
      spec:
        accessModes: [ReadWriteOnce, ReadOnlyMany]
        dataSource: {kind: PersistentVolumeClaim, name: older}
        resources: {requests: {storage: 1536Mi}, limits: {storage: 4Gi}}
        storageClassName: fast
        volumeName: pv-1
        fieldOfTomorrow: {a: b}
      status:
        accessModes: [ReadWriteOnce]
        capacity: {storage: 2Gi}
        conditions: [{type: Resizing, status: "True", message: a long story}]
        phase: Bound
      """;

  private final SettledStore<PersistentVolumeClaim> store =
      new SettledStore<>(
          YAML,
          PersistentVolumeClaim.class,
          claim -> new Claim(claim).settled(),
          metadata -> {
            var claim = new PersistentVolumeClaim();
            claim.setMetadata(metadata);
            claim.setSpec(new PersistentVolumeClaimSpec());
            return claim;
          });

  private static PersistentVolumeClaim claim() {
    return YAML.unmarshal(CLAIM, PersistentVolumeClaim.class);
  }

  /** The claim without what nobody reads. */
  private static PersistentVolumeClaim trimmed() {
    var claim = claim();
    claim.getMetadata().setManagedFields(List.of());
    claim
        .getMetadata()
        .getAnnotations()
        .put("kubectl.kubernetes.io/last-applied-configuration", "");
    return claim;
  }

  @Test
  void aSettledClaimComesBackWithAllThatSomebodyReads() {
    store.put("team-a/data", claim());

    assertThat(store.get("team-a/data")).isEqualTo(trimmed());
    assertThat(store.put("team-a/data", claim())).as("the one before").isEqualTo(trimmed());
    assertThat(store.remove("team-a/data")).isEqualTo(trimmed());
    assertThat(store.get("team-a/data")).isNull();
  }

  @Test
  void ofSettledClaimsAListHasOnlyTheNamesAndOfOthersAll() {
    store.put("team-a/data", claim());
    var pending = claim();
    pending.getMetadata().setName("pending");
    pending.getStatus().setPhase("Pending");
    store.put("team-a/pending", pending);

    assertThat(store.values())
        .anySatisfy(listed -> assertThat(listed).isSameAs(pending))
        .anySatisfy(listed -> {
          assertThat(listed.getMetadata().getName()).isEqualTo("data");
          assertThat(listed.getMetadata().getNamespace()).isEqualTo("team-a");
          assertThat(listed.getMetadata().getAnnotations()).isNullOrEmpty();
        })
        .hasSize(2);
    assertThat(store.keySet()).containsExactlyInAnyOrder("team-a/data", "team-a/pending");
  }

  @Test
  void whatTheProvisionerHasToDoWithIsNotSettled() {
    assertThat(new Claim(claim()).settled()).isTrue();

    var making = claim();
    making.getMetadata().getFinalizers().add(Names.MAKING);
    var source = claim();
    source.getMetadata().getFinalizers().add(Names.CLONE_SOURCE);
    var terminating = claim();
    terminating.getMetadata().setDeletionTimestamp("2026-01-02T03:04:05Z");
    var unbound = claim();
    unbound.getStatus().setPhase("Lost");

    assertThat(List.of(making, source, terminating, unbound))
        .allSatisfy(claim -> assertThat(new Claim(claim).settled()).isFalse());
  }
}
