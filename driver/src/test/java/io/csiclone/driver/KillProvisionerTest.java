package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.testkit.EmbeddedControlPlane;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The process that provisions is killed at random instants while fifty claims at a time are made,
 * cloned and deleted; what the cluster has and what the pool has must agree afterwards. A few kills
 * by default; {@code -Dsoak.kills=100 -Dsoak.seed=N -Dsoak.report=FILE} for more.
 */
@Tag("native")
class KillProvisionerTest {

  private static final int KILLS = Integer.getInteger("soak.kills", 8);
  private static final long SEED = Long.getLong("soak.seed", 11);

  /** Kills while the claims of one cycle are made, and as many while they are deleted. */
  private static final int KILLS_IN_A_ROW = 2;

  private static final int LONGEST_RUN_MILLIS = 1_200;
  private static final int LONGEST_START_MILLIS = 900;
  private static final int LONGEST_PAUSE_MILLIS = 40;
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  @Test
  void whateverTheInstantOfTheKillNoVolumeNoVolumeObjectAndNoFinalizerIsLeft() throws Exception {
    List<KillProvisionerReport.Result> results = new ArrayList<>();
    results.add(campaign("xfs", KILLS - KILLS / 2));
    results.add(campaign("ext4", KILLS / 2));
    report(results);
  }

  private static KillProvisionerReport.Result campaign(String poolType, int kills)
      throws Exception {
    try (TestDisk disk = TestDisk.with(poolType);
        EmbeddedControlPlane cluster = EmbeddedControlPlane.start()) {
      KillableDriver driver =
          new KillableDriver(
              disk.folder(), disk.base(), "--kubeconfig", cluster.kubeconfig().toString());
      try (driver) {
        return new Campaign(poolType, driver, new ProvisionedClaims(cluster.client()), kills).run();
      } catch (Exception | AssertionError e) {
        throw new AssertionError(
            "seed %d, pool on %s: %s%n%s".formatted(SEED, poolType, e.getMessage(), driver.log()),
            e);
      }
    }
  }

  /** The kills on one pool. */
  private static final class Campaign {

    private final String poolType;
    private final KillableDriver driver;
    private final ProvisionedClaims claims;
    private final int wanted;
    private final Random random = new Random(SEED);
    private int cycles;
    private int kills;
    private int whileStarting;
    private int inTheMaking;
    private int beingDeleted;

    Campaign(String poolType, KillableDriver driver, ProvisionedClaims claims, int wanted) {
      this.poolType = poolType;
      this.driver = driver;
      this.claims = claims;
      this.wanted = wanted;
    }

    KillProvisionerReport.Result run() throws Exception {
      claims.createClass();
      driver.launch(true);
      driver.awaitServing();
      while (kills < wanted) {
        cycle();
        cycles++;
      }
      return new KillProvisionerReport.Result(
          poolType, cycles, kills, whileStarting, inTheMaking, beingDeleted);
    }

    /** Fifty claims from nothing to nothing. */
    private void cycle() throws Exception {
      claims.createSource();
      eventually(() -> claims.differences(driver));
      claims.fillSource(driver, random.nextLong());

      disturbed(makings());
      eventually(() -> claims.differences(driver));
      assertThat(claims.wrongBytes(driver)).isEmpty();

      disturbed(deletions());
      eventually(() -> claims.differences(driver));
      assertThat(claims.isEmpty()).isTrue();
    }

    /** What users do: they make claims, and change their minds about every fourth. */
    private List<Runnable> makings() {
      List<Runnable> actions = new ArrayList<>();
      Deque<Integer> unwanted = new ArrayDeque<>();
      for (int i = 0; i < ProvisionedClaims.COUNT; i++) {
        int number = i;
        boolean clone = random.nextInt(5) > 0;
        actions.add(() -> claims.create(number, clone));
        if (random.nextInt(4) == 0) {
          unwanted.add(number);
        }
        if (!unwanted.isEmpty() && random.nextInt(3) == 0) {
          int gone = unwanted.remove();
          actions.add(() -> claims.delete(gone));
        }
      }
      unwanted.forEach(number -> actions.add(() -> claims.delete(number)));
      return actions;
    }

    private List<Runnable> deletions() {
      List<Runnable> actions = new ArrayList<>();
      claims.names().forEach(name -> actions.add(() -> claims.delete(name)));
      Collections.shuffle(actions, random);
      return actions;
    }

    /** Lets users act while the process is killed and started again; it runs at the end. */
    private void disturbed(List<Runnable> actions) throws Exception {
      long seed = random.nextLong();
      try (var user = Executors.newVirtualThreadPerTaskExecutor()) {
        Future<?> acting = user.submit(() -> act(actions, new Random(seed)));
        for (int i = 0; i < KILLS_IN_A_ROW && kills < wanted; i++) {
          killAndRestart();
        }
        acting.get();
      }
    }

    private static void act(List<Runnable> actions, Random random) {
      for (Runnable action : actions) {
        action.run();
        try {
          Thread.sleep(random.nextInt(LONGEST_PAUSE_MILLIS));
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
    }

    private void killAndRestart() throws Exception {
      Thread.sleep(random.nextInt(LONGEST_RUN_MILLIS));
      kill();
      driver.launch(random.nextBoolean());
      while (kills < wanted && random.nextInt(5) == 0) {
        Thread.sleep(random.nextInt(LONGEST_START_MILLIS));
        kill();
        whileStarting++;
        driver.launch(random.nextBoolean());
      }
      driver.awaitServing();
    }

    private void kill() throws Exception {
      driver.kill();
      kills++;
      inTheMaking += claims.inTheMaking();
      beingDeleted += claims.beingDeleted();
    }

    private interface Audit {
      List<String> differences() throws Exception;
    }

    private void eventually(Audit audit) {
      Awaitility.await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(100))
          // The pool is looked at while the driver is at work in it.
          .ignoreExceptionsInstanceOf(NoSuchFileException.class)
          .untilAsserted(() ->
              assertThat(audit.differences())
                  .as("cycle %d, after %d kills", cycles, kills)
                  .isEmpty());
    }
  }

  private static void report(List<KillProvisionerReport.Result> results) throws IOException {
    String text = KillProvisionerReport.text(SEED, results);
    String file = System.getProperty("soak.report", "");
    if (file.isEmpty()) {
      System.out.println(text);
    } else {
      Files.writeString(Path.of(file), text);
    }
  }
}
