package io.csiclone.bench;

import io.fabric8.kubernetes.client.Config;
import java.io.IOException;
import java.nio.file.Files;
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

  @Option(
      names = "--pool",
      paramLabel = "DIR",
      description =
          "A folder on XFS or btrfs where volumes are files of 1 GiB that hold 64 MiB, cloned by reflink (default: volumes of nothing)")
  private @Nullable Path pool;

  @Option(
      names = "--memory",
      description =
          "Instead, the heap for 1,000 to 20,000 claims and volumes watched, on embedded control planes")
  private boolean memory;

  @Option(
      names = "--backlog",
      description =
          "Instead, one backlog of claims of which every tenth fails for ever, beside one without")
  private boolean backlog;

  private ProvisionCommand() {}

  @Override
  public Integer call() throws Exception {
    if (memory) {
      return told(ProvisionMemory.run(), "provision-memory");
    }
    try (Children children = new Children()) {
      Path cluster = kubeconfig == null ? BenchCluster.startBinding(children, "3g") : kubeconfig;
      // From text: a file would be read again at each request while there is no token in it.
      Config config = Config.fromKubeconfig(Files.readString(cluster));
      if (backlog) {
        return told(new ProvisionBacklog(config, claims).run(), "provision-backlog");
      }
      return told(new ProvisionBench(config, claims, rounds, pool).run(), "provision");
    }
  }

  private static int told(List<Row> rows, String name) throws IOException {
    System.out.println(Row.header());
    rows.forEach(System.out::println);
    System.out.println("written to " + Results.write(Results.FOLDER, name, rows));
    return rows.stream().allMatch(Row::reachesItsAim) ? 0 : 1;
  }
}
