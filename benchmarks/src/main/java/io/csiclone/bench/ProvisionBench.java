package io.csiclone.bench;

import io.csiclone.provisioner.Provisioner;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Clones of one claim, created while the provisioner is down, with a driver whose volumes are made
 * at once. Beside it, in each round, the writes that as many clones take at the least, sent to the
 * API server by nothing but a client: what the server can take.
 */
final class ProvisionBench {

  private static final int AT_ONCE = 100;
  private static final int SINGLES = 11;
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final Config config;
  private final int claims;
  private final int rounds;
  private final @Nullable Path pool;

  /**
   * Prepares.
   *
   * @param pool where volumes are files that are cloned by reflink; null for volumes of nothing
   */
  ProvisionBench(Config config, int claims, int rounds, @Nullable Path pool) {
    this.pool = pool;
    this.config = config;
    this.claims = claims;
    this.rounds = rounds;
  }

  /** One round's figures. */
  private record Round(double volumesPerSecond, double boundPerSecond, double barePerSecond) {
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%.0f volumes/s, %.0f bound/s, %.0f/s by bare writes",
          volumesPerSecond,
          boundPerSecond,
          barePerSecond);
    }
  }

  List<Row> run() throws Exception {
    var results = new ArrayList<Round>();
    List<Double> singles;
    try (KubernetesClient client = new KubernetesClientBuilder().withConfig(config).build();
        var folder = WorkFolder.in(Results.FOLDER)) {
      var objects = new ProvisionObjects(client);
      objects.prepare();
      try {
        // One round more, not counted, warms this JVM and the server.
        for (int round = 0; round <= rounds; round++) {
          Round result = round(client, objects, folder.path().resolve("records-" + round), round);
          System.err.println((round == 0 ? "warming up" : "round " + round) + ": " + result);
          if (round > 0) {
            results.add(result);
          }
        }
        singles = singles(client, objects, folder.path().resolve("records-singles"));
      } finally {
        objects.clear();
      }
    }
    return rows(results, Contest.median(singles));
  }

  private List<Row> rows(List<Round> results, double singleMillis) {
    double bare = Contest.median(results.stream().map(Round::barePerSecond).toList());
    double volumes = Contest.median(results.stream().map(Round::volumesPerSecond).toList());
    double bound = Contest.median(results.stream().map(Round::boundPerSecond).toList());
    String name = claims + " clones of one claim" + (pool == null ? "" : ", reflink");
    return List.of(
        Row.moreIsBetter(name, "volume objects", "1/s", volumes, bare, "bare writes", 0),
        Row.moreIsBetter(name, "volume objects", "1/s", volumes, 150, "aim", 1),
        Row.moreIsBetter(name, "claims bound", "1/s", bound, bare, "bare writes", 0),
        Row.lessIsBetter(
            "one clone, idle", "created to volume", "ms", singleMillis, 100, "aim", 1));
  }

  private Round round(KubernetesClient client, ProvisionObjects objects, Path records, int round)
      throws Exception {
    String source = "source-" + round;
    String prefix = "clone-" + round + "-";
    try (var driver = new InstantVolumes(records, InstantVolumes.DRIVER, pool)) {
      try (var _ = provisioner(config, driver)) {
        objects.create(objects.claim(source));
        await("bound source", () -> objects.isBound(source));
      }
      eachAtOnce(claims, i -> objects.create(objects.clone(prefix + i, source)));
      await("claims handed over", () -> objects.handedOver() >= claims);
      try (var watched = new WatchedClaims(client, prefix)) {
        long begun = System.nanoTime();
        try (var _ = provisioner(config, driver)) {
          await("volumes", () -> watched.made().size() >= claims);
          double made = seconds(begun);
          await("bound claims", () -> watched.bound().size() >= claims);
          double bound = seconds(begun);
          double bare = bareWrites(objects, "bare-" + round + "-");
          objects.deleteClaims();
          await("end of all claims and volumes", objects::isEmpty);
          return new Round(claims / made, claims / bound, claims / bare);
        }
      }
    }
  }

  /** The same writes with nothing between them: a record, a volume object, the record's end. */
  private double bareWrites(ProvisionObjects objects, String prefix) throws Exception {
    eachAtOnce(claims, i -> objects.create(objects.idleClaim(prefix + i)));
    long begun = System.nanoTime();
    eachAtOnce(
        claims,
        i -> {
          objects.annotate(prefix + i, "begun");
          objects.create(objects.idleVolume(prefix + i));
          objects.annotate(prefix + i, "ended");
        });
    return seconds(begun);
  }

  /** From the creation of one clone to its volume object, with nothing else to do; milliseconds. */
  private List<Double> singles(KubernetesClient client, ProvisionObjects objects, Path records)
      throws Exception {
    var millis = new ArrayList<Double>();
    try (var driver = new InstantVolumes(records, InstantVolumes.DRIVER, pool);
        var _ = provisioner(config, driver);
        var watched = new WatchedClaims(client, "single-")) {
      objects.create(objects.claim("source"));
      await("bound source", () -> objects.isBound("source"));
      for (int i = 0; i < SINGLES; i++) {
        String name = "single-" + i;
        long begun = System.nanoTime();
        objects.create(objects.clone(name, "source"));
        await("a volume", () -> watched.made().contains(name));
        millis.add(seconds(begun) * 1000);
        Thread.sleep(200);
      }
      objects.deleteClaims();
      await("end of all claims and volumes", objects::isEmpty);
    }
    return millis;
  }

  /** One with a client of its own, as in a driver. */
  static Provisioner provisioner(Config config, InstantVolumes driver) {
    var client = new KubernetesClientBuilder().withConfig(config).build();
    var running = Provisioner.builder(client, driver.channel(), InstantVolumes.DRIVER).start();
    return new Provisioner() {
      @Override
      public boolean ready() {
        return running.ready();
      }

      @Override
      public void close() {
        running.close();
        client.close();
      }
    };
  }

  /** Does it for each number below {@code count}, many at once. */
  static void eachAtOnce(int count, IntConsumer work) throws Exception {
    var permits = new Semaphore(AT_ONCE);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int i : IntStream.range(0, count).toArray()) {
        permits.acquire();
        all.add(
            threads.submit(() -> {
              try {
                work.accept(i);
              } finally {
                permits.release();
              }
            }));
      }
      for (Future<?> one : all) {
        var _ = one.get();
      }
    }
  }

  static void await(String what, BooleanSupplier there) throws Exception {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!there.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        throw new TimeoutException("waited " + PATIENCE + " for " + what);
      }
      Thread.sleep(1);
    }
  }

  static double seconds(long begunNanos) {
    return (System.nanoTime() - begunNanos) / 1e9;
  }
}
