package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.csiclone.csiproto.NodeGrpc;
import io.csiclone.csiproto.NodeGrpc.NodeBlockingStub;
import io.csiclone.csiproto.NodePublishVolumeRequest;
import io.csiclone.csiproto.NodeStageVolumeRequest;
import io.csiclone.csiproto.NodeUnstageVolumeRequest;
import io.csiclone.driver.ExpectedVolume.Kind;
import io.csiclone.driver.InterceptedPrograms.When;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The driver is killed while one of its programs is about to do something to the node, and this
 * program lives on; or when it has just done it, and dies too. Whoever called does not go on but
 * has everything undone by the next driver. Then nothing may be left, neither at once nor later.
 */
@Tag("native")
class KillWindowTest {

  private static final int HELD_SECONDS = 3;

  /** A program that a call of the driver runs. */
  enum Window {
    STAGE_TO_ATTACH("losetup /dev/loop*"),
    STAGE_TO_FORMAT("mkfs.ext4 *"),
    STAGE_TO_MOUNT("mount -t ext4*"),
    PUBLISH_TO_BIND("mount --bind*"),
    UNSTAGE_TO_UNMOUNT("umount *"),
    UNSTAGE_TO_DETACH("losetup -d*");

    private final String call;

    Window(String call) {
      this.call = call;
    }
  }

  private TestDisk disk;
  private Path kubelet;
  private InterceptedPrograms programs;
  private KillableDriver driver;
  private Tenant tenant;

  @BeforeEach
  void start() throws Exception {
    disk = TestDisk.with("xfs");
    kubelet = disk.base().resolve("kubelet");
    programs =
        new InterceptedPrograms(
            disk.base().resolve("programs"),
            HELD_SECONDS,
            "losetup",
            "mkfs.ext4",
            "mount",
            "umount",
            "blockdev");
    driver = new KillableDriver(disk.folder(), disk.base());
    driver.prefer(programs.folder());
    PersistentCaller caller =
        new PersistentCaller(driver, new Random(1), new PersistentCaller.Figures());
    tenant = new Tenant("tenant", caller, disk.folder(), kubelet);
  }

  @AfterEach
  void stop() throws Exception {
    if (disk != null) {
      driver.close();
      PoolAudit.tearDown(disk.folder(), kubelet);
      disk.close();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aProgramThatOutlivesTheDriverLeavesNothingBehind(Window window) throws Exception {
    killedIn(window, When.BEFORE, false);
  }

  @ParameterizedTest
  @EnumSource
  void aProgramThatHasJustDoneItsWorkLeavesNothingBehind(Window window) throws Exception {
    killedIn(window, When.AFTER, true);
  }

  private void killedIn(Window window, When when, boolean asContainer) throws Exception {
    driver.launch(asContainer);
    driver.awaitServing();
    ExpectedVolume volume = tenant.create(Kind.EXT4, 16);
    boolean unstages = window.name().startsWith("UNSTAGE");
    if (unstages || window == Window.PUBLISH_TO_BIND) {
      tenant.stage(volume);
    }
    programs.stop(when, window.call);
    CompletableFuture<Void> call =
        CompletableFuture.runAsync(() -> {
          if (unstages) {
            unstage(volume);
          } else if (window == Window.PUBLISH_TO_BIND) {
            publish(volume);
          } else {
            stage(volume);
          }
        });
    programs.awaitReached();
    driver.kill();
    assertThatThrownBy(() -> call.get(60, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(StatusRuntimeException.class);
    driver.launch(asContainer);
    driver.awaitServing();

    tenant.unpublish(volume);
    tenant.unstage(volume);

    assertThat(differences()).as("after it was undone").isEmpty();
    if (!asContainer) {
      programs.awaitEnded();
      assertThat(differences()).as("after the program has ended").isEmpty();
    }
    tenant.check(volume);
    tenant.delete(volume);
    assertThat(PoolAudit.found(driver, kubelet)).containsExactly("record lock");
  }

  /** Nobody unstages a volume whose staging was refused. */
  @Test
  void aStageThatFailsRightAfterTheDeviceWasAttachedLeavesNothing() throws Exception {
    driver.launch(true);
    driver.awaitServing();
    for (Kind kind : List.of(Kind.EXT4, Kind.BLOCK)) {
      ExpectedVolume volume = tenant.create(kind, 16);
      programs.fail("blockdev --setrw*");

      assertThatThrownBy(() -> stage(volume)).hasMessageContaining("failed by the test");

      assertThat(differences()).isEmpty();
    }
  }

  private List<String> differences() throws Exception {
    Map<ExpectedVolume, Tenant> volumes = new HashMap<>();
    tenant.owned().forEach(volume -> volumes.put(volume, tenant));
    return PoolAudit.differences(PoolAudit.expected(volumes), PoolAudit.found(driver, kubelet));
  }

  private NodeBlockingStub node() {
    return NodeGrpc.newBlockingStub(driver.channel()).withDeadlineAfter(60, TimeUnit.SECONDS);
  }

  private void stage(ExpectedVolume volume) {
    var _ =
        node()
            .nodeStageVolume(
                NodeStageVolumeRequest.newBuilder()
                    .setVolumeId(volume.id)
                    .setStagingTargetPath(tenant.staging(volume).toString())
                    .setVolumeCapability(volume.kind.capability())
                    .build());
  }

  private void publish(ExpectedVolume volume) {
    var _ =
        node()
            .nodePublishVolume(
                NodePublishVolumeRequest.newBuilder()
                    .setVolumeId(volume.id)
                    .setStagingTargetPath(tenant.staging(volume).toString())
                    .setTargetPath(tenant.target(volume).toString())
                    .setVolumeCapability(volume.kind.capability())
                    .build());
  }

  private void unstage(ExpectedVolume volume) {
    var _ =
        node()
            .nodeUnstageVolume(
                NodeUnstageVolumeRequest.newBuilder()
                    .setVolumeId(volume.id)
                    .setStagingTargetPath(tenant.staging(volume).toString())
                    .build());
  }
}
