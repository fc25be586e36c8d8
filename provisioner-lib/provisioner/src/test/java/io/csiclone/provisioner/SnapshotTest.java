package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.csiclone.csiproto.ControllerServiceCapability.RPC;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.grpc.Status;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Claims that are restored from a snapshot. */
class SnapshotTest extends ProvisionerTestBed {

  private static final String KEY = "topology.scripted.example.com/node";

  @BeforeEach
  void canTakeSnapshots() {
    driver.abilities.add(RPC.Type.CREATE_DELETE_SNAPSHOT);
  }

  /** A snapshot of the test's namespace and its content, both mutable. */
  private static final class Taken {
    final GenericKubernetesResource snapshot = new GenericKubernetesResource();
    final GenericKubernetesResource content = new GenericKubernetesResource();
    final Map<String, Object> snapshotStatus = new HashMap<>();
    final Map<String, Object> contentSpec = new HashMap<>();
    final Map<String, Object> contentStatus = new HashMap<>();
    final Map<String, Object> ref = new HashMap<>();

    Taken(String name) {
      snapshot.setApiVersion("snapshot.storage.k8s.io/v1");
      snapshot.setKind("VolumeSnapshot");
      snapshot.setMetadata(new ObjectMetaBuilder().withNamespace(NAMESPACE).withName(name).build());
      snapshotStatus.put("boundVolumeSnapshotContentName", name + "-content");
      snapshotStatus.put("readyToUse", true);
      snapshotStatus.put("restoreSize", "1Gi");
      content.setApiVersion("snapshot.storage.k8s.io/v1");
      content.setKind("VolumeSnapshotContent");
      content.setMetadata(new ObjectMetaBuilder().withName(name + "-content").build());
      contentSpec.put("driver", ScriptedDriver.NAME);
      contentSpec.put("sourceVolumeMode", "Filesystem");
      contentSpec.put("volumeSnapshotRef", ref);
      contentStatus.put("snapshotHandle", name + "-handle");
      ref.put("namespace", NAMESPACE);
      ref.put("name", name);
    }
  }

  private Taken snapshot(String name, Consumer<Taken> change) {
    var taken = new Taken(name);
    change.accept(taken);
    taken.snapshot.setAdditionalProperty("status", taken.snapshotStatus);
    taken.content.setAdditionalProperty("spec", taken.contentSpec);
    taken.content.setAdditionalProperty("status", taken.contentStatus);
    var made =
        client
            .genericKubernetesResources(SnapshotCheck.SNAPSHOTS)
            .resource(taken.snapshot)
            .create();
    taken.ref.putIfAbsent("uid", made.getMetadata().getUid());
    client.genericKubernetesResources(SnapshotCheck.CONTENTS).resource(taken.content).create();
    return taken;
  }

  private Taken snapshot(String name) {
    return snapshot(name, taken -> {});
  }

  private PersistentVolumeClaimBuilder restored(String name, String snapshot) {
    return claim(name)
        .editSpec()
        .withNewDataSource("snapshot.storage.k8s.io", "VolumeSnapshot", snapshot)
        .endSpec();
  }

  private void deleteSnapshot(String name) {
    client
        .genericKubernetesResources(SnapshotCheck.SNAPSHOTS)
        .inNamespace(NAMESPACE)
        .withName(name)
        .delete();
  }

  @Test
  void aSnapshotIsRestoredAndItsVolumeSaysWhereItComesFrom() {
    snapshot("snap");
    start();
    var claim = create(restored("data", "snap"));

    var volume = awaitVolumeOf(claim);

    var content = driver.creates.getFirst().getVolumeContentSource();
    assertThat(content.getSnapshot().getSnapshotId()).isEqualTo("snap-handle");
    assertThat(content.hasVolume()).isFalse();
    assertThat(volume.getMetadata().getAnnotations())
        .containsEntry("csi-clone.io/restored-from-snapshot", "snap")
        .containsEntry("csi-clone.io/restored-from-content", "snap-content");
    eventually(
        () -> assertThat(finalizers("data")).containsExactly("kubernetes.io/pvc-protection"));
    eventually(() ->
        assertThat(eventsAbout("data"))
            .containsExactly(
                "Normal ProvisioningSucceeded: snapshot team-a/snap is restored into "
                    + volumeName(claim)));
  }

