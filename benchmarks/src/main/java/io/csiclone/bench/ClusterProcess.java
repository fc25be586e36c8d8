package io.csiclone.bench;

import io.csiclone.testkit.EmbeddedControlPlane;

/**
 * A cluster in a process of its own, so that what it needs is not counted for what is measured.
 * Takes the number of claims and whether it asks for volumes and binds them, prints the path of its
 * kubeconfig, and ends with its standard input.
 */
final class ClusterProcess {

  private ClusterProcess() {}

  public static void main(String[] args) throws Exception {
    int claims = Integer.parseInt(args[0]);
    var cluster =
        EmbeddedControlPlane.builder()
            .claimBinder(Boolean.parseBoolean(args[1]))
            .objects(() -> ClonableClaims.objects(claims))
            .start();
    // Whether its input ends or a signal comes, no folder stays behind.
    Runtime.getRuntime().addShutdownHook(new Thread(cluster::close));
    System.out.println(cluster.kubeconfig());
    while (System.in.read() >= 0) {
      // Nothing is told this way.
    }
    System.exit(0);
  }
}
