package io.csiclone.copy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.csiclone.copy.RecordingEndpoint.Operation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a copy with a journal does after one that was cut off. */
@Timeout(60)
class ResumeTest {

  private static final int SIZE = 16 << 20;
  private static final int GRANULE = 1 << 20;
  private static final int WORKERS = 3;

  /** Where the medium of the first copy fails. */
  private static final int BAD = 10 << 20;

  private static final CopyOptions OPTIONS =
      new CopyOptions(CopyMethod.READ_WRITE).withGranule(GRANULE).inParallel(WORKERS);

  @TempDir private Path folder = Path.of("");
  private Path source = Path.of("");
  private Path target = Path.of("");
  private Path journal = Path.of("");

  @BeforeEach
  void makeFiles() throws IOException {
    byte[] content = new byte[SIZE];
    new Random(11).nextBytes(content);
    source = Files.write(folder.resolve("source"), content);
    target = VolumeFiles.blank(folder.resolve("target"), SIZE + 5_000_000);
    journal = folder.resolve("journal");
  }

  private CopyOptions resumable(CopyOptions options) {
    return options.resumable(CopyJournal.at(journal));
  }

  /** A copy that fails at {@link #BAD}. */
  private void cutOff(CopyOptions options) {
    try (CopyEngine failing =
        TestEngines.behindTarget(WORKERS, real -> new FailingEndpoint(real, BAD))) {
      assertThatExceptionOfType(CopyException.class)
          .isThrownBy(() -> failing.copy(source, target, resumable(options), CopyListener.none()))
          .withMessageContainingAll(target.toString(), "at offset " + BAD, "EIO")
          .satisfies(e -> assertThat(e.failure()).isEqualTo(CopyFailure.IO_ERROR));
    }
    assertThat(journal).as("the mark of an incomplete target").exists();
  }

  private CopyReport copy(CopyOptions options) throws InterruptedException {
    try (CopyEngine engine = CopyEngine.start(WORKERS, 64 << 20)) {
      return engine.copy(source, target, options, CopyListener.none());
    }
  }

  private void assertCopied() throws IOException {
    VolumeFiles.assertHolds(target, Files.readAllBytes(source), SIZE + 5_000_000);
    assertThat(folder).isDirectoryNotContaining(file -> file.toString().contains("journal"));
  }

  @ParameterizedTest
  @EnumSource(
      value = CopyMethod.class,
      names = {"COPY_FILE_RANGE", "READ_WRITE", "PLAIN"})
  void onlyWhatTheJournalDoesNotHaveIsCopiedAgain(CopyMethod method) throws Exception {
    CopyOptions options = new CopyOptions(method).withGranule(GRANULE).inParallel(WORKERS);
    cutOff(options);
    List<Operation> operations = Collections.synchronizedList(new ArrayList<>());
    try (CopyEngine engine =
        TestEngines.behindTarget(WORKERS, real -> new RecordingEndpoint(real, operations::add))) {
      CopyReport report = engine.copy(source, target, resumable(options), CopyListener.none());

      assertThat(report.resumed()).isGreaterThanOrEqualTo(BAD - WORKERS * GRANULE);
      assertThat(report.resumed() + report.written()).isEqualTo(SIZE);
      assertThat(report.startedOver()).isEmpty();
      long below =
          operations.stream()
              .filter(operation -> !operation.name().endsWith("ync"))
              .filter(operation -> operation.offset() < BAD)
              .mapToLong(Operation::length)
              .sum();
      assertThat(below).isLessThanOrEqualTo((long) WORKERS * GRANULE);
    }
    assertCopied();
  }

  @Test
  void nothingIsJournaledThatIsNotOnTheMedium() throws Exception {
    List<String> order = Collections.synchronizedList(new ArrayList<>());
    try (CopyEngine engine =
        TestEngines.behindTarget(
            1,
            real ->
                new RecordingEndpoint(
                    real,
                    operation -> {
                      String below = journaled();
                      order.add(operation.name() + " " + below);
                    }))) {
      engine.copy(source, target, resumable(OPTIONS), CopyListener.none());
    }
    String before = "0";
    for (int i = 0; i < order.size(); i++) {
      String below = order.get(i).substring(order.get(i).indexOf(' ') + 1);
      if (!below.equals(before)) {
        assertThat(order.get(i - 1)).as("before " + order.get(i)).startsWith("dataSync");
        before = below;
      }
    }
    assertThat(before).isNotEqualTo("0");
  }

