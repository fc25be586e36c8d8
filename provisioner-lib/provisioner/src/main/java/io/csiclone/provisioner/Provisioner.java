package io.csiclone.provisioner;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.grpc.Channel;

/**
 * The controller of one driver: a running instance, stopped by closing it. It watches the claims of
 * the driver's storage classes, has their volumes made with CreateVolume (a clone with its source
 * as volume content source), writes the persistent volumes and deletes released ones.
 *
 * <p>What was begun survives a restart: it is recorded on the claim before the driver is called
 * (see the decision record on finalizers and annotations).
 */
public interface Provisioner extends AutoCloseable {

  /**
   * Begins to describe a provisioner. Neither the client nor the channel is closed by it.
   *
   * @param client the cluster's API
   * @param csi a channel to the driver's CSI socket, serving Identity, Controller and, with {@link
   *     ProvisionerBuilder#nodeName}, Node
   * @param driverName the driver's name, which is its storage classes' provisioner
   */
  static ProvisionerBuilder builder(KubernetesClient client, Channel csi, String driverName) {
    return new ProvisionerBuilder(client, csi, driverName);
  }

  /** Whether the caches are filled and claims are being served. */
  boolean ready();

  /**
   * Stops within seconds. Calls under way are cancelled; volumes in the making are taken up again
   * by the next provisioner that is started.
   */
  @Override
  void close();
}
