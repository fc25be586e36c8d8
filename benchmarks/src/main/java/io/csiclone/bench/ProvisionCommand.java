package io.csiclone.bench;

import io.fabric8.kubernetes.client.Config;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./dev bench provision}. */
@Command(
    name = "provision",
    mixinStandardHelpOptions = true,
    description =
        "Clones of one claim, created while the provisioner is down; beside the same writes to the API server alone.")
final class ProvisionCommand implements Callable<Integer> {

  @Option(
      names = "--claims",
      description = "Clones in each round (default: ${DEFAULT-VALUE})",
      defaultValue = "1000")
  private int claims = 1_000;

  @Option(
      names = "--rounds",
      description = "Rounds; the medians are told (default: ${DEFAULT-VALUE})",
      defaultValue = "3")
  private int rounds = 3;

  @Option(
      names = "--kubeconfig",
      paramLabel = "FILE",
      description =
          "A cluster to measure on, such as that of ./dev cluster up (default: an embedded control plane in a process of its own)")
  private @Nullable Path kubeconfig;

  private ProvisionCommand() {}

  @Override
  public Integer call() throws Exception {
    try (Children children = new Children()) {
      Path cluster = kubeconfig == null ? BenchCluster.startBinding(children, "3g") : kubeconfig;
      Config config = Config.fromKubeconfig(cluster.toFile());
      List<Row> rows = new ProvisionBench(config, claims, rounds).run();
      System.out.println(Row.header());
      rows.forEach(System.out::println);
      System.out.println("written to " + Results.write(Results.FOLDER, "provision", rows));
      return rows.stream().allMatch(Row::reachesItsAim) ? 0 : 1;
    }
  }
}
