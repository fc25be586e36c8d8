package io.csiclone.csi;

import static io.csiclone.csi.Answers.refused;
import static io.csiclone.csi.TestDriver.MIB;
import static io.csiclone.csi.TestDriver.block;
import static io.csiclone.csi.TestDriver.content;
import static io.csiclone.csi.TestDriver.mount;
import static io.csiclone.csi.TestDriver.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.csiclone.csiproto.CreateSnapshotRequest;
import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.csiproto.DeleteSnapshotRequest;
import io.csiclone.csiproto.ListSnapshotsRequest;
import io.csiclone.csiproto.ListSnapshotsResponse;
import io.csiclone.csiproto.NodeStageVolumeRequest;
import io.csiclone.csiproto.Snapshot;
import io.csiclone.csiproto.Volume;
import io.csiclone.csiproto.VolumeCapability.AccessMode.Mode;
import io.csiclone.csiproto.VolumeContentSource;
import io.grpc.Status.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Snapshots: taken and restored by the way that clones take, so every driver has them. */
class SnapshotTest {

  private TestDriver driver;
  private String source;

  @BeforeEach
  void start(@TempDir Path folder) throws IOException {
    driver = TestDriver.started(folder);
    source = driver.filled("source", MIB, 1).getVolumeId();
  }

  @AfterEach
  void stop() {
    driver.close();
  }

  private Snapshot take(String name) {
    return take(name, source);
  }

  private Snapshot take(String name, String sourceId) {
    return driver
        .controller()
        .createSnapshot(
            CreateSnapshotRequest.newBuilder().setName(name).setSourceVolumeId(sourceId).build())
        .getSnapshot();
  }

  private void drop(String snapshotId) {
    var _ =
        driver
            .controller()
            .deleteSnapshot(DeleteSnapshotRequest.newBuilder().setSnapshotId(snapshotId).build());
  }

  private static CreateVolumeRequest.Builder restore(String name, long bytes, String snapshotId) {
    return request(name, bytes)
        .setVolumeContentSource(
            VolumeContentSource.newBuilder()
                .setSnapshot(
                    VolumeContentSource.SnapshotSource.newBuilder().setSnapshotId(snapshotId)));
  }

  @Test
  void aSnapshotKeepsTheBytesOfItsMomentAndARestoreBringsThemBack() throws IOException {
    Instant before = Instant.now();
    Snapshot snapshot = take("snapshot");
    Files.write(driver.backend.file(source), content(MIB, 2));

    assertThat(snapshot.getSnapshotId()).matches("snap-[0-9a-f]{32}");
    assertThat(snapshot.getSourceVolumeId()).isEqualTo(source);
    assertThat(snapshot.getSizeBytes()).isEqualTo(MIB);
    assertThat(snapshot.getReadyToUse()).isTrue();
    assertThat(
            Instant.ofEpochSecond(
                snapshot.getCreationTime().getSeconds(), snapshot.getCreationTime().getNanos()))
        .isBetween(before.minusMillis(1), Instant.now());

    Volume restored = driver.create(restore("restored", 2 * MIB, snapshot.getSnapshotId()));
    assertThat(restored.getContentSource().getSnapshot().getSnapshotId())
        .isEqualTo(snapshot.getSnapshotId());
    assertThat(driver.bytesOf(restored.getVolumeId()))
        .hasSize((int) (2 * MIB))
        .startsWith(content(MIB, 1));
  }

  @Test
  void theSameSnapshotAskedForTenTimesIsOneAlsoAcrossRestartsAndAfterItsSourceIsGone()
      throws IOException {
    Snapshot first = take("snapshot");
    driver.delete(source);
    for (int i = 0; i < 9; i++) {
      if (i % 3 == 0) {
        driver.restart();
      }
      assertThat(take("snapshot")).isEqualTo(first);
    }
    assertThat(driver.backend.volumes()).containsExactly(first.getSnapshotId() + ".img");
  }

  @Test
  void aNameTakenByASnapshotOfAnotherVolumeIsAlreadyTaken() throws IOException {
    take("snapshot");
    String other = driver.filled("other", MIB, 3).getVolumeId();
    refused(
        Code.ALREADY_EXISTS,
        "exists with another source (volume " + source + ")",
        () -> take("snapshot", other));
  }

  @Test
  void aVolumeAndASnapshotMayShareAName() {
    Snapshot snapshot = take("source");
    assertThat(snapshot.getSnapshotId()).isNotEqualTo(source);
  }

  @Test
  void deletingTenTimesIsDeletingOnceAndLeavesNothing() throws IOException {
    Snapshot snapshot = take("snapshot");
    for (int i = 0; i < 10; i++) {
      drop(snapshot.getSnapshotId());
    }
    assertThat(driver.backend.volumes()).containsExactly(source + ".img");
    assertThat(driver.recordFiles()).containsExactly(source + ".volume");
    refused(
        Code.NOT_FOUND,
        "Snapshot \"" + snapshot.getSnapshotId() + "\" does not exist",
        () -> driver.create(restore("restored", MIB, snapshot.getSnapshotId())));
  }

