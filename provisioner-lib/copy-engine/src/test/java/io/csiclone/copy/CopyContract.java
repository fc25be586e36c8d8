package io.csiclone.copy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a copy from file to file does on any filesystem; each test class names one. */
abstract class CopyContract {

  private static final int RANDOM_VOLUMES = 12;

  final CopyEngine engine = CopyEngine.start();
  private Path folder = Path.of("");

  /** A folder on the filesystem under test. */
  abstract Path filesystem() throws Exception;

  /** The methods this filesystem serves. */
  abstract Set<CopyMethod> served() throws IOException;

  @BeforeEach
  void makeFolder() throws Exception {
    folder = Files.createTempDirectory(filesystem(), "volumes");
  }

  @AfterEach
  void closeEngineAndEmptyFolder() throws IOException {
    engine.close();
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  final Path path(String name) {
    return folder.resolve(name);
  }

  final CopyReport copy(Path source, Path target, CopyMethod fastest) throws InterruptedException {
    return engine.copy(source, target, new CopyOptions(fastest), CopyListener.none());
  }

  @ParameterizedTest
  @EnumSource(CopyMethod.class)
  void everyMethodCopiesRandomVolumesOverWhateverTheTargetHeld(CopyMethod fastest)
      throws Exception {
    for (int i = 0; i < RANDOM_VOLUMES; i++) {
      long seed = 7_000 + i;
      Random random = new Random(seed);
      int size = 1 + random.nextInt(3 << 20);
      int targetSize = size + (i % 3) * random.nextInt(200_000);
      SparseLayout volume = SparseLayout.random(seed, size);
      Path source = volume.writeTo(path("source-" + i));
      Path target =
          i % 2 == 0
              ? VolumeFiles.dirty(path("target-" + i), targetSize)
              : VolumeFiles.setSize(
                  SparseLayout.random(seed + 1, targetSize).writeTo(path("target-" + i)),
                  targetSize);

      CopyReport report = copy(source, target, fastest);

      assertThat(report.sourceBytes()).as("seed " + seed).isEqualTo(size);
      assertThat(report.cloned() + report.written() + report.skipped())
          .as("seed " + seed)
          .isEqualTo(size);
      assertThat(report.skipped()).isNotNegative();
      VolumeFiles.assertHolds(target, volume.content(), targetSize);
    }
  }

  @ParameterizedTest
  @EnumSource(CopyMethod.class)
  void sizesAroundBlocksAndBuffersAreCopiedToTheByte(CopyMethod fastest) throws Exception {
    int[] sizes = {0, 1, 511, 4095, 4096, 4097, 65535, 65537, (1 << 20) - 1, (1 << 20) + 1};
    for (int size : sizes) {
      byte[] content = new byte[size];
      new Random(size).nextBytes(content);
      Path source = Files.write(path("source-" + size), content);
      Path target = VolumeFiles.dirty(path("target-" + size), size + 70_000);

      copy(source, target, fastest);

      VolumeFiles.assertHolds(target, content, size + 70_000);
      assertThat(Files.readAllBytes(source)).isEqualTo(content);
    }
  }

  @ParameterizedTest
  @EnumSource(CopyMethod.class)
  void sparseStaysSparse(CopyMethod fastest) throws Exception {
    SparseLayout data = SparseLayout.random(42, 4 << 20);
    Path source = VolumeFiles.setSize(data.writeTo(path("source")), 128L << 20);
    Path blank = VolumeFiles.blank(path("blank"), 128L << 20);
    Path used = VolumeFiles.setSize(VolumeFiles.dirty(path("used"), 16 << 20), 128L << 20);

    CopyReport report = copy(source, blank, fastest);
    copy(source, used, fastest);

    long limit = VolumeFiles.allocated(source) * 101 / 100;
    assertThat(VolumeFiles.allocated(blank)).isLessThanOrEqualTo(limit);
    assertThat(VolumeFiles.allocated(used)).isLessThanOrEqualTo(limit);
    assertThat(report.written()).isLessThanOrEqualTo(4 << 20);
    assertThat(Files.mismatch(source, blank)).isEqualTo(-1);
    assertThat(Files.mismatch(source, used)).isEqualTo(-1);
  }

  @Test
  void zerosInDataAreNotWritten() throws Exception {
    byte[] content = new byte[8 << 20];
    content[5 << 20] = 1;
    Path source = Files.write(path("source"), content);
    Path target = VolumeFiles.dirty(path("target"), content.length);

    CopyReport report = copy(source, target, CopyMethod.READ_WRITE);

    assertThat(report.written()).isEqualTo(4096);
    assertThat(report.skipped()).isEqualTo(content.length - 4096);
    assertThat(VolumeFiles.allocated(target)).isLessThanOrEqualTo(64 * 1024);
    VolumeFiles.assertHolds(target, content, content.length);
  }

  @Test
  void spaceTakenAheadOfTheWritesIsGivenBackWhereZerosFollow() throws Exception {
    byte[] content = new byte[16 << 20];
    byte[] data = new byte[3 << 20];
    new Random(6).nextBytes(data);
    System.arraycopy(data, 0, content, 0, data.length);
    content[12 << 20] = 1;
    Path source = Files.write(path("source"), content);
    Path target = VolumeFiles.blank(path("target"), content.length);

    CopyReport report = copy(source, target, CopyMethod.READ_WRITE);

    assertThat(report.written()).isEqualTo(data.length + 4096);
    assertThat(VolumeFiles.allocated(target)).isLessThanOrEqualTo(data.length + 64 * 1024);
    VolumeFiles.assertHolds(target, content, content.length);
  }

  @Test
  void theFastestMethodTheFilesystemServesIsUsed() throws Exception {
    byte[] content = new byte[1 << 20];
    new Random(1).nextBytes(content);
    Path source = Files.write(path("source"), content);

    Set<CopyMethod> served = served();
    for (CopyMethod fastest : CopyMethod.values()) {
      Path target = VolumeFiles.blank(path("target-" + fastest), content.length);
      CopyReport report = copy(source, target, fastest);
      CopyMethod expected =
          EnumSet.range(fastest, CopyMethod.PLAIN).stream()
              .filter(served::contains)
              .findFirst()
              .orElseThrow();
      assertThat(report.method()).isEqualTo(expected);
      boolean shared = expected.compareTo(CopyMethod.REFLINK_RANGES) <= 0;
      assertThat(report.cloned()).isEqualTo(shared ? content.length : 0);
      assertThat(report.written()).isEqualTo(shared ? 0 : content.length);
      assertThat(report.byMethod()).isEqualTo(Map.of(expected, (long) content.length));
    }
  }

  @ParameterizedTest
  @EnumSource(CopyMethod.class)
  void sourceAndCopyLiveApart(CopyMethod fastest) throws Exception {
    byte[] content = new byte[256 * 1024];
    new Random(2).nextBytes(content);
    Path source = Files.write(path("source"), content);
    Path target = VolumeFiles.blank(path("target"), content.length);
    copy(source, target, fastest);

    VolumeFiles.dirty(target, content.length);
    assertThat(Files.readAllBytes(source)).isEqualTo(content);

    copy(source, target, fastest);
    VolumeFiles.dirty(source, content.length);
    assertThat(Files.readAllBytes(target)).isEqualTo(content);
  }

  @ParameterizedTest
  @EnumSource(CopyMethod.class)
  void theDigestOfACopyIsThatOfItsSourceHoweverSparseEachIs(CopyMethod fastest) throws Exception {
    for (int seed = 50; seed < 56; seed++) {
      int size = 1 + new Random(seed).nextInt(3 << 20);
      SparseLayout volume = SparseLayout.random(seed, size);
      Path sparse = volume.writeTo(path("sparse-" + seed));
      Path dense = Files.write(path("dense-" + seed), volume.content());
      Path target = VolumeFiles.dirty(path("target-" + seed), size + 100_000);
      CopyOptions options = new CopyOptions(fastest);

      CopyReport report =
          engine.copy(sparse, target, options.verified(Verify.DIGEST), CopyListener.none());
      CopyReport compared =
          engine.copy(sparse, target, options.verified(Verify.READ_BACK), CopyListener.none());

      VolumeDigest expected = VolumeDigest.of(dense);
      assertThat(VolumeDigest.of(sparse)).as("seed " + seed).isEqualTo(expected);
      assertThat(VolumeDigest.of(target, size)).isEqualTo(expected);
      assertThat(VolumeDigest.of(target)).isNotEqualTo(expected);
      assertThat(compared.digest()).contains(expected);
      if (report.cloned() == 0) {
        assertThat(report.digest()).contains(expected);
      } else {
        assertThat(report.digest()).isEmpty();
      }
      VolumeFiles.assertHolds(target, volume.content(), size + 100_000);
    }
  }

  @ParameterizedTest
  @EnumSource(CopyMethod.class)
  void whatTheMediumDoesNotHoldIsFoundByReadingBack(CopyMethod fastest) throws Exception {
    int wrong = (2 << 20) + 4_321;
    byte[] content = new byte[8 << 20];
    new Random(9).nextBytes(content);
    Path source = Files.write(path("source"), content);
    Path target = VolumeFiles.blank(path("target"), content.length);
    AtomicInteger syncs = new AtomicInteger();
    try (CopyEngine harming =
        TestEngines.behindTarget(
            3,
            real ->
                new RecordingEndpoint(
                    real,
                    operation -> {
                      if (operation.name().equals("sync")) {
                        syncs.incrementAndGet();
                        VolumeFiles.flip(target, wrong + (3 << 20));
                        VolumeFiles.flip(target, wrong);
                      }
                    }))) {
      CopyOptions options =
          new CopyOptions(fastest).verified(Verify.READ_BACK).withGranule(2 << 20);
      assertThatExceptionOfType(CopyException.class)
          .isThrownBy(() -> harming.copy(source, target, options, CopyListener.none()))
          .withMessageContainingAll(target.toString(), "offset " + wrong)
          .satisfies(e -> assertThat(e.failure()).isEqualTo(CopyFailure.VERIFICATION_FAILED));
      assertThat(syncs).hasValue(1);
    }
  }

  /** Many small granules by many threads, against the plain loop. */
  @ParameterizedTest
  @EnumSource(CopyMethod.class)
  void whatManyThreadsMakeIsWhatThePlainLoopMakes(CopyMethod fastest) throws Exception {
    for (int seed = 300; seed < 306; seed++) {
      int size = (9 << 20) + new Random(seed).nextInt(3 << 20);
      int targetSize = size + new Random(seed).nextInt(2 << 20);
      Path source = SparseLayout.random(seed, size).writeTo(path("source-" + seed));
      Path plain = VolumeFiles.dirty(path("plain-" + seed), targetSize);
      Path target = VolumeFiles.dirty(path("target-" + seed), targetSize);
      CopyOptions options =
          new CopyOptions(fastest).withGranule(256 << 10).inParallel(4).verified(Verify.DIGEST);
      CachePolicy policy = CachePolicy.values()[seed % CachePolicy.values().length];

      CopyReport expected =
          engine.copy(
              source,
              plain,
              new CopyOptions(CopyMethod.PLAIN).verified(Verify.DIGEST),
              CopyListener.none());
      CopyReport report = engine.copy(source, target, options.caching(policy), CopyListener.none());

      assertThat(Files.mismatch(plain, target)).as("seed " + seed + " " + policy).isEqualTo(-1);
      if (report.cloned() == 0) {
        assertThat(report.digest()).isEqualTo(expected.digest()).isPresent();
        assertThat(report.written()).isLessThanOrEqualTo(expected.written());
      }
      Files.delete(source);
      Files.delete(plain);
      Files.delete(target);
    }
  }

  @Test
  void theReportTellsWhatWasReadWrittenZeroedAndLeftOutAndWhy() throws Exception {
    byte[] content = new byte[4 << 20];
    new Random(4).nextBytes(content);
    Arrays.fill(content, 1 << 20, 2 << 20, (byte) 0);
    Path source = VolumeFiles.setSize(Files.write(path("source"), content), 16 << 20);
    Path target = VolumeFiles.dirty(path("target"), 20 << 20);

    CopyReport report =
        engine.copy(
            source,
            target,
            new CopyOptions(CopyMethod.COPY_FILE_RANGE).verified(Verify.DIGEST),
            CopyListener.none());

    assertThat(report.read()).isEqualTo(4 << 20);
    assertThat(report.written()).isEqualTo(3 << 20);
    assertThat(report.holes()).isEqualTo(12 << 20);
    assertThat(report.skipped()).isEqualTo(13 << 20);
    assertThat(report.zeroed()).isEqualTo(17 << 20);
    assertThat(report.passedOver())
        .containsExactly(
            new CopyReport.PassedOver(CopyMethod.REFLINK, "the options do not allow it"),
            new CopyReport.PassedOver(CopyMethod.REFLINK_RANGES, "the options do not allow it"),
            new CopyReport.PassedOver(
                CopyMethod.COPY_FILE_RANGE, "it hides the bytes from the digest"));
  }

  @Test
  void aMethodTheFilesystemDoesNotServeIsReportedWithTheCallAndItsErrno() throws Exception {
    Path source = VolumeFiles.dirty(path("source"), 1 << 20);
    Path target = VolumeFiles.blank(path("target"), 1 << 20);
    CopyReport report = copy(source, target, CopyMethod.REFLINK);
    if (served().contains(CopyMethod.REFLINK)) {
      assertThat(report.passedOver()).isEmpty();
    } else {
      assertThat(report.passedOver().getFirst().method()).isEqualTo(CopyMethod.REFLINK);
      assertThat(report.passedOver().getFirst().reason())
          .contains("ioctl(FICLONE)", target.toString(), "EOPNOTSUPP");
    }
  }

  /** For filesystems that share extents; odd lengths are shared but for the last block. */
  final void assertReflinkTakesNoSpace() throws Exception {
    int size = (32 << 20) + 5_001;
    byte[] content = new byte[size];
    new Random(3).nextBytes(content);
    Path source = Files.write(path("source"), content);
    Path same = VolumeFiles.blank(path("same"), size);
    Path longer = VolumeFiles.blank(path("longer"), size + 3_000_000);
    Command.run("sync", "--file-system", source.toString());
    long before = Files.getFileStore(source).getUnallocatedSpace();

    CopyReport whole = copy(source, same, CopyMethod.REFLINK);
    CopyReport head = copy(source, longer, CopyMethod.REFLINK);

    Command.run("sync", "--file-system", source.toString());
    long taken = before - Files.getFileStore(source).getUnallocatedSpace();
    assertThat(taken).isLessThan(2 << 20);
    assertThat(whole.cloned()).isEqualTo(size);
    assertThat(head.cloned()).isBetween(size - 65_536L, (long) size);
    VolumeFiles.assertHolds(same, content, size);
    VolumeFiles.assertHolds(longer, content, size + 3_000_000);
  }
}