  private String journaled() {
    try {
      return Files.exists(journal)
          ? Files.readAllLines(journal).stream()
              .filter(line -> line.startsWith("done-below "))
              .map(line -> line.substring(11))
              .findFirst()
              .orElseThrow()
          : "gone";
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void theDigestOfAResumedCopyIsThatOfAWholeOne() throws Exception {
    cutOff(OPTIONS.verified(Verify.DIGEST));

    CopyReport report = copy(resumable(OPTIONS.verified(Verify.DIGEST)));

    assertThat(report.resumed()).isPositive();
    assertThat(report.digest()).contains(VolumeDigest.of(source));
    assertCopied();
  }

  @Test
  void aJournalKeptWithoutADigestStartsOverWhenOneIsAskedFor() throws Exception {
    cutOff(OPTIONS);
    CopyReport report = copy(resumable(OPTIONS.verified(Verify.DIGEST)));
    assertThat(report.resumed()).isZero();
    assertThat(report.startedOver().orElseThrow()).contains("without a digest");
    assertThat(report.digest()).contains(VolumeDigest.of(source));
    assertCopied();
  }

  @Test
  void aResumedCopyIsReadBackWhole() throws Exception {
    cutOff(OPTIONS);
    VolumeFiles.flip(target, 5_000);
    assertThatExceptionOfType(CopyException.class)
        .isThrownBy(() -> copy(resumable(OPTIONS.verified(Verify.READ_BACK))))
        .withMessageContaining("offset 5000");

    CopyReport again = copy(resumable(OPTIONS.verified(Verify.READ_BACK)));

    assertThat(again.resumed()).as("nothing of a target found wrong is trusted").isZero();
    assertThat(again.digest()).contains(VolumeDigest.of(source));
    assertCopied();
  }

  @ParameterizedTest
  @ValueSource(strings = {"empty", "half", "flipped", "older", "garbage", "long"})
  void aJournalThatMakesNoSenseStartsOverAndIsNamed(String harm) throws Exception {
    cutOff(OPTIONS);
    byte[] text = Files.readAllBytes(journal);
    byte[] harmed =
        switch (harm) {
          case "empty" -> new byte[0];
          case "half" -> java.util.Arrays.copyOf(text, text.length / 2);
          case "flipped" -> {
            byte[] flipped = text.clone();
            flipped[text.length / 2] ^= 4;
            yield flipped;
          }
          case "older" ->
              new String(text, StandardCharsets.UTF_8)
                  .replace("journal 1", "journal 0")
                  .getBytes(StandardCharsets.UTF_8);
          case "garbage" -> {
            byte[] garbage = new byte[500];
            new Random(3).nextBytes(garbage);
            yield garbage;
          }
          default -> new byte[3 << 20];
        };
    Files.write(journal, harmed);

    CopyReport report = copy(resumable(OPTIONS));

    assertThat(report.resumed()).isZero();
    assertThat(report.startedOver()).isPresent();
    assertThat(report.written()).isEqualTo(SIZE);
    assertCopied();
  }

  @Test
  void anyFlippedBitOfAJournalIsNoticed() throws Exception {
    cutOff(OPTIONS);
    byte[] text = Files.readAllBytes(journal);
    for (int bit = 0; bit < text.length * 8; bit++) {
      byte[] flipped = text.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      assertThatExceptionOfType(JournalEntry.Unusable.class)
          .as("bit " + bit)
          .isThrownBy(() -> JournalEntry.parse(new String(flipped, StandardCharsets.UTF_8)));
    }
    assertThat(JournalEntry.parse(new String(text, StandardCharsets.UTF_8)).text())
        .isEqualTo(new String(text, StandardCharsets.UTF_8));
  }

  @Test
  void aJournalOfAnOlderFormatSaysSo() throws Exception {
    cutOff(OPTIONS);
    String text = Files.readString(journal).replace("copy-journal 1", "copy-journal 0");
    String body = text.substring(0, text.lastIndexOf("crc32c"));
    java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
    crc.update(body.getBytes(StandardCharsets.UTF_8));
    Files.writeString(journal, body + "crc32c %08x\n".formatted(crc.getValue()));

    assertThat(copy(resumable(OPTIONS)).startedOver())
        .contains("it is of format 0, and this is format 1");
    assertCopied();
  }

  @Test
  void aJournalOfAnotherTargetStartsOver() throws Exception {
    cutOff(OPTIONS);
    Path made = VolumeFiles.dirty(folder.resolve("made-again"), SIZE + 5_000_000);
    Files.move(made, target, StandardCopyOption.REPLACE_EXISTING);

    CopyReport report = copy(resumable(OPTIONS));

    assertThat(report.resumed()).isZero();
    assertThat(report.startedOver().orElseThrow()).contains("another target");
    assertCopied();
  }

  @Test
  void aSourceThatIsAnotherOneOrHasChangedIsRefused() throws Exception {
    cutOff(OPTIONS);
    byte[] before = Files.readAllBytes(target);
    byte[] content = Files.readAllBytes(source);
    FileTime time = Files.getLastModifiedTime(source);

    VolumeFiles.flip(source, 77);
    assertRefused("its version was");
    VolumeFiles.flip(source, 77);
    Files.setLastModifiedTime(source, time);
    assertRefused("its version was");
    VolumeFiles.setSize(source, SIZE - 1);
    assertRefused("it had 16777216 bytes and has 16777215");
    Path other = Files.write(folder.resolve("other"), content);
    Files.move(other, source, StandardCopyOption.REPLACE_EXISTING);
    assertRefused("it was file inode");

    assertThat(Files.readAllBytes(target)).isEqualTo(before);
    Files.delete(journal);
    assertThat(copy(resumable(OPTIONS)).resumed()).isZero();
    assertCopied();
  }

  private void assertRefused(String what) {
    assertThatExceptionOfType(CopyException.class)
        .isThrownBy(() -> copy(resumable(OPTIONS)))
        .withMessageContainingAll(source.toString(), journal.toString(), what)
        .satisfies(e -> assertThat(e.failure()).isEqualTo(CopyFailure.SOURCE_NOT_THE_SAME));
    assertThat(journal).exists();
  }

  @Test
  void aVersionGivenByTheCallerCountsInsteadOfTimes() throws Exception {
    CopyOptions options = OPTIONS.resumable(new CopyJournal(journal, "snapshot 7"));
    try (CopyEngine failing =
        TestEngines.behindTarget(WORKERS, real -> new FailingEndpoint(real, BAD))) {
      assertThatExceptionOfType(CopyException.class)
          .isThrownBy(() -> failing.copy(source, target, options, CopyListener.none()));
    }
    Files.setLastModifiedTime(source, FileTime.fromMillis(0));
    assertThatExceptionOfType(CopyException.class)
        .isThrownBy(() -> copy(OPTIONS.resumable(new CopyJournal(journal, "snapshot 8"))))
        .satisfies(e -> assertThat(e.failure()).isEqualTo(CopyFailure.SOURCE_NOT_THE_SAME));

    assertThat(copy(options).resumed()).isPositive();
    assertCopied();
  }

  @Test
  void aPlaceThatIsNoneForAJournalIsRefused() throws Exception {
    byte[] content = Files.readAllBytes(source);
    Path link = Files.createSymbolicLink(folder.resolve("link"), source);
    Path missing = folder.resolve("missing").resolve("journal");
    for (Path place : List.of(source, target, folder, link, missing)) {
      assertThatExceptionOfType(CopyException.class)
          .as(place.toString())
          .isThrownBy(() -> copy(OPTIONS.resumable(CopyJournal.at(place))))
          .withMessageContaining(place.toString())
          .satisfies(e -> assertThat(e.failure()).isEqualTo(CopyFailure.JOURNAL_UNUSABLE));
    }
    assertThat(Files.readAllBytes(source)).isEqualTo(content);
    assertThat(Files.readAllBytes(target)).containsOnly(0);
  }

  @Test
  void anInterruptedCopyGoesOnLater() throws Exception {
    CopyOptions slow = resumable(OPTIONS.limitedTo(8 << 20));
    try (CopyEngine engine = CopyEngine.start(WORKERS, 64 << 20)) {
      AtomicBoolean interrupted = new AtomicBoolean();
      Thread caller =
          Thread.startVirtualThread(() -> {
            try {
              engine.copy(source, target, slow, CopyListener.none());
            } catch (InterruptedException e) {
              interrupted.set(true);
            }
          });
      while (Files.notExists(journal) || journaled().equals("0")) {
        Thread.sleep(5);
      }
      caller.interrupt();
      caller.join();
      assertThat(interrupted).isTrue();
      assertThat(journal).as("the mark of an incomplete target").exists();

      assertThat(engine.copy(source, target, resumable(OPTIONS), CopyListener.none()).resumed())
          .isPositive();
    }
    assertCopied();
  }

  @Test
  void aSourceThatShrinksLeavesTheTargetMarkedAndIsNotGoneOnFrom() throws Exception {
    try (CopyEngine engine =
        TestEngines.behindTarget(
            WORKERS,
            real ->
                new RecordingEndpoint(
                    real,
                    operation -> {
                      if (operation.offset() > SIZE / 2) {
                        shrinkSource();
                      }
                    }))) {
      assertThatExceptionOfType(CopyException.class)
          .isThrownBy(() -> engine.copy(source, target, resumable(OPTIONS), CopyListener.none()))
          .withMessageContaining(source.toString())
          .satisfies(e -> assertThat(e.failure()).isEqualTo(CopyFailure.SOURCE_CHANGED));
    }
    assertThat(journal).exists();
    assertRefused("it had 16777216 bytes and has 1000");
  }

  private void shrinkSource() {
    try {
      VolumeFiles.setSize(source, 1000);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aRefusedCopyLeavesNoJournal() throws Exception {
    Path small = VolumeFiles.blank(folder.resolve("small"), 100);
    try (CopyEngine engine = CopyEngine.start()) {
      assertThatExceptionOfType(CopyException.class)
          .isThrownBy(() -> engine.copy(source, small, resumable(OPTIONS), CopyListener.none()));
    }
    assertThat(journal).doesNotExist();
  }
}
