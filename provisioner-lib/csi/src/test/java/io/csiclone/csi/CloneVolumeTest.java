package io.csiclone.csi;

import static io.csiclone.csi.Answers.refused;
import static io.csiclone.csi.TestDriver.MIB;
import static io.csiclone.csi.TestDriver.block;
import static io.csiclone.csi.TestDriver.cloneRequest;
import static io.csiclone.csi.TestDriver.content;
import static io.csiclone.csi.TestDriver.from;
import static io.csiclone.csi.TestDriver.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.CapacityRange;
import io.csiclone.csiproto.Volume;
import io.csiclone.csiproto.VolumeCapability.AccessMode.Mode;
import io.csiclone.csiproto.VolumeContentSource;
import io.grpc.Status.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a clone is. */
class CloneVolumeTest {

  private TestDriver driver;

  @BeforeEach
  void start(@TempDir Path folder) throws IOException {
    driver = TestDriver.started(folder);
  }

  @AfterEach
  void stop() {
    driver.close();
  }

  @Test
  void aCloneHasTheBytesOfItsSourceAndNamesIt() throws IOException {
    Volume source = driver.filled("source", MIB, 1);

    Volume clone = driver.create(cloneRequest("clone", MIB, source.getVolumeId()));

    assertThat(clone.getVolumeId()).isNotEqualTo(source.getVolumeId());
    assertThat(clone.getCapacityBytes()).isEqualTo(MIB);
    assertThat(clone.getContentSource()).isEqualTo(from(source.getVolumeId()));
    assertThat(driver.bytesOf(clone.getVolumeId())).isEqualTo(content(MIB, 1));
  }

  @Test
  void aStorageThatClonesByItselfIsNotMadeToCopy() throws IOException {
    driver.backend.clonesNatively = true;
    Volume source = driver.filled("source", MIB, 2);

    Volume clone = driver.create(cloneRequest("clone", 2 * MIB, source.getVolumeId()));

    assertThat(clone.getCapacityBytes()).isEqualTo(2 * MIB);
    assertThat(Arrays.copyOf(driver.bytesOf(clone.getVolumeId()), (int) MIB))
        .isEqualTo(content(MIB, 2));
    assertThat(driver.backend.quiesced).hasValue(0);
  }

  @Test
  void theSourceIsQuiescedBeforeItsBytesAreRead() throws IOException {
    Volume source = driver.filled("source", MIB, 3);
    driver.create(cloneRequest("clone", MIB, source.getVolumeId()));
    assertThat(driver.backend.quiesced).hasValue(1);
  }

  @Test
  void theSameCloneAskedForTenTimesIsOneVolume() throws IOException {
    Volume source = driver.filled("source", MIB, 4);
    Volume first = driver.create(cloneRequest("clone", MIB, source.getVolumeId()));
    for (int i = 0; i < 9; i++) {
      assertThat(driver.create(cloneRequest("clone", MIB, source.getVolumeId()))).isEqualTo(first);
    }
    assertThat(driver.backend.created).hasValue(2);
  }

  @Test
  void aRetryAfterTheSourceIsDeletedStillAnswersTheClone() throws IOException {
    Volume source = driver.filled("source", MIB, 5);
    Volume clone = driver.create(cloneRequest("clone", MIB, source.getVolumeId()));
    driver.delete(source.getVolumeId());
    assertThat(driver.create(cloneRequest("clone", MIB, source.getVolumeId()))).isEqualTo(clone);
    assertThat(driver.bytesOf(clone.getVolumeId())).isEqualTo(content(MIB, 5));
  }

  @Test
  void aLargerCloneHasTheBytesOfItsSourceAndThenZeros() throws IOException {
    Volume source = driver.filled("source", MIB, 6);
    Volume clone = driver.create(cloneRequest("clone", 3 * MIB, source.getVolumeId()));
    assertThat(clone.getCapacityBytes()).isEqualTo(3 * MIB);
    byte[] bytes = driver.bytesOf(clone.getVolumeId());
    assertThat(bytes).hasSize((int) (3 * MIB));
    assertThat(Arrays.copyOf(bytes, (int) MIB)).isEqualTo(content(MIB, 6));
    assertThat(Arrays.copyOfRange(bytes, (int) MIB, bytes.length)).containsOnly(0);
  }

  @Test
  void aCloneWithoutASizeIsAsLargeAsItsSource() throws IOException {
    Volume source = driver.filled("source", 2 * MIB, 7);
    Volume clone = driver.create(cloneRequest("clone", 0, source.getVolumeId()));
    assertThat(clone.getCapacityBytes()).isEqualTo(2 * MIB);
  }

