package io.csiclone.bench;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A backlog of claims of which the driver refuses every tenth for ever, beside the same backlog
 * without any that fails: what the failing ones cost the others.
 */
final class ProvisionBacklog {

  private static final int EVERY = 10;
  private static final int SINGLES = 11;

  private final Config config;
  private final int claims;

  ProvisionBacklog(Config config, int claims) {
    this.config = config;
    this.claims = claims;
  }

  /** What came of one backlog. */
  private record Outcome(double perSecond, double singleMillis) {
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT, "%.0f volumes/s, then one clone in %.0f ms", perSecond, singleMillis);
    }
  }

  List<Row> run() throws Exception {
    try (KubernetesClient client = new KubernetesClientBuilder().withConfig(config).build();
        var folder = WorkFolder.in(Results.FOLDER)) {
      var objects = new ProvisionObjects(client);
      objects.prepare();
      try {
        Path records = folder.path();
        // Not counted: it warms this JVM and the server.
        var _ = backlog(client, objects, records.resolve("warm"), "warm", claims / EVERY, false);
        Outcome without = backlog(client, objects, records.resolve("good"), "good", claims, false);
        System.err.println("none fails: " + without);
        Outcome with = backlog(client, objects, records.resolve("bad"), "bad", claims, true);
        System.err.println("every tenth fails: " + with);
        String name = claims + " claims, every tenth fails";
        return List.of(
            Row.moreIsBetter(
                name,
                "the others' volumes",
                "1/s",
                with.perSecond,
                without.perSecond,
                "none fails",
                0.8),
            Row.lessIsBetter(name, "one clone afterwards", "ms", with.singleMillis, 100, "aim", 1));
      } finally {
        objects.clear();
      }
    }
  }

  private Outcome backlog(
      KubernetesClient client,
      ProvisionObjects objects,
      Path records,
      String prefix,
      int count,
      boolean fails)
      throws Exception {
    String source = prefix + "-source";
    try (var driver = new InstantVolumes(records)) {
      try (var _ = ProvisionBench.provisioner(config, driver)) {
        objects.create(objects.claim(source));
        ProvisionBench.await("bound source", () -> objects.isBound(source));
      }
      ProvisionBench.eachAtOnce(
          count,
          i ->
              objects.create(
                  fails && i % EVERY == 0
                      ? objects.failing(prefix + "-failing-" + i)
                      : objects.clone(prefix + "-clone-" + i, source)));
      ProvisionBench.await("claims handed over", () -> objects.handedOver() >= count);
      int good = fails ? count - count / EVERY : count;
      try (var watched = new WatchedClaims(client, prefix + "-clone-")) {
        long begun = System.nanoTime();
        try (var _ = ProvisionBench.provisioner(config, driver)) {
          ProvisionBench.await("volumes", () -> watched.made().size() >= good);
          double rate = good / ProvisionBench.seconds(begun);
          ProvisionBench.await("bound claims", () -> watched.bound().size() >= good);
          double single = single(objects, watched, prefix, source);
          objects.deleteClaims();
          ProvisionBench.await("end of all claims and volumes", objects::isEmpty);
          return new Outcome(rate, single);
        }
      }
    }
  }

  /** The median time from a clone's creation to its volume object, with the failing ones around. */
  private static double single(
      ProvisionObjects objects, WatchedClaims watched, String prefix, String source)
      throws Exception {
    var millis = new ArrayList<Double>();
    for (int i = 0; i < SINGLES; i++) {
      String name = prefix + "-clone-single-" + i;
      long begun = System.nanoTime();
      objects.create(objects.clone(name, source));
      ProvisionBench.await("a volume", () -> watched.made().contains(name));
      millis.add(ProvisionBench.seconds(begun) * 1000);
      Thread.sleep(200);
    }
    return Contest.median(millis);
  }
}
