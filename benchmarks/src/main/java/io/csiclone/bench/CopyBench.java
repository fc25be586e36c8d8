package io.csiclone.bench;

import io.csiclone.copy.CopyEngine;
import io.csiclone.copy.CopyListener;
import io.csiclone.copy.CopyOptions;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * The copy engine beside {@code cp} and {@code dd}, each with the flags that suit it best. All copy
 * the same file in turns within each round, from a cold cache when root can drop it, and end with
 * the bytes on the medium.
 */
final class CopyBench {

  private static final int MIB = 1 << 20;
  private static final long SEED = 42;
  private static final Path DROP_CACHES = Path.of("/proc/sys/vm/drop_caches");

  private final Path folder;
  private final int rounds;

  CopyBench(Path folder, int rounds) {
    this.folder = folder;
    this.rounds = rounds;
  }

  /** Copies {@code source} to the existing, empty {@code target}. */
  private interface Copier {
    void copy(Path source, Path target) throws Exception;
  }

  /** One who copies, and the rates of its rounds in MiB/s of data. */
  private record Contestant(String name, Copier copier, double[] rates) {}

  private Contestant contestant(String name, Copier copier) {
    return new Contestant(name, copier, new double[rounds]);
  }

  List<Row> run() throws Exception {
    Path work = Files.createTempDirectory(Files.createDirectories(folder), "copy-bench");
    try (CopyEngine engine = CopyEngine.start()) {
      Contestant ours =
          contestant(
              "ours",
              (s, t) -> engine.copy(s, sized(t, s), CopyOptions.defaults(), CopyListener.none()));
      List<Contestant> peers =
          List.of(
              contestant(
                  "cp",
                  (s, t) ->
                      shell("cp --sparse=auto --reflink=auto \"$0\" \"$1\" && sync \"$1\"", s, t)),
              contestant(
                  "dd",
                  (s, t) ->
                      shell("dd if=\"$0\" of=\"$1\" bs=4M conv=sparse,fsync status=none", s, t)));

      List<Row> rows = new ArrayList<>();
      Path source = work.resolve("source");
      write(source, 512, 512);
      rows.add(measure("dense 512 MiB", source, 512, ours, peers));
      write(source, 4096, 256);
      rows.add(measure("sparse 4 GiB, 256 MiB in 1 MiB extents", source, 256, ours, peers));
      return rows;
    } finally {
      try (var files = Files.list(work)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(work);
    }
  }

  private Row measure(
      String name, Path source, int dataMib, Contestant ours, List<Contestant> peers)
      throws Exception {
    Path target = source.resolveSibling("target");
    // One round more, not counted, warms the JVM.
    for (int round = -1; round < rounds; round++) {
      for (Contestant contestant : inTurns(ours, peers)) {
        Files.deleteIfExists(target);
        Files.createFile(target);
        dropCaches();
        long start = System.nanoTime();
        contestant.copier().copy(source, target);
        double seconds = (System.nanoTime() - start) / 1e9;
        if (Files.mismatch(source, target) != -1) {
          throw new IllegalStateException(contestant.name() + " made another file of " + name);
        }
        if (round >= 0) {
          contestant.rates()[round] = dataMib / seconds;
        }
      }
    }
    Contestant best =
        peers.stream().max(Comparator.comparingDouble(peer -> median(peer.rates()))).orElseThrow();
    return Row.moreIsBetter(
        name, "data copied", "MiB/s", median(ours.rates()), median(best.rates()), best.name(), 1.0);
  }

  private static List<Contestant> inTurns(Contestant ours, List<Contestant> peers) {
    List<Contestant> all = new ArrayList<>(peers);
    all.addFirst(ours);
    return all;
  }

  /** A file of that size whose data lies in extents of 1 MiB, evenly spread. */
  private static void write(Path file, int sizeMib, int dataMib) throws IOException {
    var random = new Random(SEED);
    byte[] extent = new byte[MIB];
    try (var out = new RandomAccessFile(file.toFile(), "rw")) {
      out.setLength(0);
      out.setLength((long) sizeMib * MIB);
      for (int i = 0; i < dataMib; i++) {
        random.nextBytes(extent);
        out.seek((long) i * (sizeMib / dataMib) * MIB);
        out.write(extent);
      }
      out.getFD().sync();
    }
  }

  private static Path sized(Path target, Path source) throws IOException {
    try (var file = new RandomAccessFile(target.toFile(), "rw")) {
      file.setLength(Files.size(source));
    }
    return target;
  }

  private static void shell(String line, Path source, Path target) throws Exception {
    Process process =
        new ProcessBuilder("sh", "-c", line, source.toString(), target.toString())
            .inheritIO()
            .start();
    if (!process.waitFor(10, TimeUnit.MINUTES) || process.exitValue() != 0) {
      process.destroyForcibly();
      throw new IllegalStateException("failed: " + line);
    }
  }

  private static void dropCaches() throws IOException {
    if (Files.isWritable(DROP_CACHES)) {
      Files.writeString(DROP_CACHES, "1");
    }
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
