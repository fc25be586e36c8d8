package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.driver.ExpectedVolume.Content;
import io.csiclone.driver.ExpectedVolume.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A driver process under a random workload of several callers is killed at random instants and
 * started again. Every call is repeated until it succeeds; then nothing may be wrong, lacking or
 * too much. A few kills by default; {@code -Dsoak.kills=200 -Dsoak.seed=N -Dsoak.report=FILE} for
 * more.
 */
@Tag("native")
class KillDriverTest {

  private static final int KILLS = Integer.getInteger("soak.kills", 6);
  private static final long SEED = Long.getLong("soak.seed", 11);
  private static final int TENANTS = 4;
  private static final int LONGEST_RUN_MILLIS = 600;
  private static final int LONGEST_SHORT_CALL_MILLIS = 40;
  private static final List<String> SHORT_CALLS =
      List.of(
          "NodePublishVolume",
          "NodeUnpublishVolume",
          "NodeUnstageVolume",
          "NodeStageVolume",
          "NodeExpandVolume",
          "ControllerExpandVolume",
          "DeleteVolume",
          "DeleteSnapshot",
          "CreateSnapshot",
          "CreateVolume");
  private static final int LONGEST_START_MILLIS = 900;
  private static final int SHARED_MIB = 64;

  @Test
  void whateverTheInstantOfTheKillEveryCallEndsAndNothingIsLeftOver() throws Exception {
    List<KillDriverReport.Result> results = new ArrayList<>();
    results.add(campaign("xfs", true, KILLS - KILLS / 2));
    results.add(campaign("ext4", false, KILLS / 2));
    report(results);
  }

  private KillDriverReport.Result campaign(String poolType, boolean reflinks, int kills)
      throws Exception {
    try (TestDisk disk = TestDisk.with(poolType)) {
      Path kubelet = disk.base().resolve("kubelet");
      KillableDriver driver = new KillableDriver(disk.folder(), disk.base());
      try (driver) {
        return new Campaign(poolType, driver, kubelet, reflinks, kills).run();
      } catch (Exception | AssertionError e) {
        throw new AssertionError(
            "seed %d, pool on %s: %s%n%s".formatted(SEED, poolType, e.getMessage(), driver.log()),
            e);
      } finally {
        PoolAudit.tearDown(disk.folder(), kubelet);
      }
    }
  }

  /** The kills on one pool. */
  private static final class Campaign {

    private final String poolType;
    private final KillableDriver driver;
    private final Path kubelet;
    private final boolean reflinks;
    private final int wanted;
    private final Random random = new Random(SEED);
    private final PersistentCaller.Figures figures = new PersistentCaller.Figures();
    private final List<Tenant> tenants = new ArrayList<>();
    private final List<PersistentCaller> callers = new ArrayList<>();

    /** Read by what works, written when all is to be still. */
    private final ReentrantReadWriteLock work = new ReentrantReadWriteLock(true);

    private volatile boolean enough;
    private int kills;
    private int whileStarting;

    Campaign(String poolType, KillableDriver driver, Path kubelet, boolean reflinks, int wanted) {
      this.poolType = poolType;
      this.driver = driver;
      this.kubelet = kubelet;
      this.reflinks = reflinks;
      this.wanted = wanted;
    }

