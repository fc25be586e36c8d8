package io.csiclone.csi;

import static io.csiclone.csi.TestDriver.MIB;
import static io.csiclone.csi.TestDriver.cloneRequest;
import static io.csiclone.csi.TestDriver.mount;

import io.csiclone.csiproto.NodeStageVolumeRequest;
import io.csiclone.csiproto.VolumeCapability.AccessMode.Mode;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * What has to happen for a row of docs/status-codes.md: it starts the driver that it is given and
 * calls it. The last call's answer is the row's.
 */
interface Situation {

  /** Longer than any call of these takes, so that nothing but a gate makes an answer ABORTED. */
  Duration PATIENT = Duration.ofSeconds(15);

  Duration IMPATIENT = Duration.ofMillis(50);

  void bringAbout(TestDriver driver) throws Exception;

  /** A call to a driver that has been started. */
  interface Call {
    void make(TestDriver driver) throws Exception;
  }

  static Situation started(Call call) {
    return driver -> {
      driver.answeringWithin(PATIENT).start();
      call.make(driver);
    };
  }

  /** With a volume "source" of 1 MiB whose id the call gets. */
  interface CallWithVolume {
    void make(TestDriver driver, String volumeId) throws Exception;
  }

  static Situation withVolume(CallWithVolume call) {
    return started(driver -> call.make(driver, source(driver)));
  }

  static String source(TestDriver driver) throws IOException {
    return driver.filled("source", MIB, 1).getVolumeId();
  }

  /** With a clone of "source" whose copy does not end. */
  static Situation whileCloned(CallWithVolume call) {
    return started(driver -> {
      String source = source(driver);
      driver.stop();
      driver.backend.gate = new CountDownLatch(1);
      driver.answeringWithin(IMPATIENT).start();
      try {
        driver.create(cloneRequest("clone", MIB, source));
      } catch (StatusRuntimeException e) {
        call.make(driver, source);
      }
    });
  }

  /** With a staging of "source" that does not end. */
  static Situation whileStaged(CallWithVolume call) {
    return started(driver -> {
      String source = source(driver);
      driver.stop();
      driver.answeringWithin(IMPATIENT).start();
      driver.node.gate = new CountDownLatch(1);
      Thread staging =
          Thread.ofVirtual().start(() -> driver.node().nodeStageVolume(stage(source).build()));
      try {
        while (driver.node.calls.isEmpty()) {
          TimeUnit.MILLISECONDS.sleep(5);
        }
        call.make(driver, source);
      } finally {
        driver.node.gate.countDown();
        staging.join();
      }
    });
  }

  /** With back ends that can only what every one must. */
  static Situation plainly(CallWithVolume call) {
    return driver -> {
      driver.plain().answeringWithin(PATIENT).start();
      call.make(driver, source(driver));
    };
  }

  static NodeStageVolumeRequest.Builder stage(String volumeId) {
    return NodeStageVolumeRequest.newBuilder()
        .setVolumeId(volumeId)
        .setStagingTargetPath("/staging")
        .setVolumeCapability(mount(Mode.SINGLE_NODE_WRITER));
  }
}
