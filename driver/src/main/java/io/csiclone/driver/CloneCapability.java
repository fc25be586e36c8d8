package io.csiclone.driver;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the admission webhook that this driver clones, by an annotation on its CSIDriver object.
 */
final class CloneCapability {

  private static final Logger log = LoggerFactory.getLogger(CloneCapability.class);
  private static final String PATCH =
      """
      {"metadata":{"annotations":{"csi-clone.io/clone-volume":"true"}}}
      """;
  private static final int NOT_FOUND = 404;

  private CloneCapability() {}

  /** Never fails: the chart that makes the object sets the annotation too. */
  static void publish(KubernetesClient client, String driverName) {
    try {
      client
          .storage()
          .v1()
          .csiDrivers()
          .withName(driverName)
          .patch(PatchContext.of(PatchType.JSON_MERGE), PATCH);
    } catch (KubernetesClientException e) {
      if (e.getCode() == NOT_FOUND) {
        log.warn("there is no CSIDriver {}: the webhook cannot know that it clones", driverName);
      } else {
        log.warn("could not annotate CSIDriver {}: {}", driverName, e.getMessage());
      }
    }
  }
}