  static Stream<Arguments> faults() {
    return Stream.of(
        fault("DriverMismatch", taken -> taken.contentSpec.put("driver", "other.example.com")),
        fault("SnapshotContentMismatch", taken -> taken.ref.put("name", "another")),
        fault("SnapshotContentMismatch", taken -> taken.ref.put("namespace", "team-b")),
        fault("SnapshotContentMismatch", taken -> taken.ref.put("uid", "another")),
        fault("SizeTooSmall", taken -> taken.snapshotStatus.put("restoreSize", "1025Mi")),
        fault("VolumeModeMismatch", taken -> taken.contentSpec.put("sourceVolumeMode", "Block")),
        fault(
            "SnapshotContentLost",
            taken -> taken.snapshotStatus.put("boundVolumeSnapshotContentName", "no-such")));
  }

  private static Arguments fault(String code, Consumer<Taken> change) {
    return arguments(code, change);
  }

  @ParameterizedTest
  @MethodSource("faults")
  void eachFaultOfASnapshotHasWordsOfItsOwnAndNeverReachesTheDriver(
      String code, Consumer<Taken> change) {
    snapshot("snap", change);
    start();
    create(restored("data", "snap"));

    eventually(() ->
        assertThat(eventsAbout("data"))
            .singleElement()
            .asString()
            .startsWith("Warning ProvisioningFailed: " + code + ": ")
            .contains("team-a/snap"));
    assertThat(driver.creates).isEmpty();
    assertThat(finalizers("data")).containsExactly("kubernetes.io/pvc-protection");
  }

  @Test
  void aSnapshotOrContentThatIsBeingDeletedIsNotRestored() {
    snapshot("snap", taken -> taken.snapshot.getMetadata().setFinalizers(List.of("x.io/hold")));
    snapshot("other", taken -> taken.content.getMetadata().setFinalizers(List.of("x.io/hold")));
    deleteSnapshot("snap");
    client.genericKubernetesResources(SnapshotCheck.CONTENTS).withName("other-content").delete();
    start();
    create(restored("data", "snap"));
    create(restored("data-2", "other"));

    eventually(
        () -> assertThat(eventsAbout("data")).anyMatch(e -> e.contains(" SnapshotTerminating: ")));
    eventually(() ->
        assertThat(eventsAbout("data-2"))
            .anyMatch(e -> e.contains(" SnapshotContentTerminating: ")));
    assertThat(driver.creates).isEmpty();
  }

  @Test
  void aSnapshotThatDoesNotExistIsNamed() {
    start();
    create(restored("data", "none"));

    eventually(() ->
        assertThat(eventsAbout("data"))
            .containsExactly(
                "Warning ProvisioningFailed: SnapshotNotFound: snapshot team-a/none does not exist"));
  }

  @Test
  void aClusterWithoutSnapshotsIsSaidToHaveNone() {
    unserved.add("snapshot.storage.k8s.io");
    start();
    create(restored("data", "snap"));

    eventually(
        () -> assertThat(eventsAbout("data")).anyMatch(e -> e.contains(" SnapshotsUnknown: ")));
  }

  @Test
  void aSnapshotOfAnotherGroupIsNotTakenForOne() {
    snapshot("snap");
    start();
    create(
        claim("data")
            .editSpec()
            .withNewDataSource("snapshots.example.com", "VolumeSnapshot", "snap")
            .endSpec());

    eventually(
        () -> assertThat(eventsAbout("data")).anyMatch(e -> e.contains(" UnknownDataSource: ")));
    assertThat(driver.creates).isEmpty();
  }

  @Test
  void aContentMayAllowTheOtherVolumeMode() {
    snapshot(
        "snap",
        taken -> {
          taken.contentSpec.put("sourceVolumeMode", "Block");
          taken
              .content
              .getMetadata()
              .setAnnotations(
                  Map.of("snapshot.storage.kubernetes.io/allow-volume-mode-change", "true"));
        });
    start();

    assertThat(awaitVolumeOf(create(restored("data", "snap")))).isNotNull();
  }

  @Test
  void aSnapshotThatIsStillBeingTakenIsWaitedForWithoutCallingItAFailure() {
    snapshot("snap", taken -> taken.snapshotStatus.put("readyToUse", false));
    start();
    var claim = create(restored("data", "snap"));
    eventually(() ->
        assertThat(eventsAbout("data"))
            .containsExactly(
                "Normal Provisioning: SnapshotNotReady: snapshot team-a/snap is not ready to use"
                    + " yet"));

    client
        .genericKubernetesResources(SnapshotCheck.SNAPSHOTS)
        .inNamespace(NAMESPACE)
        .withName("snap")
        .edit(snapshot -> {
          var status =
              new HashMap<>(Objects.requireNonNull(snapshot.<Map<String, Object>>get("status")));
          status.put("readyToUse", true);
          snapshot.setAdditionalProperty("status", status);
          return snapshot;
        });

    assertThat(awaitVolumeOf(claim)).isNotNull();
  }