    KillDriverReport.Result run() throws Exception {
      driver.launch(true);
      driver.awaitServing();
      Tenant owner = tenant("shared", random.nextLong());
      List<ExpectedVolume> shared = List.of(filled(owner, Kind.BLOCK), filled(owner, Kind.EXT4));
      try (ExecutorService threads = Executors.newFixedThreadPool(TENANTS)) {
        List<Future<?>> working = new ArrayList<>();
        for (int i = 0; i < TENANTS; i++) {
          long seed = random.nextLong();
          PersistentCaller caller = new PersistentCaller(driver, new Random(seed), figures);
          callers.add(caller);
          Tenant tenant = new Tenant("tenant-" + i, caller, driver.pool(), kubelet);
          tenants.add(tenant);
          RandomTenant acting =
              new RandomTenant(tenant, caller, new Random(seed + 1), shared, reflinks);
          working.add(
              threads.submit(() -> {
                work(acting);
                return null;
              }));
        }
        try {
          while (kills < wanted && working.stream().noneMatch(Future::isDone)) {
            killAndRestart();
            audit();
          }
        } catch (AssertionError e) {
          // Whoever broke off has left things as nobody expects them.
          working.stream()
              .filter(worker -> worker.state() == Future.State.FAILED)
              .forEach(worker -> e.addSuppressed(worker.exceptionNow()));
          throw e;
        } finally {
          enough = true;
        }
        for (Future<?> worker : working) {
          worker.get();
        }
      }
      audit();
      for (ExpectedVolume volume : shared) {
        owner.check(volume);
        owner.delete(volume);
      }
      audit();
      assertThat(PoolAudit.found(driver, kubelet)).containsExactly("record lock");
      return new KillDriverReport.Result(poolType, kills, whileStarting, figures);
    }

    private Tenant tenant(String name, long seed) {
      PersistentCaller caller = new PersistentCaller(driver, new Random(seed), figures);
      Tenant tenant = new Tenant(name, caller, driver.pool(), kubelet);
      tenants.add(tenant);
      return tenant;
    }

    private ExpectedVolume filled(Tenant owner, Kind kind) throws Exception {
      ExpectedVolume volume = owner.create(kind, SHARED_MIB + 32);
      owner.stage(volume);
      owner.publish(volume);
      owner.write(volume, new Content(random.nextLong(), SHARED_MIB << 20));
      owner.shut(volume);
      return volume;
    }

    private void work(RandomTenant tenant) throws Exception {
      while (!enough) {
        work.readLock().lock();
        try {
          tenant.act();
        } finally {
          work.readLock().unlock();
        }
      }
      tenant.leave();
    }

    private void killAndRestart() throws Exception {
      Thread.sleep(random.nextInt(LONGEST_RUN_MILLIS));
      if (random.nextBoolean()) {
        // The short calls are hit too seldom by chance alone.
        figures.awaitInFlight(SHORT_CALLS.get(random.nextInt(SHORT_CALLS.size())));
        Thread.sleep(random.nextInt(LONGEST_SHORT_CALL_MILLIS));
      }
      figures.killed();
      driver.kill();
      kills++;
      driver.launch(random.nextBoolean());
      while (kills < wanted && random.nextInt(5) == 0) {
        Thread.sleep(random.nextInt(LONGEST_START_MILLIS));
        driver.kill();
        kills++;
        whileStarting++;
        driver.launch(random.nextBoolean());
      }
      driver.awaitServing();
    }

    private String callsAbout(List<String> differences) {
      return callers.stream()
          .flatMap(caller -> caller.lately().stream())
          .filter(call ->
              Arrays.stream(call.split(" "))
                  .filter(word -> word.startsWith("vol-") || word.startsWith("snap-"))
                  .anyMatch(id -> differences.stream().anyMatch(line -> line.contains(id))))
          .collect(Collectors.joining("\n"));
    }

    private void audit() throws IOException {
      work.writeLock().lock();
      try {
        Map<ExpectedVolume, Tenant> volumes = new HashMap<>();
        tenants.forEach(tenant -> tenant.owned().forEach(volume -> volumes.put(volume, tenant)));
        Set<String> found = PoolAudit.found(driver, kubelet);
        List<String> differences = PoolAudit.differences(PoolAudit.expected(volumes), found);
        assertThat(differences)
            .as("after %d kills%n%s%n", kills, callsAbout(differences))
            .isEmpty();
      } finally {
        work.writeLock().unlock();
      }
    }
  }

  private static void report(List<KillDriverReport.Result> results) throws IOException {
    String text = KillDriverReport.text(SEED, TENANTS, results);
    String file = System.getProperty("soak.report", "");
    if (file.isEmpty()) {
      System.out.println(text);
    } else {
      Files.writeString(Path.of(file), text);
    }
  }
}
