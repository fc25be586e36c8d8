package io.csiclone.csi;

import static io.csiclone.csi.Answers.refused;
import static io.csiclone.csi.TestDriver.MIB;
import static io.csiclone.csi.TestDriver.cloneRequest;
import static io.csiclone.csi.TestDriver.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.ControllerGetVolumeRequest;
import io.csiclone.csiproto.CreateSnapshotRequest;
import io.csiclone.csiproto.ListVolumesRequest;
import io.csiclone.csiproto.ListVolumesResponse;
import io.csiclone.csiproto.Volume;
import io.grpc.Status.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Volumes are listed as they were answered when they were made. */
class ListVolumesTest {

  private TestDriver driver;

  @BeforeEach
  void start(@TempDir Path folder) throws IOException {
    driver = TestDriver.started(folder);
  }

  @AfterEach
  void stop() {
    driver.close();
  }

  private ListVolumesResponse list(int maxEntries, String token) {
    return driver
        .controller()
        .listVolumes(
            ListVolumesRequest.newBuilder()
                .setMaxEntries(maxEntries)
                .setStartingToken(token)
                .build());
  }

  private static List<Volume> volumes(ListVolumesResponse page) {
    return page.getEntriesList().stream().map(ListVolumesResponse.Entry::getVolume).toList();
  }

  @Test
  void aDriverWithoutVolumesListsNone() {
    assertThat(list(0, "")).isEqualTo(ListVolumesResponse.getDefaultInstance());
  }

  @Test
  void volumesAreListedAsTheyWereAnsweredAndSnapshotsAreNot() throws IOException {
    Volume source = driver.filled("source", MIB, 1);
    Volume clone = driver.create(cloneRequest("clone", 2 * MIB, source.getVolumeId()));
    var _ =
        driver
            .controller()
            .createSnapshot(
                CreateSnapshotRequest.newBuilder()
                    .setName("snapshot")
                    .setSourceVolumeId(source.getVolumeId())
                    .build());
    assertThat(volumes(list(0, ""))).containsExactlyInAnyOrder(source, clone);
    driver.delete(source.getVolumeId());
    assertThat(volumes(list(0, ""))).containsExactly(clone);
  }

  @Test
  void aVolumeThatIsStillBeingMadeIsNotListed() throws IOException {
    driver.stop();
    driver.answeringWithin(Duration.ofMillis(150)).start();
    Volume source = driver.filled("source", MIB, 1);
    driver.backend.gate = new CountDownLatch(1);
    refused(
        Code.ABORTED,
        "still being cloned",
        () -> driver.create(cloneRequest("clone", MIB, source.getVolumeId())));
    assertThat(volumes(list(0, ""))).containsExactly(source);
  }

  @Test
  void pagesTogetherHoldEveryVolumeOnceEvenWhenSomeAreDeletedBetweenThem() {
    Set<String> kept = new HashSet<>();
    for (int i = 0; i < 10; i++) {
      kept.add(driver.create(request("pvc-" + i, MIB)).getVolumeId());
    }
    List<String> seen = new ArrayList<>();
    String token = "";
    do {
      ListVolumesResponse page = list(3, token);
      volumes(page).forEach(volume -> seen.add(volume.getVolumeId()));
      token = page.getNextToken();
      if (seen.size() == 3) {
        // One that was listed and the one at which the next page begins.
        driver.delete(seen.getFirst());
        kept.remove(token);
        driver.delete(token);
      }
    } while (!token.isEmpty());
    assertThat(seen).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(kept);
  }

  @Test
  void aTokenThatWasNeverGivenOutAndANegativeCountAreRefused() {
    for (String token : List.of("../../etc", "invalid-token", "vol-1")) {
      refused(Code.ABORTED, "list again from the beginning", () -> list(0, token));
    }
    refused(Code.INVALID_ARGUMENT, "max_entries must not be negative", () -> list(-1, ""));
  }

  @Test
  void aVolumeLostByTheStorageIsListedAsAbnormal() throws IOException {
    Volume volume = driver.filled("source", MIB, 1);
    assertThat(list(0, "").getEntries(0).getStatus().getVolumeCondition().getAbnormal()).isFalse();
    Files.delete(driver.backend.file(volume.getVolumeId()));
    var condition = list(0, "").getEntries(0).getStatus().getVolumeCondition();
    assertThat(condition.getAbnormal()).isTrue();
    assertThat(condition.getMessage()).contains(volume.getVolumeId(), "does not have it any more");
  }

  @Test
  void oneVolumeIsDescribedAsItWasAnswered() throws IOException {
    Volume source = driver.filled("source", MIB, 1);
    Volume clone = driver.create(cloneRequest("clone", MIB, source.getVolumeId()));
    assertThat(get(clone.getVolumeId())).isEqualTo(clone);
    refused(Code.NOT_FOUND, "does not exist", () -> get("vol-unknown"));
    refused(Code.INVALID_ARGUMENT, "volume_id is missing", () -> get(""));
  }

  private Volume get(String volumeId) {
    return driver
        .controller()
        .controllerGetVolume(ControllerGetVolumeRequest.newBuilder().setVolumeId(volumeId).build())
        .getVolume();
  }
}