  @Test
  void onceCreateVolumeWasSentTheSnapshotIsNotLookedAtAgain() {
    snapshot("snap");
    driver.createAnswer = Status.ABORTED;
    var first = start();
    var claim = create(restored("data", "snap"));
    eventually(() -> assertThat(driver.creates).isNotEmpty());

    deleteSnapshot("snap");
    first.close();
    int asked = driver.creates.size();
    start();
    eventually(() -> assertThat(driver.creates).hasSizeGreaterThan(asked));
    driver.createAnswer = null;

    assertThat(awaitVolumeOf(claim)).isNotNull();
    assertThat(driver.creates.stream().distinct()).hasSize(1);
    assertThat(eventsAbout("data")).noneMatch(e -> e.startsWith("Warning"));
  }

  @Test
  void aRestoredClaimThatIsDeletedMeanwhileLeavesNoVolume() {
    snapshot("snap");
    driver.createAnswer = Status.ABORTED;
    start();
    var claim = create(restored("data", "snap"));
    eventually(() -> assertThat(driver.creates).isNotEmpty());

    delete("data");
    driver.createAnswer = null;

    eventually(() -> assertThat(find("data")).isNull());
    assertThat(driver.deletes).containsExactly("vol-of-" + volumeName(claim));
    assertThat(driver.volumes).isEmpty();
  }

  @Test
  void aForgedRecordDoesNotReachAnotherSnapshotsContent() {
    snapshot("snap");
    snapshot("secret");
    create(
        restored("data", "snap")
            .editMetadata()
            .addToFinalizers(Names.MAKING)
            .addToAnnotations(Names.RESTORED_FROM_CONTENT, "secret-content")
            .endMetadata());
    start();

    eventually(
        () -> assertThat(eventsAbout("data")).anyMatch(e -> e.contains(" SnapshotContentLost: ")));
    assertThat(driver.creates).isEmpty();
  }

  @Test
  void aVolumeThatDoesNotSayItIsRestoredIsDeletedAndNotHandedOver() {
    driver.forgetsContentSource = true;
    snapshot("snap");
    start();
    var claim = create(restored("data", "snap"));

    eventually(() -> assertThat(driver.deletes).contains("vol-of-" + volumeName(claim)));
    eventually(() ->
        assertThat(eventsAbout("data")).anyMatch(e -> e.contains("restored from snap-handle")));
    assertThat(volumeOf(claim)).isNull();
  }

  private void onNode(Taken taken) {
    taken
        .content
        .getMetadata()
        .setLabels(Map.of("snapshot.storage.kubernetes.io/managed-by", "node-2"));
  }

  @Test
  void aSnapshotOfOneNodeIsRestoredThereAndAPodElsewhereIsScheduledAgain() throws Exception {
    storageClass("late", "WaitForFirstConsumer");
    driver.segments = Map.of(KEY, "node-1");
    try (var second = new ScriptedDriver()) {
      second.segments = Map.of(KEY, "node-2");
      second.abilities.add(RPC.Type.CREATE_DELETE_SNAPSHOT);
      snapshot("snap", this::onNode);
      start(driver, builder -> builder.nodeName("node-1"));
      var other = start(second, builder -> builder.nodeName("node-2"));

      awaitVolumeOf(create(restored("data", "snap")));
      PersistentVolumeClaim late =
          create(
              restored("late-data", "snap")
                  .editMetadata()
                  .addToAnnotations(Names.SELECTED_NODE, "node-1")
                  .endMetadata()
                  .editSpec()
                  .withStorageClassName("late")
                  .endSpec());

      eventually(() ->
          assertThat(eventsAbout("late-data")).anyMatch(e -> e.contains(" TopologyConflict: ")));
      eventually(() ->
          assertThat(get("late-data").getMetadata().getAnnotations())
              .doesNotContainKey(Names.SELECTED_NODE));
      assertThat(volumeOf(late)).isNull();
      assertThat(driver.creates).isEmpty();
      other.close();
    }
  }
}
