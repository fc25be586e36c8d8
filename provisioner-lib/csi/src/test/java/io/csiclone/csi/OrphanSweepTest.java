package io.csiclone.csi;

import static io.csiclone.csi.Answers.refused;
import static io.csiclone.csi.TestDriver.MIB;
import static io.csiclone.csi.TestDriver.cloneRequest;
import static io.csiclone.csi.TestDriver.content;
import static io.csiclone.csi.TestDriver.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.csiclone.csi.StorageInventory.Kind;
import io.csiclone.csi.StorageInventory.Trace;
import io.grpc.Status.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the sweep tells, removes, and leaves alone. */
class OrphanSweepTest {

  private TestDriver driver;
  private String volume;

  @BeforeEach
  void start(@TempDir Path folder) throws IOException {
    driver = TestDriver.started(folder);
    volume = driver.filled("pvc-1", MIB, 1).getVolumeId();
  }

  @AfterEach
  void stop() {
    driver.close();
  }

  @Test
  void aStorageThatAgreesWithItsRecordsIsClean() {
    assertThat(driver.sweep().clean()).isTrue();
    assertThat(driver.sweep().removed()).isEmpty();
  }

  @Test
  void whatNoRecordExplainsIsToldAndLeftAlone() throws IOException {
    Path stranger = driver.backend.folder.resolve("vol-stranger.img");
    Path other = driver.backend.folder.resolve("Notes about the pool.txt");
    Files.write(stranger, content(MIB, 2));
    Files.writeString(other, "mine");

    assertThat(driver.sweep().unexplained())
        .containsExactlyInAnyOrder(
            new Trace(Kind.FILE, "vol-stranger", "vol-stranger.img"),
            new Trace(Kind.FILE, "Notes about the pool.txt", "Notes about the pool.txt"));
    assertThat(stranger).hasBinaryContent(content(MIB, 2));
    assertThat(other).hasContent("mine");
    assertThat(driver.bytesOf(volume)).isEqualTo(content(MIB, 1));
  }

  @Test
  void aVolumeWithADamagedRecordIsExplainedAndLeftAlone() throws IOException {
    Files.writeString(driver.records().resolve(volume + ".volume"), "nonsense");

    assertThat(driver.sweep().unexplained()).isEmpty();
    assertThat(driver.bytesOf(volume)).isEqualTo(content(MIB, 1));
  }

  @Test
  void aVolumeThatIsBeingMadeIsExplained() {
    driver.stop();
    driver.answeringWithin(Duration.ofMillis(150)).start();
    driver.backend.gate = new CountDownLatch(1);
    refused(
        Code.ABORTED,
        "still being cloned",
        () -> driver.create(cloneRequest("clone", MIB, volume)));
    await().until(() -> driver.backend.quiesced.get() == 1);

    assertThat(driver.sweep().clean()).isTrue();
    assertThat(driver.backend.find(VolumeIds.forName("clone"))).isPresent();
  }

  @Test
  void aRecordWithoutItsVolumeIsTold() throws IOException {
    Files.delete(driver.backend.file(volume));

    assertThat(driver.sweep().missing()).containsExactly(volume);
    assertThat(driver.recordFiles()).containsExactly(volume + ".volume");
  }

  @Test
  void aDeletionThatWasCutOffIsEndedAtTheStart() throws IOException {
    driver.stop();
    rewrite("state=READY", "state=DELETING");
    driver.start();

    await().until(() -> driver.backend.volumes().isEmpty() && driver.recordFiles().isEmpty());
    await().until(() -> driver.swept.getLast().removed().contains(volume));
  }

  @Test
  void whatAFailedVolumeHasLeftIsRemovedAndItsReasonKept() throws IOException {
    driver.stop();
    rewrite("state=READY", "state=FAILED\nfailure-reason=FAILED\nfailure-message=no luck");
    driver.start();

    await().until(() -> driver.backend.volumes().isEmpty());
    refused(Code.INTERNAL, "no luck", () -> driver.create(request("pvc-1", MIB)));
  }

  @Test
  void whatIsToGoIsToldAndKeptUntilItMayBeRemoved() throws IOException {
    driver.stop();
    rewrite("state=READY", "state=DELETING");
    CsiServerBuilder tool =
        CsiServer.builder()
            .volumes(driver.backend)
            .copyEngine(driver.engine)
            .records(driver.records());

    SweepReport told = tool.sweepOnce(false);
    assertThat(told.doomed()).containsExactly(volume);
    assertThat(told.clean()).isFalse();
    assertThat(driver.bytesOf(volume)).isEqualTo(content(MIB, 1));

    SweepReport swept = tool.sweepOnce(true);
    assertThat(swept.removed()).containsExactly(volume);
    assertThat(swept.clean()).isTrue();
    assertThat(driver.recordFiles()).isEmpty();
    assertThat(driver.backend.volumes()).isEmpty();
  }

  @Test
  void itIsRepeatedBySchedule() throws IOException {
    driver.stop();
    driver.sweepEvery = Duration.ofMillis(20);
    driver.start();
    await().until(() -> driver.swept.size() > 2 && driver.swept.getLast().clean());

    Files.createFile(driver.backend.folder.resolve("stranger"));

    await().until(() -> !driver.swept.getLast().clean());
    Files.delete(driver.backend.folder.resolve("stranger"));
    await().until(() -> driver.swept.getLast().clean());
  }

  @Test
  void withoutAnInventoryOnlyTheRecordsAreLookedAt() throws IOException {
    driver.stop();
    driver.plain().start();
    Files.createFile(driver.backend.folder.resolve("stranger"));

    assertThat(driver.sweep().clean()).isTrue();
  }

  @Test
  void aPauseThatIsNoneIsRefused() {
    assertThatThrownBy(() -> CsiServer.builder().sweep(Duration.ZERO, report -> {}))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private void rewrite(String what, String by) throws IOException {
    Path record = driver.records().resolve(volume + ".volume");
    Files.writeString(record, Files.readString(record).replace(what, by));
  }
}
