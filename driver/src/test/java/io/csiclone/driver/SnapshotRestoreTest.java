package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.csiclone.csi.CopyLimits;
import io.csiclone.csiproto.ControllerGrpc;
import io.csiclone.csiproto.ControllerGrpc.ControllerBlockingStub;
import io.csiclone.csiproto.CreateSnapshotRequest;
import io.csiclone.csiproto.DeleteSnapshotRequest;
import io.csiclone.csiproto.Snapshot;
import io.csiclone.testkit.EmbeddedControlPlane;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceList;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.MixedOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A claim restored from a snapshot, all of it: the driver with its provisioner, a real pool, and a
 * control plane with the objects that a snapshot controller and its sidecar write.
 */
@Tag("native")
class SnapshotRestoreTest {

  private static final String NAMESPACE = ProvisionedClaims.NAMESPACE;
  private static final String GROUP = "snapshot.storage.k8s.io";
  private static final int BYTES = 8 << 20;
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @ParameterizedTest
  @ValueSource(strings = {"xfs", "ext4"})
  void aClaimHoldsWhatItsSnapshotHeldWhateverBecomesOfSourceAndSnapshot(String poolType)
      throws Exception {
    try (TestDisk disk = TestDisk.with(poolType);
        EmbeddedControlPlane cluster = EmbeddedControlPlane.start();
        DriverProcess driver = new DriverProcess()) {
      KubernetesClient client = cluster.client();
      new ProvisionedClaims(client).createClass();
      driver.start(options(disk, cluster), "1.0");
      try (UnixSockets.Client caller = UnixSockets.Client.to(disk.base().resolve("csi.sock"))) {
        var controller = ControllerGrpc.newBlockingStub(caller.channel());
        client.resource(ProvisionedClaims.claim("source", BYTES).build()).create();
        Path source = image(disk, volumeOf(client, "source"));
        byte[] then = random(1);
        Files.write(source, then, StandardOpenOption.WRITE);

        Snapshot snapshot = take(controller, volumeOf(client, "source"));
        Files.write(source, random(2), StandardOpenOption.WRITE);
        publish(client, snapshot);
        client
            .resource(
                ProvisionedClaims.claim("restored", 2 * BYTES)
                    .editSpec()
                    .withNewDataSource(GROUP, "VolumeSnapshot", "snap")
                    .endSpec()
                    .build())
            .create();

        PersistentVolume restored = volumeOf(client, "restored");
        Path image = image(disk, restored);
        assertThat(Files.readAllBytes(image)).isEqualTo(Arrays.copyOf(then, 2 * BYTES));
        assertThat(restored.getMetadata().getAnnotations())
            .containsEntry("csi-clone.io/restored-from-snapshot", "snap")
            .containsEntry("csi-clone.io/restored-from-content", "content");
        assertThat(restored.getSpec().getCapacity()).containsEntry("storage", new Quantity("16Mi"));

        // It is a volume of its own.
        delete(client, "source");
        var _ =
            controller.deleteSnapshot(
                DeleteSnapshotRequest.newBuilder().setSnapshotId(snapshot.getSnapshotId()).build());
        eventually(() -> assertThat(source).doesNotExist());
        assertThat(Files.readAllBytes(image)).isEqualTo(Arrays.copyOf(then, 2 * BYTES));

        delete(client, "restored");
        eventually(() -> {
          assertThat(client.persistentVolumes().list().getItems()).isEmpty();
          assertThat(client.persistentVolumeClaims().inAnyNamespace().list().getItems()).isEmpty();
        });
        assertThat(disk.folder().resolve("volumes")).isEmptyDirectory();
      }
    }
  }

  private static DriverOptions options(TestDisk disk, EmbeddedControlPlane cluster) {
    return new DriverOptions(
        disk.base().resolve("csi.sock"),
        disk.folder(),
        "node-1",
        Optional.of(new DriverOptions.Cluster.Kubeconfig(cluster.kubeconfig())),
        Optional.empty(),
        false,
        Optional.empty(),
        Path.of("/var/lib/kubelet"),
        OptionalInt.empty(),
        CopyLimits.DEFAULT,
        Duration.ofHours(1));
  }

