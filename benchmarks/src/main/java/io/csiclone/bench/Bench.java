package io.csiclone.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/** {@code ./dev bench NAME}: prints a table and writes it as JSON. */
@Command(
    name = "bench",
    subcommands = {Bench.Copy.class, Bench.Webhook.class},
    description = "Side-by-side runs against the tools that people use today.")
public final class Bench {

  private static final Path RESULTS = Path.of("benchmarks/target");

  private Bench() {}

  public static void main(String[] args) {
    System.exit(new CommandLine(new Bench()).execute(args));
  }

  @Command(
      name = "copy",
      mixinStandardHelpOptions = true,
      description = "The copy engine beside cp and dd; every copy ends on the medium.")
  static final class Copy implements Callable<Integer> {

    @Option(
        names = "--folder",
        description =
            "Where the files lie, on the filesystem to measure (default: ${DEFAULT-VALUE})",
        defaultValue = "benchmarks/target")
    private Path folder = RESULTS;

    @Option(
        names = "--rounds",
        description = "Rounds; the medians are told (default: ${DEFAULT-VALUE})",
        defaultValue = "5")
    private int rounds = 5;

    @Override
    public Integer call() throws Exception {
      return write("copy", new CopyBench(folder, rounds).run());
    }
  }

  @Command(
      name = "webhook",
      mixinStandardHelpOptions = true,
      description = "The webhook beside constant answers, its start, its memory.")
  static final class Webhook implements Callable<Integer> {

    @Option(
        names = "--claims",
        description = "Claims in the cluster, and as many volumes (default: ${DEFAULT-VALUE})",
        defaultValue = "10000")
    private int claims = 10_000;

    @Option(
        names = "--rounds",
        description = "Rounds; the medians are told (default: ${DEFAULT-VALUE})",
        defaultValue = "3")
    private int rounds = 3;

    @Option(
        names = "--seconds",
        description = "Seconds for each target in each round (default: ${DEFAULT-VALUE})",
        defaultValue = "4")
    private int seconds = 4;

    @Option(
        names = "--memory-only",
        description = "Only tells the memory with that many claims and volumes")
    private boolean memoryOnly;

    @Override
    public Integer call() throws Exception {
      Path jar = executableJar();
      if (memoryOnly) {
        WebhookBench.printMemory(jar, claims);
        return 0;
      }
      return write("webhook", new WebhookBench(jar, claims, rounds, seconds).run());
    }

    private static Path executableJar() throws IOException {
      try (var jars =
          Files.newDirectoryStream(Path.of("webhook/target"), "csi-clone-webhook-*-exec.jar")) {
        for (Path jar : jars) {
          return jar;
        }
      }
      throw new IOException("webhook/target has no executable jar; run ./dev build first");
    }
  }

  private static int write(String name, List<Row> rows) throws IOException {
    System.out.println(Row.header());
    rows.forEach(System.out::println);
    Files.createDirectories(RESULTS);
    Path json = RESULTS.resolve(name + ".json");
    Files.writeString(
        json,
        JsonMapper.builder().build().writerWithDefaultPrettyPrinter().writeValueAsString(rows));
    System.out.println("written to " + json);
    return rows.stream().allMatch(row -> row.ratio() >= row.aim()) ? 0 : 1;
  }
}
