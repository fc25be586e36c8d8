package io.csiclone.provisioner;

import io.csiclone.csiproto.ControllerServiceCapability.RPC;
import io.fabric8.kubernetes.api.model.storage.VolumeAttributesClass;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Map;

/**
 * Reads the VolumeAttributesClass a claim names (storage.k8s.io/v1, from Kubernetes 1.34 on); live,
 * for few claims have one.
 */
final class AttributesClasses {

  private final KubernetesClient client;

  AttributesClasses(KubernetesClient client) {
    this.client = client;
  }

  /**
   * The mutable parameters for {@code claim}; empty when it names no such class.
   *
   * @throws ProvisioningException when the class is missing or another driver's, or this driver
   *     cannot modify volumes
   */
  Map<String, String> parametersFor(Claim claim, DriverTraits driver) {
    String name = claim.object().getSpec().getVolumeAttributesClassName();
    if (!Claim.isNamed(name)) {
      return Map.of();
    }
    if (!driver.can(RPC.Type.MODIFY_VOLUME)) {
      throw new ProvisioningException(
          "claim %s names volume attributes class %s, but driver %s cannot modify volumes"
              .formatted(claim.key(), name, driver.name()));
    }
    VolumeAttributesClass found =
        client.resources(VolumeAttributesClass.class).withName(name).get();
    if (found == null) {
      throw new ProvisioningException("volume attributes class " + name + " does not exist");
    }
    if (!driver.name().equals(found.getDriverName())) {
      throw new ProvisioningException(
          "volume attributes class %s is for driver %s, not %s"
              .formatted(name, found.getDriverName(), driver.name()));
    }
    return found.getParameters() == null ? Map.of() : found.getParameters();
  }
}
