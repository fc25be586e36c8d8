package io.csiclone.driver;

import io.csiclone.csiproto.CapacityRange;
import io.csiclone.csiproto.ControllerGrpc;
import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.csiproto.VolumeContentSource;
import io.csiclone.driver.ExpectedVolume.Content;
import io.csiclone.driver.ExpectedVolume.Kind;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * How long NodePublishVolume of other volumes takes while clones are copied in the background. No
 * test by its name: {@code -Dtest=PublishLatencyBench} runs it, and it asserts nothing.
 */
@Tag("native")
class PublishLatencyBench {

  private static final long MIB = 1L << 20;
  private static final int SOURCE_MIB = 768;
  private static final int CLONES = 10;
  private static final int IDLE_CALLS = 300;
  private static final int VOLUMES = 4;

  private record Case(String name, String... options) {}

  @Test
  void measure() throws Exception {
    System.out.println(
        "| copies at once | publishes | p50 ms | p99 ms | longest ms | copies took s |");
    System.out.println("|---|---|---|---|---|---|");
    measure(new Case("none", "--copies", "10"));
    measure(new Case("4, 2 of one source (default)"));
    measure(new Case("10", "--copies", "10", "--copies-per-source", "10"));
  }

  private void measure(Case asked) throws Exception {
    try (TestDisk disk = TestDisk.with("ext4", 16L << 30)) {
      Path kubelet = disk.base().resolve("kubelet");
      try (KillableDriver driver =
          new KillableDriver(disk.folder(), disk.base(), asked.options())) {
        driver.launch(true);
        driver.awaitServing();
        measure(asked, driver, new Tenant("bench", patient(driver), disk.folder(), kubelet));
      } finally {
        PoolAudit.tearDown(disk.folder(), kubelet);
      }
    }
  }

  private static PersistentCaller patient(KillableDriver driver) {
    return new PersistentCaller(
        driver,
        new Random() {
          @Override
          public int nextInt(int bound) {
            return bound - 1; // no short deadlines
          }
        },
        new PersistentCaller.Figures());
  }

  private void measure(Case asked, KillableDriver driver, Tenant tenant) throws Exception {
    ExpectedVolume source = tenant.create(Kind.BLOCK, SOURCE_MIB);
    tenant.stage(source);
    tenant.publish(source);
    tenant.write(source, new Content(1, (int) (SOURCE_MIB * MIB)));
    tenant.shut(source);
    List<ExpectedVolume> others = new ArrayList<>();
    for (int i = 0; i < VOLUMES; i++) {
      ExpectedVolume volume = tenant.create(Kind.EXT4, 64);
      tenant.stage(volume);
      others.add(volume);
    }
    for (int i = 0; i < 40; i++) { // warm
      timed(tenant, others.get(i % VOLUMES));
    }
    List<Double> millis = new ArrayList<>();
    long began = System.nanoTime();
    if (asked.name().equals("none")) {
      for (int i = 0; i < IDLE_CALLS; i++) {
        millis.add(timed(tenant, others.get(i % VOLUMES)));
      }
    } else {
      try (ExecutorService callers = Executors.newFixedThreadPool(CLONES)) {
        List<Future<?>> clones = new ArrayList<>();
        for (int i = 0; i < CLONES; i++) {
          String name = "clone-" + i;
          clones.add(callers.submit(() -> awaitClone(driver, name, source)));
        }
        for (int i = 0; !clones.stream().allMatch(Future::isDone); i++) {
          millis.add(timed(tenant, others.get(i % VOLUMES)));
        }
        for (Future<?> clone : clones) {
          clone.get();
        }
      }
    }
    double seconds = (System.nanoTime() - began) / 1e9;
    others.forEach(volume -> shut(tenant, volume));
    millis.sort(null);
    System.out.println(
        "| %s | %d | %.1f | %.1f | %.1f | %s |"
            .formatted(
                asked.name(),
                millis.size(),
                millis.get(millis.size() / 2),
                millis.get(millis.size() * 99 / 100),
                millis.getLast(),
                asked.name().equals("none") ? "" : "%.1f".formatted(seconds)));
  }

  private static double timed(Tenant tenant, ExpectedVolume volume) throws Exception {
    long before = System.nanoTime();
    tenant.publish(volume);
    double millis = (System.nanoTime() - before) / 1e6;
    tenant.unpublish(volume);
    return millis;
  }

  private static void shut(Tenant tenant, ExpectedVolume volume) {
    try {
      tenant.shut(volume);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static void awaitClone(KillableDriver driver, String name, ExpectedVolume source) {
    var request =
        CreateVolumeRequest.newBuilder()
            .setName(name)
            .setCapacityRange(CapacityRange.newBuilder().setRequiredBytes(source.capacity))
            .addVolumeCapabilities(source.kind.capability())
            .setVolumeContentSource(
                VolumeContentSource.newBuilder()
                    .setVolume(
                        VolumeContentSource.VolumeSource.newBuilder().setVolumeId(source.id)))
            .build();
    while (true) {
      try {
        var _ = ControllerGrpc.newBlockingStub(driver.channel()).createVolume(request);
        return;
      } catch (StatusRuntimeException e) {
        if (e.getStatus().getCode() != io.grpc.Status.Code.ABORTED) {
          throw e;
        }
      }
    }
  }
}
