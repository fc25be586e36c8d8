package io.csiclone.provisioner;

import io.csiclone.csiproto.ControllerServiceCapability.RPC;
import io.csiclone.rules.DriverFacts;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says on the driver's CSIDriver object whether the driver clones, so that the admission webhook
 * need not guess. It takes the right to patch that object; without it, or without the object, all
 * else works, and it is tried again.
 */
final class CloneStatement implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(CloneStatement.class);
  private static final Duration SHORTEST_WAIT = Duration.ofSeconds(10);
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(5);
  private static final int NOT_FOUND = 404;

  private final KubernetesClient client;
  private final String driverName;
  private final String patch;
  private volatile @Nullable Thread trying;

  CloneStatement(KubernetesClient client, DriverTraits driver) {
    this.client = client;
    this.driverName = driver.name();
    this.patch =
        "{\"metadata\":{\"annotations\":{\"%s\":\"%s\"}}}"
            .formatted(DriverFacts.CLONE_ANNOTATION, driver.can(RPC.Type.CLONE_VOLUME));
  }

  /** Says it now, or in the background as soon as that is possible. */
  void publish() {
    if (!published()) {
      trying = Thread.ofVirtual().name("clone-statement").start(this::tryAgain);
    }
  }

  private void tryAgain() {
    var wait = SHORTEST_WAIT;
    try {
      do {
        Thread.sleep(wait);
        wait =
            wait.multipliedBy(2).compareTo(LONGEST_WAIT) < 0 ? wait.multipliedBy(2) : LONGEST_WAIT;
      } while (!published());
    } catch (InterruptedException e) {
      LOG.debug("Stopped before CSIDriver {} could be annotated", driverName);
    }
  }

  private boolean published() {
    try {
      client
          .storage()
          .v1()
          .csiDrivers()
          .withName(driverName)
          .patch(PatchContext.of(PatchType.JSON_MERGE), patch);
      return true;
    } catch (KubernetesClientException e) {
      var why =
          e.getCode() == NOT_FOUND ? "there is no such object" : String.valueOf(e.getMessage());
      LOG.warn("CSIDriver {} does not say whether it clones: {}", driverName, why);
      return false;
    }
  }

  @Override
  public void close() {
    var thread = trying;
    if (thread != null) {
      thread.interrupt();
    }
  }
}
