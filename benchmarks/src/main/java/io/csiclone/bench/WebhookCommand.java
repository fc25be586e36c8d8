package io.csiclone.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./dev bench webhook}. */
@Command(
    name = "webhook",
    mixinStandardHelpOptions = true,
    description = "The webhook beside constant answers, its start, its memory.")
final class WebhookCommand implements Callable<Integer> {

  @Option(
      names = "--claims",
      description = "Claims in the cluster, and as many volumes (default: ${DEFAULT-VALUE})",
      defaultValue = "10000")
  private int claims = 10_000;

  @Option(
      names = "--rounds",
      description = "Rounds; medians are told, ratios of each round (default: ${DEFAULT-VALUE})",
      defaultValue = "12")
  private int rounds = 12;

  @Option(
      names = "--seconds",
      description = "Seconds for each target in each round (default: ${DEFAULT-VALUE})",
      defaultValue = "2")
  private int seconds = 2;

  @Option(
      names = "--memory-only",
      description = "Only tells the memory with that many claims and volumes")
  private boolean memoryOnly;

  private WebhookCommand() {}

  @Override
  public Integer call() throws Exception {
    Path jar = executableJar();
    if (memoryOnly) {
      WebhookBench.printMemory(jar, claims);
      return 0;
    }
    List<Row> rows = new WebhookBench(jar, claims, rounds, seconds).run();
    System.out.println(Row.header());
    rows.forEach(System.out::println);
    System.out.println("written to " + Results.write(Results.FOLDER, "webhook", rows));
    return rows.stream().allMatch(Row::reachesItsAim) ? 0 : 1;
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