  @Test
  void aCloneOfACloneIsIndependentOfBoth() throws IOException {
    Volume first = driver.filled("first", MIB, 8);
    Volume second = driver.create(cloneRequest("second", MIB, first.getVolumeId()));
    Volume third = driver.create(cloneRequest("third", MIB, second.getVolumeId()));
    Files.write(driver.backend.file(second.getVolumeId()), content(MIB, 9));
    driver.delete(first.getVolumeId());
    assertThat(driver.bytesOf(third.getVolumeId())).isEqualTo(content(MIB, 8));
    assertThat(driver.bytesOf(second.getVolumeId())).isEqualTo(content(MIB, 9));
  }

  @Test
  void aNameTakenByAnotherSourceOrNoneIsAlreadyTaken() throws IOException {
    String a = driver.filled("a", MIB, 1).getVolumeId();
    String b = driver.filled("b", MIB, 2).getVolumeId();
    driver.create(cloneRequest("clone", MIB, a));
    refused(
        Code.ALREADY_EXISTS,
        "another content source",
        () -> driver.create(cloneRequest("clone", MIB, b)));
    refused(
        Code.ALREADY_EXISTS, "another content source", () -> driver.create(request("clone", MIB)));
    refused(
        Code.ALREADY_EXISTS,
        "another content source (none)",
        () -> driver.create(cloneRequest("a", MIB, b)));
  }

  @Test
  void aCloneSmallerThanItsSourceIsOutOfRange() throws IOException {
    String source = driver.filled("source", 2 * MIB, 1).getVolumeId();
    refused(
        Code.OUT_OF_RANGE,
        "required_bytes (1048576) is smaller than the source volume " + source,
        () -> driver.create(cloneRequest("clone", MIB, source)));
    refused(
        Code.OUT_OF_RANGE,
        "capacity_range.limit_bytes",
        () ->
            driver.create(
                cloneRequest("clone", 0, source)
                    .setCapacityRange(CapacityRange.newBuilder().setLimitBytes(MIB))));
    assertThat(driver.backend.volumes()).hasSize(1);
    assertThat(driver.recordFiles()).hasSize(1);
  }

  @Test
  void aBlockCloneOfAFilesystemVolumeIsAnInvalidArgument() throws IOException {
    String source = driver.filled("source", MIB, 1).getVolumeId();
    refused(
        Code.INVALID_ARGUMENT,
        "volume_capabilities ask for BLOCK, but the source volume",
        () ->
            driver.create(
                cloneRequest("clone", MIB, source)
                    .setVolumeCapabilities(0, block(Mode.SINGLE_NODE_WRITER))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "vol-00000000000000000000000000000000",
        "fake-vol-id-0123456789",
        "../../etc/passwd",
        "/etc/passwd",
        ".",
        "Käse \u0001 \uD83E\uDDC0",
        "x y"
      })
  void aSourceThatDoesNotExistIsNotFoundWhateverItsShape(String source) throws IOException {
    refused(Code.NOT_FOUND, "does not exist", () -> driver.create(cloneRequest("c", MIB, source)));
    assertThat(driver.recordFiles()).isEmpty();
  }

  @Test
  void aSourceIdOfAMegabyteIsNotFound() {
    refused(
        Code.NOT_FOUND,
        "does not exist",
        () -> driver.create(cloneRequest("c", MIB, "v".repeat((int) MIB))));
  }

  @Test
  void aContentSourceOfNoKindIsAnInvalidArgument() {
    refused(
        Code.INVALID_ARGUMENT,
        "volume_content_source.type is missing",
        () ->
            driver.create(
                request("c", MIB)
                    .setVolumeContentSource(VolumeContentSource.getDefaultInstance())));
  }

  @Test
  void aVolumeThatIsStillBeingMadeCannotBeASourceYet() throws IOException {
    String source = driver.filled("source", MIB, 1).getVolumeId();
    driver.stop();
    driver.answeringWithin(Duration.ofMillis(100)).start();
    driver.backend.gate = new CountDownLatch(1);
    refused(Code.ABORTED, "still", () -> driver.create(cloneRequest("half", MIB, source)));
    refused(
        Code.ABORTED,
        "is still being made",
        () -> driver.create(cloneRequest("next", MIB, VolumeIds.forName("half"))));
  }
}
