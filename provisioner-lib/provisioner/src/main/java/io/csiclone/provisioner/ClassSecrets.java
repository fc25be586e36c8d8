package io.csiclone.provisioner;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretReference;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;

/** Reads the secrets that storage classes name; live, and never kept. */
final class ClassSecrets {

  private final KubernetesClient client;

  ClassSecrets(KubernetesClient client) {
    this.client = client;
  }

  /**
   * What the secret holds.
   *
   * @throws ProvisioningException when there is none
   */
  Map<String, String> read(SecretReference reference) {
    Secret secret =
        client.secrets().inNamespace(reference.getNamespace()).withName(reference.getName()).get();
    if (secret == null) {
      throw new ProvisioningException(
          "secret %s/%s, which the storage class names, does not exist"
              .formatted(reference.getNamespace(), reference.getName()));
    }
    var values = new TreeMap<String, String>();
    Map<String, String> data = secret.getData();
    if (data != null) {
      data.forEach((key, value) ->
          values.put(key, new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8)));
    }
    return values;
  }
}
