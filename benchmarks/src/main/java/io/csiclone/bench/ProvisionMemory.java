package io.csiclone.bench;

import io.csiclone.provisioner.Provisioner;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The heap that a provisioner needs for what it watches: claims and volumes as large as real ones,
 * all of its own driver or none. Live heap after collections, less what there was before its start.
 */
final class ProvisionMemory {

  private static final String DRIVER_OF_CLAIMS = "disk.example.com";
  private static final int FEW = 1_000;
  private static final List<Integer> SIZES = List.of(FEW, 5_000, 20_000);
  private static final int COLLECTIONS = 4;

  /** What 20,000 claims and volumes may add, so that no container needs another size for them. */
  private static final double AIM_MIB = 64;

  private ProvisionMemory() {}

  static List<Row> run() throws Exception {
    List<Row> rows = new ArrayList<>();
    try (var folder = WorkFolder.in(Results.FOLDER)) {
      // The first start loads classes.
      var _ = liveMiB(10, DRIVER_OF_CLAIMS, folder.path().resolve("warm"));
      for (String driver : List.of(DRIVER_OF_CLAIMS, InstantVolumes.DRIVER)) {
        boolean served = driver.equals(DRIVER_OF_CLAIMS);
        String whose = served ? "its own" : "others'";
        double few = 0;
        for (int claims : SIZES) {
          double live = liveMiB(claims, driver, folder.path().resolve(whose + claims));
          System.err.printf(Locale.ROOT, "%d claims, %s: %.1f MiB%n", claims, whose, live);
          if (claims == FEW) {
            few = live;
            continue;
          }
          rows.add(
              Row.lessIsBetter(
                  claims + " claims and volumes, " + whose,
                  "live heap",
                  "MiB",
                  live,
                  few + AIM_MIB * claims / SIZES.getLast(),
                  "of " + FEW + " and aim",
                  1));
        }
      }
    }
    return rows;
  }

  private static double liveMiB(int claims, String driverName, Path records) throws Exception {
    try (Children children = new Children()) {
      Path cluster = BenchCluster.start(children, claims, "3g");
      try (var driver = new InstantVolumes(records, driverName, null);
          KubernetesClient client =
              new KubernetesClientBuilder()
                  .withConfig(Config.fromKubeconfig(cluster.toFile()))
                  .build()) {
        double before = heapMiB();
        try (Provisioner provisioner =
            Provisioner.builder(client, driver.channel(), driverName).start()) {
          ProvisionBench.await("ready provisioner", provisioner::ready);
          return heapMiB() - before;
        }
      }
    }
  }

  private static double heapMiB() throws InterruptedException {
    for (int i = 0; i < COLLECTIONS; i++) {
      System.gc();
      Thread.sleep(200);
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() / (double) (1 << 20);
  }
}
