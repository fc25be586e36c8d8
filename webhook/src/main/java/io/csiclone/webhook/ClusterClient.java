package io.csiclone.webhook;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.KubernetesResource;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.fabric8.kubernetes.model.jackson.Jackson2JdkTypesModule;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/**
 * The client of the cluster. It is told the kinds that are asked for; left to itself it looks
 * through its jars and loads the classes of every kind there is, about a thousand.
 */
final class ClusterClient {

  private static final List<Class<? extends KubernetesResource>> KINDS =
      List.of(
          ConfigMap.class,
          CSIDriver.class,
          Lease.class,
          MutatingWebhookConfiguration.class,
          Namespace.class,
          Node.class,
          PersistentVolume.class,
          PersistentVolumeClaim.class,
          Secret.class,
          // What a watch says when it fails.
          Status.class,
          StorageClass.class,
          ValidatingWebhookConfiguration.class);

  private ClusterClient() {}

  /** For the cluster that KUBECONFIG or the pod's service account names. */
  static KubernetesClient make() {
    return new KubernetesClientBuilder().withKubernetesSerialization(serialization()).build();
  }

  static KubernetesSerialization serialization() {
    // The mapper is the one that the client makes for itself.
    var json =
        new KubernetesSerialization(
            JsonMapper.builderWithJackson2Defaults()
                .addModule(new Jackson2JdkTypesModule())
                .build(),
            false);
    KINDS.forEach(json::registerKubernetesResource);
    return json;
  }
}
