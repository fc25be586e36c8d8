package io.csiclone.bench;

import io.csiclone.bench.Contest.Result;
import io.csiclone.copy.CopyEngine;
import io.csiclone.copy.CopyOptions;
import io.csiclone.copy.Verify;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ./dev bench copy}: the copy engine, with its digest on, beside the tools in use today. */
@Command(
    name = "copy",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "The copy engine with its digest on beside cp, dd, qemu-img and nbdcopy; every copy ends on the medium. Loop devices, XFS and a cold cache take root.",
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
      "0:every figure reached its aim; with --quick, every copy was right",
      "1:a figure missed its aim, or a copy was wrong",
      "2:an argument cannot be used"
    })
final class CopyBench implements Callable<Integer> {

  private static final String OURS = "ours";
  private static final String OURS_WITHOUT_DIGEST = "ours, no digest";

  /** Where the cost of the digest is looked at. */
  private static final String DIGEST_CASE = "dense";

  private static final String LIMIT = "limit";
  private static final String AIM = "aim";
  private static final Set<String> FIXED = Set.of(LIMIT, AIM);

  private static final double CPU_AIM = 1 / 1.5;
  private static final double REFLINK_LIMIT_MS = 5;

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "Where the volumes lie, on the disk to measure. Default: ${DEFAULT-VALUE}",
      defaultValue = "benchmarks/target")
  private Path folder = Results.FOLDER;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "Rounds that count; the medians are told. Default: 5, with --quick 1")
  private @Nullable Integer rounds;

  @Option(names = "--case", paramLabel = "NAME", description = "Only this case; can be repeated.")
  private List<String> only = List.of();

  @Option(names = "--quick", description = "Small volumes, to see that everything works.")
  private boolean quick;

  @Option(
      names = "--svg",
      paramLabel = "FILE",
      description = "Also draw the ratios; needs a font on the machine.")
  private @Nullable Path svg;

  @Option(
      names = "--results",
      paramLabel = "DIR",
      description = "Where copy.json goes. Default: ${DEFAULT-VALUE}",
      defaultValue = "benchmarks/target")
  private Path results = Results.FOLDER;

  private CopyBench() {}

  @Override
  public Integer call() throws Exception {
    PrintWriter out = commandLine().getOut();
    List<CopyCase> cases = chosen();
    int counted = rounds == null ? (quick ? 1 : 5) : rounds;
    if (counted < 1) {
      throw unusable("--rounds must be 1 or more, but is " + counted);
    }
    List<Result> all = new ArrayList<>();
    List<Row> rows = new ArrayList<>();
    announce(cases, out);
    try (WorkFolder work = WorkFolder.in(folder);
        CopyEngine engine = CopyEngine.start()) {
      for (CopyCase one : cases) {
        if (one.rootOnly() && !Medium.canDropCaches()) {
          out.println(one.name() + ": not run, takes root");
          continue;
        }
        List<Result> ofCase;
        try (Volumes volumes = one.volumes().in(work.path())) {
          ofCase = new Contest(one, volumes, contestants(one, engine), out).run(counted);
        }
        ofCase.forEach(result -> print(one, result, out));
        all.addAll(ofCase);
        rows.addAll(rows(one, ofCase));
      }
    }
    rows.addAll(overall(rows, all));
    out.println();
    out.println(Row.header());
    rows.forEach(out::println);
    out.println("written to " + Results.write(results, "copy", rows));
    out.println("written to " + Results.write(results, "copy-contestants", all));
    if (svg != null && rows.stream().anyMatch(CopyBench::isAgainstAPeer)) {
      RatioChart.write(rows, svg);
      out.println("drawn in " + svg);
    }
    out.flush();
    return quick || rows.stream().allMatch(Row::reachesItsAim) ? 0 : 1;
  }

  private CommandLine commandLine() {
    if (spec == null) {
      throw new IllegalStateException("not started by its command line");
    }
    return spec.commandLine();
  }

  private ParameterException unusable(String message) {
    return new ParameterException(commandLine(), message);
  }

  private List<CopyCase> chosen() {
    List<CopyCase> all = (quick ? CopyCases.QUICK : CopyCases.FULL).all();
    Set<String> unknown = new HashSet<>(only);
    all.forEach(known -> unknown.remove(known.key()));
    if (!unknown.isEmpty()) {
      throw unusable(
          "--case knows no %s; there are %s"
              .formatted(
                  String.join(", ", unknown),
                  String.join(", ", all.stream().map(CopyCase::key).toList())));
    }
    return only.isEmpty() ? all : all.stream().filter(one -> only.contains(one.key())).toList();
  }

  private void announce(List<CopyCase> cases, PrintWriter out) throws IOException {
    Files.createDirectories(folder);
    out.printf("in %s (%s)%n", folder.toAbsolutePath(), Files.getFileStore(folder).type());
    if (!Medium.canDropCaches()) {
      out.println("the cache is not cold: dropping it takes root");
    }
    cases.stream()
        .flatMap(one -> one.peers().stream())
        .filter(peer -> !peer.present())
        .map(peer ->
            "%s is missing and does not take part (Debian: %s)"
                .formatted(peer.program(), peer.debianPackage()))
        .distinct()
        .forEach(out::println);
    out.flush();
  }

  private static List<Contestant> contestants(CopyCase one, CopyEngine engine) {
    List<Contestant> all = new ArrayList<>();
    CopyOptions digest = CopyOptions.defaults().verified(Verify.DIGEST);
    all.add(new OurEngine(OURS, engine, digest, one.atOnce()));
    if (one.key().equals(DIGEST_CASE)) {
      all.add(
          new OurEngine(OURS_WITHOUT_DIGEST, engine, digest.verified(Verify.OFF), one.atOnce()));
    }
    one.peers().stream().filter(Peer::present).forEach(all::add);
    return all;
  }

  private static void print(CopyCase one, Result result, PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "%-46s %-18s %9.2f %-5s  %8.4f s (%.4f to %.4f)  cpu %.3f s/GiB%n",
        one.name(),
        result.contestant(),
        one.of(result.seconds()),
        one.figure().unit,
        result.seconds(),
        result.fastest(),
        result.slowest(),
        result.cpuPerGib());
    out.flush();
  }

  private static List<Row> rows(CopyCase one, List<Result> results) {
    Result ours = results.getFirst();
    List<Row> rows = new ArrayList<>();
    results.stream()
        .filter(result -> !result.contestant().startsWith(OURS))
        .min(Comparator.comparingDouble(Result::seconds))
        .ifPresent(best -> {
          rows.add(row(one, one.figure().label, ours, best, 1.0));
          if (one.figure() != CopyCase.Figure.TIME) {
            rows.add(
                Row.lessIsBetter(
                    one.name(),
                    "processor time",
                    "s/GiB",
                    ours.cpuPerGib(),
                    best.cpuPerGib(),
                    best.contestant(),
                    CPU_AIM));
          }
        });
    results.stream()
        .filter(result -> result.contestant().equals(OURS_WITHOUT_DIGEST))
        .forEach(plain -> rows.add(row(one, "data copied", ours, plain, 0.9)));
    if (one.key().equals("reflink")) {
      rows.add(
          Row.lessIsBetter(
              one.name(), "time", "ms", one.of(ours.seconds()), REFLINK_LIMIT_MS, LIMIT, 1));
    }
    return rows;
  }

  private static Row row(CopyCase one, String figure, Result ours, Result other, double aim) {
    double mine = one.of(ours.seconds());
    double theirs = one.of(other.seconds());
    return one.figure().moreIsBetter
        ? Row.moreIsBetter(
            one.name(), figure, one.figure().unit, mine, theirs, other.contestant(), aim)
        : Row.lessIsBetter(
            one.name(), figure, one.figure().unit, mine, theirs, other.contestant(), aim);
  }

  /** What can be said only when all cases have been run. */
  private List<Row> overall(List<Row> rows, List<Result> all) {
    if (!only.isEmpty()) {
      return List.of();
    }
    List<Row> overall = new ArrayList<>();
    List<Result> reflinks =
        all.stream()
            .filter(result -> result.caseName().startsWith("XFS"))
            .filter(result -> result.contestant().equals(OURS))
            .toList();
    if (reflinks.size() == 2) {
      Result small = reflinks.getFirst();
      Result large = reflinks.getLast();
      overall.add(
          Row.lessIsBetter(
              large.caseName(),
              "time",
              "ms",
              large.seconds() * 1000,
              small.seconds() * 1000,
              small.caseName().replace("XFS reflink", "ours at"),
              0.5));
    }
    long clear =
        rows.stream()
            .filter(row -> row.aim() == 1.0 && isAgainstAPeer(row) && row.ratio() >= 1.3)
            .count();
    overall.add(Row.moreIsBetter("all", "cases at 1.3 or more", "", clear, 3, AIM, 1));
    return overall;
  }

  /** Whether the row compares with a tool, not with ourselves or a fixed figure. */
  static boolean isAgainstAPeer(Row row) {
    return !row.peerName().startsWith(OURS) && !FIXED.contains(row.peerName());
  }
}
