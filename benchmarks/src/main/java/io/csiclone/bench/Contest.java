package io.csiclone.bench;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.csiclone.copy.VolumeDigest;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Lets contestants copy the same source in turns, some rounds long. A first round is not counted:
 * it warms the JVM, and its copies are compared with the source.
 */
final class Contest {

  private final CopyCase of;
  private final Volumes volumes;
  private final Map<Path, VolumeDigest> digests = new HashMap<>();

  private final PrintWriter out;

  /** Those that still take part: a peer that fails is told and drops out. */
  private final List<Tally> taking;

  Contest(CopyCase of, Volumes volumes, List<Contestant> contestants, PrintWriter out) {
    this.of = of;
    this.volumes = volumes;
    this.taking = new ArrayList<>(contestants.stream().map(Tally::new).toList());
    this.out = out;
  }

  private record Tally(Contestant contestant, List<Double> seconds, List<Double> cpu) {
    Tally(Contestant contestant) {
      this(contestant, new ArrayList<>(), new ArrayList<>());
    }
  }

  /**
   * What one contestant did.
   *
   * @param caseName the case
   * @param contestant who
   * @param seconds of the median round
   * @param fastest seconds
   * @param slowest seconds
   * @param cpuPerGib seconds of processor time for each GiB of data in the median round
   */
  record Result(
      @JsonProperty("case") String caseName,
      String contestant,
      double seconds,
      double fastest,
      double slowest,
      double cpuPerGib) {}

  /** Runs it; a result for each contestant that came through, in their order. */
  List<Result> run(int rounds) throws Exception {
    List<Tally> order = new ArrayList<>(taking);
    runRound(order, false);
    for (int round = 0; round < rounds; round++) {
      // Nobody always comes after the same one.
      Collections.rotate(order, 1);
      runRound(order, true);
    }
    return taking.stream().map(this::result).toList();
  }

  private void runRound(List<Tally> order, boolean counted) throws Exception {
    Path source = volumes.source();
    for (Tally tally : List.copyOf(order)) {
      Contestant contestant = tally.contestant();
      Path target = volumes.freshTarget();
      var _ = Programs.run("sync", "-f", source.toString());
      if (of.cold()) {
        Medium.dropCaches();
      } else {
        Medium.fillCache(source);
      }
      contestant.warm();
      long start = System.nanoTime();
      double cpu;
      try {
        cpu = contestant.copy(source, target);
      } catch (IOException e) {
        if (contestant instanceof Peer) {
          out.println(of.name() + ": " + contestant.name() + " drops out: " + e.getMessage());
          order.remove(tally);
          taking.remove(tally);
          continue;
        }
        throw e;
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      if (counted) {
        tally.seconds().add(seconds);
        tally.cpu().add(cpu);
      } else {
        compare(contestant, source, target);
      }
    }
  }

  private void compare(Contestant who, Path source, Path target) throws IOException {
    for (Path file : Medium.files(source)) {
      Path copy = Files.isDirectory(source) ? target.resolve(file.getFileName()) : target;
      if (who instanceof OurEngine) {
        OptionalLong difference = Medium.difference(file, copy);
        if (difference.isPresent()) {
          throw wrong(who, file, copy, "byte " + difference.getAsLong());
        }
      } else {
        // Quicker, for it passes over holes; the engine itself is not judged by its own digest.
        VolumeDigest expected = digests.computeIfAbsent(file, VolumeDigest::of);
        VolumeDigest made = VolumeDigest.of(copy);
        if (!made.equals(expected)) {
          throw wrong(who, file, copy, "digest " + made + " instead of " + expected);
        }
      }
    }
  }

  private IllegalStateException wrong(Contestant who, Path file, Path copy, String what) {
    return new IllegalStateException(
        "%s made another file of '%s': %s differs from %s, %s"
            .formatted(who.name(), of.name(), copy, file, what));
  }

  private Result result(Tally tally) {
    return new Result(
        of.name(),
        tally.contestant().name(),
        median(tally.seconds()),
        Collections.min(tally.seconds()),
        Collections.max(tally.seconds()),
        median(tally.cpu()) / (of.data() / (double) (1L << 30)));
  }

  static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1
        ? sorted[middle]
        : Arrays.stream(sorted, middle - 1, middle + 1).average().orElseThrow();
  }
}
