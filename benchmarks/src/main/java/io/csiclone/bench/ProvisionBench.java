package io.csiclone.bench;

import io.csiclone.provisioner.Provisioner;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

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

  ProvisionBench(Config config, int claims, int rounds) {
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
    String name = claims + " clones of one claim";
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
    try (var driver = new InstantVolumes(records)) {
      try (var _ = provisioner(driver)) {
        objects.create(objects.claim(source));
        await("bound source", () -> objects.isBound(source));
      }
      eachAtOnce(i -> objects.create(objects.clone(prefix + i, source)));
      await("claims handed over", () -> objects.handedOver() >= claims);
      try (var watched = new Watched(client, prefix)) {
        long begun = System.nanoTime();
        try (var _ = provisioner(driver)) {
          await("volumes", () -> watched.made.size() >= claims);
          double made = seconds(begun);
          await("bound claims", () -> watched.bound.size() >= claims);
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
    eachAtOnce(i -> objects.create(objects.idleClaim(prefix + i)));
    long begun = System.nanoTime();
    eachAtOnce(i -> {
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
    try (var driver = new InstantVolumes(records);
        var _ = provisioner(driver);
        var watched = new Watched(client, "single-")) {
      objects.create(objects.claim("source"));
      await("bound source", () -> objects.isBound("source"));
      for (int i = 0; i < SINGLES; i++) {
        String name = "single-" + i;
        long begun = System.nanoTime();
        objects.create(objects.clone(name, "source"));
        await("a volume", () -> watched.made.contains(name));
        millis.add(seconds(begun) * 1000);
        Thread.sleep(200);
      }
      objects.deleteClaims();
      await("end of all claims and volumes", objects::isEmpty);
    }
    return millis;
  }

  private Provisioner provisioner(InstantVolumes driver) {
    // As in a driver of its own: a client nobody else uses.
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

  /** Which claims have a volume object, and which are bound. */
  private static final class Watched implements AutoCloseable {

    private final Set<String> made = ConcurrentHashMap.newKeySet();
    private final Set<String> bound = ConcurrentHashMap.newKeySet();
    private final List<AutoCloseable> informers;

    Watched(KubernetesClient client, String prefix) {
      informers =
          List.of(
              client.persistentVolumes().inform(new Seen<>(volume -> noteMade(volume, prefix))),
              client
                  .persistentVolumeClaims()
                  .inNamespace(ProvisionObjects.NAMESPACE)
                  .inform(new Seen<>(claim -> noteBound(claim, prefix))));
    }

    private void noteMade(PersistentVolume volume, String prefix) {
      var ref = volume.getSpec().getClaimRef();
      if (ref != null && ref.getName().startsWith(prefix)) {
        made.add(ref.getName());
      }
    }

    private void noteBound(PersistentVolumeClaim claim, String prefix) {
      String name = claim.getMetadata().getName();
      boolean isBound = claim.getStatus() != null && "Bound".equals(claim.getStatus().getPhase());
      if (isBound && name.startsWith(prefix)) {
        bound.add(name);
      }
    }

    @Override
    public void close() throws Exception {
      for (AutoCloseable informer : informers) {
        informer.close();
      }
    }
  }

  private record Seen<T>(Consumer<T> to) implements ResourceEventHandler<T> {
    @Override
    public void onAdd(T object) {
      to.accept(object);
    }

    @Override
    public void onUpdate(T before, T object) {
      to.accept(object);
    }

    @Override
    public void onDelete(T object, boolean unseen) {
      // What was made stays made.
    }
  }

  private void eachAtOnce(IntConsumer work) throws Exception {
    var permits = new Semaphore(AT_ONCE);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int i : IntStream.range(0, claims).toArray()) {
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

  private static void await(String what, BooleanSupplier there) throws Exception {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!there.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        throw new TimeoutException("waited " + PATIENCE + " for " + what);
      }
      Thread.sleep(1);
    }
  }

  private static double seconds(long begunNanos) {
    return (System.nanoTime() - begunNanos) / 1e9;
  }
}
