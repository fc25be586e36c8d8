package io.csiclone.csi;

import static io.csiclone.csi.TestDriver.MIB;
import static io.csiclone.csi.TestDriver.cloneRequest;
import static io.csiclone.csi.TestDriver.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.ControllerGetVolumeRequest;
import io.csiclone.csiproto.CreateSnapshotRequest;
import io.csiclone.csiproto.ListVolumesRequest;
import io.csiclone.csiproto.Volume;
import io.csiclone.csiproto.VolumeContentSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a back end tells of the volume it made is told to callers for as long as it exists. */
class VolumeContextTest {

  private TestDriver driver;
  private String source;

  @BeforeEach
  void start(@TempDir Path folder) throws IOException {
    driver = TestDriver.started(folder);
    source = driver.filled("source", MIB, 1).getVolumeId();
    driver.backend.told.put("made", "well");
  }

  @AfterEach
  void stop() {
    driver.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void everyAnswerAboutACloneHasItsContextAlsoAfterARestart(boolean natively) {
    driver.backend.clonesNatively = natively;
    Volume clone = driver.create(cloneRequest("clone", MIB, source));
    assertThat(clone.getVolumeContextMap()).containsExactly(Map.entry("made", "well"));

    driver.backend.told.put("made", "otherwise");
    driver.restart();

    assertThat(driver.create(cloneRequest("clone", MIB, source))).isEqualTo(clone);
    assertThat(
            driver
                .controller()
                .controllerGetVolume(
                    ControllerGetVolumeRequest.newBuilder()
                        .setVolumeId(clone.getVolumeId())
                        .build())
                .getVolume())
        .isEqualTo(clone);
    assertThat(
            driver
                .controller()
                .listVolumes(ListVolumesRequest.getDefaultInstance())
                .getEntriesList())
        .extracting(entry -> entry.getVolume())
        .contains(clone);
  }

  @Test
  void aVolumeRestoredFromASnapshotHasWhatWasToldOfTheSnapshot() {
    String snapshot =
        driver
            .controller()
            .createSnapshot(
                CreateSnapshotRequest.newBuilder()
                    .setName("snapshot")
                    .setSourceVolumeId(source)
                    .build())
            .getSnapshot()
            .getSnapshotId();
    driver.backend.told.putAll(Map.of("made", "otherwise", "restored", "yes"));

    Volume restored =
        driver.create(
            request("restored", MIB)
                .setVolumeContentSource(
                    VolumeContentSource.newBuilder()
                        .setSnapshot(
                            VolumeContentSource.SnapshotSource.newBuilder()
                                .setSnapshotId(snapshot))));

    assertThat(restored.getVolumeContextMap())
        .containsOnly(Map.entry("made", "well"), Map.entry("restored", "yes"));
  }
}
