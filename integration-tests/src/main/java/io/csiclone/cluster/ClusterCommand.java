package io.csiclone.cluster;

import com.github.dockerjava.api.exception.NotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.Callable;
import org.testcontainers.DockerClientFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./dev cluster up|down}: a developer's cluster that outlives the command. */
@Command(name = "cluster", description = "A cluster with both charts installed.")
public final class ClusterCommand {

  private static final Path STATE = Path.of(".build/cluster");

  private ClusterCommand() {}

  public static void main(String[] args) {
    int status =
        new CommandLine(new ClusterCommand())
            .addSubcommand("up", new Up())
            .addSubcommand("down", new Down())
            .execute(args);
    System.exit(status);
  }

  @Command(name = "up", description = "Starts it and prints the kubeconfig's path.")
  static final class Up implements Callable<Integer> {

    @Option(names = "--bare", description = "Without the charts, to measure on.")
    private boolean bare;

    @Override
    public Integer call() throws IOException {
      // Not closed: the node outlives this process.
      NodeCluster cluster = bare ? NodeCluster.startBare() : NodeCluster.start(Path.of("."), true);
      Files.createDirectories(STATE);
      Path kubeconfig = STATE.resolve("kubeconfig").toAbsolutePath().normalize();
      Files.move(cluster.kubeconfig(), kubeconfig, StandardCopyOption.REPLACE_EXISTING);
      Files.writeString(STATE.resolve("container"), cluster.containerId());
      System.out.println(kubeconfig);
      return 0;
    }
  }

  @Command(name = "down", description = "Removes it.")
  static final class Down implements Callable<Integer> {

    @Override
    public Integer call() throws IOException {
      Path container = STATE.resolve("container");
      if (!Files.exists(container)) {
        System.err.println("no cluster is up");
        return 0;
      }
      try {
        DockerClientFactory.lazyClient()
            .removeContainerCmd(Files.readString(container))
            .withForce(true)
            .withRemoveVolumes(true)
            .exec();
      } catch (NotFoundException e) {
        System.err.println("the cluster's container was gone already");
      }
      Files.delete(container);
      Files.deleteIfExists(STATE.resolve("kubeconfig"));
      return 0;
    }
  }
}
