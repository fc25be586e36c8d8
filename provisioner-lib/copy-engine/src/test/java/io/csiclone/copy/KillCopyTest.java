package io.csiclone.copy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Copies in processes of their own are killed at random instants and started again, until they end.
 * A few kills by default; {@code -Dsoak.kills=200 -Dsoak.seed=N -Dsoak.report=FILE} for more.
 */
@Tag("native")
class KillCopyTest {

  private static final int KILLS = Integer.getInteger("soak.kills", 11);
  private static final long SEED = Long.getLong("soak.seed", 4);

  private static final int MIB = 1 << 20;
  private static final int SIZE = 32 * MIB + 12_288;
  private static final int TAIL = 2 * MIB;
  private static final int GRANULE = MIB;
  private static final int WORKERS = 3;
  private static final long RATE = 40L * MIB;

  /** What re-copied bytes are counted in. */
  private static final int UNIT = 4096;

  @TempDir private Path folder = Path.of("");
  private final Random random = new Random(SEED);
  private final Deque<AutoCloseable> mounted = new ArrayDeque<>();
  private final Map<String, Figures> figures = new TreeMap<>();
  private int number;

  /** Where a copy goes from and to. */
  private record Place(String name, Path source, Path target, boolean devices) {}

  /** What is tried, over and over. */
  private record Case(Place place, CopyMethod method) {
    String name() {
      return place.name() + ", " + method;
    }
  }

  private static final class Figures {
    int kills;
    int completed;
    long mostCopiedAgain;
    long resumed;
  }

  @BeforeEach
  void needRoot() throws Exception {
    Root.isNeeded();
  }

  @AfterEach
  void unmount() throws Exception {
    while (!mounted.isEmpty()) {
      mounted.pop().close();
    }
  }

  @Test
  void whateverTheInstantOfTheKillTheNextCopyGoesOnAndEndsWithTheSameBytes() throws Exception {
    List<Case> cases = cases();
    int kills = 0;
    for (int i = 0; kills < KILLS; i++) {
      Case next = cases.get(i % cases.size());
      kills += killAndRestart(next, Math.min(1 + random.nextInt(3), KILLS - kills));
    }
    report(kills);
  }

  private List<Case> cases() throws Exception {
    List<Case> cases = new ArrayList<>();
    Place files = files("files on the temporary folder", folder.resolve("plain"));
    Place devices = devices();
    for (CopyMethod method :
        List.of(CopyMethod.COPY_FILE_RANGE, CopyMethod.READ_WRITE, CopyMethod.PLAIN)) {
      cases.add(new Case(files, method));
    }
    cases.add(new Case(devices, CopyMethod.READ_WRITE));
    cases.add(new Case(devices, CopyMethod.PLAIN));
    for (TestFilesystem type : List.of(TestFilesystem.XFS, TestFilesystem.BTRFS)) {
      Mount mount = type.mount(Files.createDirectory(folder.resolve(type.name())));
      mounted.push(mount);
      Place place = files("files on " + type.name().toLowerCase(), mount.root().resolve("files"));
      for (CopyMethod method : CopyMethod.values()) {
        if (method != CopyMethod.PLAIN) {
          cases.add(new Case(place, method));
        }
      }
    }
    return cases;
  }

  private Place files(String name, Path below) throws IOException {
    Files.createDirectory(below);
    return new Place(name, volume(below.resolve("source")), below.resolve("target"), false);
  }

  private Place devices() throws Exception {
    LoopDevice source = LoopDevice.attach(volume(folder.resolve("source-device")));
    mounted.push(source);
    LoopDevice target =
        LoopDevice.attach(VolumeFiles.blank(folder.resolve("target-device"), SIZE + TAIL));
    mounted.push(target);
    return new Place("loop devices", source.path(), target.path(), true);
  }

  /** Data, a hole, zeros that are written, and an odd end. */
  private Path volume(Path path) throws IOException {
    byte[] content = new byte[SIZE];
    random.nextBytes(content);
    java.util.Arrays.fill(content, 10 * MIB, 14 * MIB, (byte) 0);
    try (var file = new java.io.RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(SIZE);
      file.write(content, 0, 12 * MIB);
      file.seek(14 * MIB);
      file.write(content, 14 * MIB, SIZE - 14 * MIB);
      file.getFD().sync();
    }
    return path;
  }

