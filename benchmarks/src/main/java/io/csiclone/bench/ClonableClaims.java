package io.csiclone.bench;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.storage.CSIDriverBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A cluster of claims that can be cloned: each bound to a volume of its own, with the managed
 * fields, annotations and conditions that such objects have in a real cluster.
 */
final class ClonableClaims {

  static final String NAMESPACE = "team-a";
  private static final KubernetesSerialization YAML = new KubernetesSerialization();

  private static final String METADATA =
      """
      metadata:
        creationTimestamp: "2026-01-02T03:04:05Z"
        annotations:
          volume.kubernetes.io/storage-provisioner: disk.example.com
          volume.beta.kubernetes.io/storage-provisioner: disk.example.com
          pv.kubernetes.io/provisioned-by: disk.example.com
          pv.kubernetes.io/bind-completed: "yes"
          kubectl.kubernetes.io/last-applied-configuration: '{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"annotations":{},"name":"data","namespace":"team-a"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}},"storageClassName":"fast"}}'
        labels: {app.kubernetes.io/name: database, app.kubernetes.io/instance: main, tier: storage}
        finalizers: [kubernetes.io/protection]
        managedFields:
        - {manager: kubectl-client-side-apply, operation: Update, apiVersion: v1, time: "2026-01-02T03:04:05Z", fieldsType: FieldsV1,
           fieldsV1: {"f:metadata": {"f:annotations": {".": {}, "f:kubectl.kubernetes.io/last-applied-configuration": {}},
             "f:labels": {".": {}, "f:app.kubernetes.io/name": {}, "f:app.kubernetes.io/instance": {}, "f:tier": {}}},
             "f:spec": {"f:accessModes": {}, "f:resources": {"f:requests": {".": {}, "f:storage": {}}}, "f:storageClassName": {}, "f:volumeMode": {}}}}
        - {manager: kube-controller-manager, operation: Update, apiVersion: v1, time: "2026-01-02T03:04:06Z", fieldsType: FieldsV1,
           fieldsV1: {"f:metadata": {"f:annotations": {"f:pv.kubernetes.io/bind-completed": {}, "f:volume.kubernetes.io/storage-provisioner": {}}},
             "f:spec": {"f:volumeName": {}}}}
        - {manager: kube-controller-manager, operation: Update, apiVersion: v1, time: "2026-01-02T03:04:06Z", fieldsType: FieldsV1, subresource: status,
           fieldsV1: {"f:status": {"f:accessModes": {}, "f:capacity": {".": {}, "f:storage": {}}, "f:phase": {}}}}
      """;

  private static final String CLAIM =
      "apiVersion: v1\nkind: PersistentVolumeClaim\n"
          + METADATA
          + """
          spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}, storageClassName: fast, volumeMode: Filesystem}
          status: {accessModes: [ReadWriteOnce], capacity: {storage: 1Gi}, phase: Bound}
          """;

  private static final String VOLUME =
      "apiVersion: v1\nkind: PersistentVolume\n"
          + METADATA
          + """
          spec:
            accessModes: [ReadWriteOnce]
            capacity: {storage: 1Gi}
            claimRef: {apiVersion: v1, kind: PersistentVolumeClaim, namespace: team-a}
            csi: {driver: disk.example.com, fsType: ext4, volumeAttributes: {storage.kubernetes.io/csiProvisionerIdentity: 1700000000000-8081-disk.example.com}}
            nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: topology.disk.example.com/zone, operator: In, values: [zone-1]}]}]}}
            persistentVolumeReclaimPolicy: Delete
            storageClassName: fast
            volumeMode: Filesystem
          status: {phase: Bound}
          """;

  private static final PersistentVolumeClaim CLAIM_OBJECT =
      YAML.unmarshal(CLAIM, PersistentVolumeClaim.class);
  private static final PersistentVolume VOLUME_OBJECT =
      YAML.unmarshal(VOLUME, PersistentVolume.class);

  private ClonableClaims() {}

  /** How the claim of that number is called. */
  static String name(int number) {
    return "data-" + number;
  }

  /** That many claims and volumes, with their class, driver and namespace, and a few pods. */
  static Stream<HasMetadata> objects(int claims) {
    return Stream.concat(
        Stream.of(
            new StorageClassBuilder()
                .withNewMetadata()
                .withName("fast")
                .endMetadata()
                .withProvisioner("disk.example.com")
                .build(),
            new CSIDriverBuilder()
                .withNewMetadata()
                .withName("disk.example.com")
                .addToAnnotations("csi-clone.io/clone-volume", "true")
                .endMetadata()
                .build(),
            new NamespaceBuilder().withNewMetadata().withName(NAMESPACE).endMetadata().build()),
        Stream.concat(
            IntStream.range(0, 20).mapToObj(ClonableClaims::pod),
            IntStream.range(0, claims).boxed().flatMap(ClonableClaims::pair)));
  }

  /** A running pod with a claim of which no clone is made. */
  private static HasMetadata pod(int number) {
    return new PodBuilder()
        .withNewMetadata()
        .withNamespace(NAMESPACE)
        .withName("pod-" + number)
        .endMetadata()
        .withNewSpec()
        .addNewContainer()
        .withName("main")
        .withImage("main")
        .addNewVolumeMount()
        .withName("disk")
        .withMountPath("/data")
        .endVolumeMount()
        .endContainer()
        .addNewVolume()
        .withName("disk")
        .withNewPersistentVolumeClaim("other-" + number, false)
        .endVolume()
        .endSpec()
        .withNewStatus()
        .withPhase("Running")
        .endStatus()
        .build();
  }

  private static Stream<HasMetadata> pair(int number) {
    String uid = new UUID(0x0a1b2c3d4e5f4000L, 0x8000000000000000L + number).toString();
    String volumeName = "pvc-" + uid;
    var claim = YAML.clone(CLAIM_OBJECT);
    claim.getMetadata().setNamespace(NAMESPACE);
    claim.getMetadata().setName(name(number));
    claim.getMetadata().setUid(uid);
    claim.getSpec().setVolumeName(volumeName);
    var volume = YAML.clone(VOLUME_OBJECT);
    volume.getMetadata().setName(volumeName);
    volume.getSpec().getClaimRef().setName(name(number));
    volume.getSpec().getClaimRef().setUid(uid);
    volume.getSpec().getCsi().setVolumeHandle("vol-" + uid);
    return Stream.of(claim, volume);
  }
}