  /** As the snapshot sidecar does. */
  private static Snapshot take(ControllerBlockingStub controller, PersistentVolume volume) {
    Snapshot snapshot =
        controller
            .createSnapshot(
                CreateSnapshotRequest.newBuilder()
                    .setName("snapshot-1")
                    .setSourceVolumeId(volume.getSpec().getCsi().getVolumeHandle())
                    .build())
            .getSnapshot();
    assertThat(snapshot.getReadyToUse()).isTrue();
    assertThat(snapshot.getSizeBytes()).isEqualTo(BYTES);
    return snapshot;
  }

  /** Writes the two objects as the snapshot controller leaves them. */
  private static void publish(KubernetesClient client, Snapshot taken) {
    var snapshot = object("VolumeSnapshot", "snap");
    snapshot.getMetadata().setNamespace(NAMESPACE);
    snapshot.setAdditionalProperty(
        "spec", Map.of("source", Map.of("persistentVolumeClaimName", "source")));
    snapshot.setAdditionalProperty(
        "status",
        Map.of(
            "boundVolumeSnapshotContentName",
            "content",
            "readyToUse",
            true,
            "restoreSize",
            Long.toString(taken.getSizeBytes())));
    var made = kind(client, "VolumeSnapshot", "volumesnapshots", true).resource(snapshot).create();
    var content = object("VolumeSnapshotContent", "content");
    content.setAdditionalProperty(
        "spec",
        Map.of(
            "driver",
            DriverProcess.DRIVER_NAME,
            "sourceVolumeMode",
            "Block",
            "volumeSnapshotRef",
            Map.of("namespace", NAMESPACE, "name", "snap", "uid", made.getMetadata().getUid())));
    content.setAdditionalProperty(
        "status", Map.of("readyToUse", true, "snapshotHandle", taken.getSnapshotId()));
    kind(client, "VolumeSnapshotContent", "volumesnapshotcontents", false)
        .resource(content)
        .create();
  }

  private static MixedOperation<
          GenericKubernetesResource,
          GenericKubernetesResourceList,
          Resource<GenericKubernetesResource>>
      kind(KubernetesClient client, String kind, String plural, boolean namespaced) {
    return client.genericKubernetesResources(
        new ResourceDefinitionContext.Builder()
            .withGroup(GROUP)
            .withVersion("v1")
            .withKind(kind)
            .withPlural(plural)
            .withNamespaced(namespaced)
            .build());
  }

  private static GenericKubernetesResource object(String kind, String name) {
    var object = new GenericKubernetesResource();
    object.setApiVersion(GROUP + "/v1");
    object.setKind(kind);
    object.setMetadata(new ObjectMetaBuilder().withName(name).build());
    return object;
  }

  /** The volume object of the claim, as soon as that is bound. */
  private static PersistentVolume volumeOf(KubernetesClient client, String claim) {
    var named = client.persistentVolumeClaims().inNamespace(NAMESPACE).withName(claim);
    eventually(() -> {
      PersistentVolumeClaim now = named.get();
      assertThat(now.getStatus().getPhase()).isEqualTo("Bound");
      assertThat(now.getMetadata().getFinalizers()).noneMatch(f -> f.startsWith("csi-clone.io/"));
    });
    return client.persistentVolumes().withName(named.get().getSpec().getVolumeName()).get();
  }

  private static void delete(KubernetesClient client, String claim) {
    client.persistentVolumeClaims().inNamespace(NAMESPACE).withName(claim).delete();
  }

  private static Path image(TestDisk disk, PersistentVolume volume) {
    return disk.folder()
        .resolve("volumes")
        .resolve(volume.getSpec().getCsi().getVolumeHandle() + ".img");
  }

  private static byte[] random(long seed) {
    byte[] bytes = new byte[BYTES];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static void eventually(ThrowingRunnable assertion) {
    await().atMost(PATIENCE).pollInterval(Duration.ofMillis(50)).untilAsserted(assertion);
  }
}