  @Test
  void aSnapshotIsNoVolumeAndAVolumeNoSnapshot() throws IOException {
    String snapshot = take("snapshot").getSnapshotId();
    driver.delete(snapshot);
    drop(source);
    assertThat(driver.backend.volumes()).containsExactly(snapshot + ".img", source + ".img");
    refused(
        Code.NOT_FOUND,
        "does not exist",
        () ->
            driver
                .node()
                .nodeStageVolume(
                    NodeStageVolumeRequest.newBuilder()
                        .setVolumeId(snapshot)
                        .setStagingTargetPath("/staging")
                        .setVolumeCapability(mount(Mode.SINGLE_NODE_WRITER))
                        .build()));
    refused(
        Code.NOT_FOUND,
        "Volume \"" + snapshot + "\" does not exist",
        () -> driver.create(TestDriver.cloneRequest("clone", MIB, snapshot)));
    refused(
        Code.NOT_FOUND,
        "Snapshot \"" + source + "\" does not exist",
        () -> driver.create(restore("restored", MIB, source)));
  }

  @Test
  void aRestoreIsHeldToTheSizeAndTheAccessTypeOfItsSnapshot() {
    String snapshot = take("snapshot").getSnapshotId();
    refused(
        Code.OUT_OF_RANGE,
        "is smaller than the source",
        () -> driver.create(restore("small", MIB / 2, snapshot)));
    refused(
        Code.INVALID_ARGUMENT,
        "the source snapshot " + snapshot + " is MOUNT",
        () ->
            driver.create(
                restore("block", MIB, snapshot)
                    .setVolumeCapabilities(0, block(Mode.SINGLE_NODE_WRITER))));
  }

  @Test
  void aSnapshotWithoutASourceOrANameIsRefused() {
    refused(Code.INVALID_ARGUMENT, "source_volume_id is missing", () -> take("snapshot", ""));
    refused(Code.INVALID_ARGUMENT, "name is missing", () -> take(""));
    refused(Code.NOT_FOUND, "does not exist", () -> take("snapshot", "vol-unknown"));
    refused(Code.NOT_FOUND, "does not exist", () -> take("snapshot", "../../etc"));
    String itself = VolumeIds.forSnapshotName("snapshot");
    refused(Code.NOT_FOUND, "does not exist", () -> take("snapshot", itself));
    refused(Code.INVALID_ARGUMENT, "snapshot_id is missing", () -> drop(""));
  }

  @Test
  void aSnapshotThatIsBeingTakenOrRestoredHoldsItsSource() throws IOException {
    driver.stop();
    driver.answeringWithin(Duration.ofMillis(150)).start();
    driver.backend.gate = new CountDownLatch(1);
    refused(Code.ABORTED, "is still being cloned from " + source, () -> take("snapshot"));
    refused(Code.FAILED_PRECONDITION, "is being cloned into snap-", () -> driver.delete(source));
    driver.backend.gate.countDown();
    String snapshot = eventually(() -> take("snapshot")).getSnapshotId();

    driver.backend.gate = new CountDownLatch(1);
    refused(
        Code.ABORTED,
        "is still being cloned from " + snapshot,
        () -> driver.create(restore("restored", MIB, snapshot)));
    refused(
        Code.FAILED_PRECONDITION,
        "Snapshot " + snapshot + " is being cloned into vol-",
        () -> drop(snapshot));
    driver.backend.gate.countDown();
    Volume restored = eventually(() -> driver.create(restore("restored", MIB, snapshot)));
    assertThat(driver.bytesOf(restored.getVolumeId())).isEqualTo(content(MIB, 1));
    drop(snapshot);
  }

  private static <T> T eventually(Supplier<T> call) {
    return await().ignoreExceptions().until(call::get, Objects::nonNull);
  }

  @Test
  void snapshotsAreListedByIdBySourceAndInPages() throws IOException {
    String other = driver.filled("other", MIB, 3).getVolumeId();
    List<Snapshot> ofSource = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      ofSource.add(take("snapshot-" + i));
    }
    Snapshot ofOther = take("other", other);

    assertThat(list(ListSnapshotsRequest.newBuilder().setSourceVolumeId(source)))
        .containsExactlyInAnyOrderElementsOf(ofSource);
    assertThat(list(ListSnapshotsRequest.newBuilder().setSnapshotId(ofOther.getSnapshotId())))
        .containsExactly(ofOther);
    assertThat(list(ListSnapshotsRequest.newBuilder().setSnapshotId("none"))).isEmpty();
    assertThat(list(ListSnapshotsRequest.newBuilder().setSourceVolumeId("none"))).isEmpty();
    assertThat(list(ListSnapshotsRequest.newBuilder().setMaxEntries(2)))
        .hasSize(5)
        .containsAll(ofSource)
        .contains(ofOther);
  }

  /** All pages. */
  private List<Snapshot> list(ListSnapshotsRequest.Builder request) {
    List<Snapshot> all = new ArrayList<>();
    ListSnapshotsResponse page;
    do {
      page = driver.controller().listSnapshots(request.build());
      page.getEntriesList().forEach(entry -> all.add(entry.getSnapshot()));
      assertThat(page.getEntriesCount())
          .isLessThanOrEqualTo(
              request.getMaxEntries() == 0 ? Integer.MAX_VALUE : request.getMaxEntries());
      request.setStartingToken(page.getNextToken());
    } while (!page.getNextToken().isEmpty());
    return all;
  }
}
