package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.driver.ExpectedVolume.Content;
import io.csiclone.driver.ExpectedVolume.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a reboot of the node leaves: pool and records, nothing attached, nothing mounted. The
 * kubelet then stages and publishes again what pods still use, and undoes what they do not.
 */
@Tag("native")
class RebootTest {

  private static final List<Kind> KINDS = List.of(Kind.BLOCK, Kind.EXT4, Kind.XFS);

  @ParameterizedTest
  @ValueSource(strings = {"xfs", "ext4"})
  void whatPodsUseIsStagedAndPublishedAgainWithItsBytes(String poolType) throws Exception {
    try (Node node = Node.withPublishedVolumes(poolType)) {
      node.reboot();

      for (ExpectedVolume volume : node.tenant.owned()) {
        node.tenant.stage(volume);
        node.tenant.publish(volume);
        volume.assertHoldsAt(node.tenant.target(volume));
        node.tenant.write(volume, new Content(8, 1 << 20));
        volume.assertHoldsAt(node.tenant.target(volume));
      }
      assertThat(node.differences()).isEmpty();
      node.leave();
    }
  }

  @Test
  void whatNobodyUsesAnyMoreIsUndoneAlthoughItIsGone() throws Exception {
    try (Node node = Node.withPublishedVolumes("xfs")) {
      node.reboot();

      for (ExpectedVolume volume : node.tenant.owned()) {
        node.tenant.unpublish(volume);
        node.tenant.unstage(volume);
      }
      assertThat(node.differences()).isEmpty();
      node.leave();
    }
  }

  /** A driver, and somebody with one published volume of each kind. */
  private record Node(TestDisk disk, KillableDriver driver, Tenant tenant)
      implements AutoCloseable {

    static Node withPublishedVolumes(String poolType) throws Exception {
      TestDisk disk = TestDisk.with(poolType);
      KillableDriver driver = new KillableDriver(disk.folder(), disk.base());
      PersistentCaller caller =
          new PersistentCaller(driver, new Random(1), new PersistentCaller.Figures());
      Tenant tenant = new Tenant("tenant", caller, disk.folder(), kubelet(disk));
      Node node = new Node(disk, driver, tenant);
      try {
        driver.launch(true);
        driver.awaitServing();
        for (Kind kind : KINDS) {
          ExpectedVolume volume = tenant.create(kind, kind.smallestMib());
          tenant.stage(volume);
          tenant.publish(volume);
          tenant.write(volume, new Content(7, 1 << 20));
        }
        return node;
      } catch (Exception | AssertionError e) {
        node.close();
        throw e;
      }
    }

    private static Path kubelet(TestDisk disk) {
      return disk.base().resolve("kubelet");
    }

    void reboot() throws Exception {
      driver.kill();
      PoolAudit.tearDown(disk.folder(), kubelet(disk));
      driver.launch(true);
      driver.awaitServing();
    }

    List<String> differences() throws IOException {
      Map<ExpectedVolume, Tenant> volumes = new HashMap<>();
      tenant.owned().forEach(volume -> volumes.put(volume, tenant));
      return PoolAudit.differences(
          PoolAudit.expected(volumes), PoolAudit.found(driver, kubelet(disk)));
    }

    void leave() throws Exception {
      for (ExpectedVolume volume : List.copyOf(tenant.owned())) {
        tenant.check(volume);
        tenant.shut(volume);
        tenant.delete(volume);
      }
      assertThat(PoolAudit.found(driver, kubelet(disk))).containsExactly("record lock");
    }

    @Override
    public void close() throws Exception {
      try {
        driver.close();
      } finally {
        PoolAudit.tearDown(disk.folder(), kubelet(disk));
        disk.close();
      }
    }
  }
}