  /** Returns how often it could be killed before it ended. */
  private int killAndRestart(Case tried, int wanted) throws Exception {
    Place place = tried.place();
    dirty(place);
    number++;
    Path journal = folder.resolve("journal-" + number);
    Verify verify = Verify.values()[random.nextInt(Verify.values().length)];
    String what = "seed %d, copy %d: %s, %s".formatted(SEED, number, tried.name(), verify);
    Figures sums = figures.computeIfAbsent(tried.name(), name -> new Figures());
    BitSet before = new BitSet();
    int kills = 0;
    boolean ended = false;
    for (int run = 0; !ended; run++) {
      Path record = folder.resolve("record-" + number + "-" + run);
      Process child = start(tried, verify, journal, record, run);
      boolean killed = kills < wanted && killAtSomeInstant(child, record);
      assertThat(child.waitFor(60, TimeUnit.SECONDS)).as(what + " ended").isTrue();
      List<String> done = Files.exists(record) ? Files.readAllLines(record) : List.of();
      ended = !done.isEmpty() && done.getLast().startsWith("end ");
      assertThat(ended || killed).as(what + ": " + Files.readString(output(run)) + done).isTrue();
      kills += killed && !ended ? 1 : 0;
      BitSet now = copied(done);
      BitSet again = (BitSet) before.clone();
      again.and(now);
      long copiedAgain = (long) again.cardinality() * UNIT;
      assertThat(copiedAgain)
          .as(what + ", run " + run + " copied again")
          .isLessThanOrEqualTo((long) WORKERS * GRANULE);
      sums.mostCopiedAgain = Math.max(sums.mostCopiedAgain, copiedAgain);
      before.or(now);
      if (ended) {
        assertThat(done.getLast()).as(what + ": the journal was good").contains(" false ");
        sums.resumed += Long.parseLong(done.get(done.size() - 2).split(" ", 3)[1]);
      } else if (!done.isEmpty() && Files.notExists(journal)) {
        ended = true; // Killed behind the removal of the journal: the copy has to be whole.
      }
      Files.deleteIfExists(record);
    }
    assertThat(journal).doesNotExist();
    byte[] expected = Files.readAllBytes(sourceFile(place));
    VolumeFiles.assertHolds(place.target(), expected, SIZE + TAIL);
    sums.kills += kills;
    sums.completed++;
    return kills;
  }

  private Path sourceFile(Place place) {
    return place.devices() ? folder.resolve("source-device") : place.source();
  }

  private static void dirty(Place place) throws IOException {
    if (!place.devices()) {
      Files.deleteIfExists(place.target());
    }
    VolumeFiles.dirty(place.target(), SIZE + TAIL);
  }

  private Path output(int run) {
    return folder.resolve("output-" + number + "-" + run);
  }

  private Process start(Case tried, Verify verify, Path journal, Path record, int run)
      throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home", ""), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            CopyChild.class.getName(),
            tried.place().source().toString(),
            tried.place().target().toString(),
            journal.toString(),
            record.toString(),
            tried.method().name(),
            verify.name(),
            Integer.toString(GRANULE),
            Integer.toString(WORKERS),
            Long.toString(RATE))
        .redirectErrorStream(true)
        .redirectOutput(output(run).toFile())
        .start();
  }

  /** False when the process had ended before. */
  private boolean killAtSomeInstant(Process child, Path record) throws Exception {
    if (random.nextInt(8) > 0) {
      while (child.isAlive() && (Files.notExists(record) || Files.size(record) == 0)) {
        Thread.sleep(2);
      }
    }
    boolean ended = child.waitFor(random.nextInt(1_000_000), TimeUnit.MICROSECONDS);
    child.destroyForcibly();
    return !ended;
  }

  /** Which parts of the source were brought to the target; made zeros and whole clones apart. */
  private static BitSet copied(List<String> operations) {
    BitSet copied = new BitSet();
    for (String operation : operations) {
      String[] words = operation.split(" ", -1);
      if (List.of("write", "copyRange", "cloneRange").contains(words[0])) {
        long start = Long.parseLong(words[1]);
        copied.set(
            (int) (start / UNIT), (int) Math.ceilDiv(start + Long.parseLong(words[2]), UNIT));
      }
    }
    return copied;
  }

  private void report(int kills) throws IOException {
    String file = System.getProperty("soak.report", "");
    if (file.isEmpty()) {
      return;
    }
    StringBuilder text = new StringBuilder();
    text.append(
        """
        # Copies killed at random instants

        `./dev soak kill-copy` runs copies of %d MiB in processes of their own, kills them with SIGKILL at random instants, up to three times each, and starts
        them again with the same journal until they end. After each end the target is compared with the source to the byte, its longer tail with zeros. Data that was
        written, copied or shared before a kill and again after it is counted; %d workers may repeat one granule of %d KiB each, %d KiB together.

        %d kills, seed %d. Every copy ended with the right bytes; no journal was found unusable.

        | case | copies | kills | resumed MiB | most copied again after a kill, KiB |
        |---|---|---|---|---|
        """
            .formatted(SIZE / MIB, WORKERS, GRANULE / 1024, WORKERS * GRANULE / 1024, kills, SEED));
    figures.forEach((name, sums) ->
        text.append(
            "| %s | %d | %d | %d | %d |%n"
                .formatted(
                    name,
                    sums.completed,
                    sums.kills,
                    sums.resumed / MIB,
                    sums.mostCopiedAgain / 1024)));
    text.append(
        """

        Copies are limited to %d MiB/s so that they last long enough to be killed, but a whole reflink is one call and seldom hit. A third of the copies each go
        without verification, with a digest, and with a read-back, where the kill may come during the comparison.

        A killed process loses nothing that the kernel already has. That the flush comes before the journal's entry, which is what counts when the power fails, is tested by the order of the calls (`ResumeTest`).
        """
            .formatted(RATE / MIB));
    Files.writeString(Path.of(file), text);
  }
}
