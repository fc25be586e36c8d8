package io.csiclone.certs;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The Secret that the replicas share. Whoever writes second is told so and reads the first's. */
final class SecretStore {
  private static final String TYPE = "kubernetes.io/tls";

  private final KubernetesClient client;
  private final String namespace;
  private final String name;

  SecretStore(KubernetesClient client, String namespace, String name) {
    this.client = client;
    this.namespace = namespace;
    this.name = name;
  }

  /**
   * What the Secret held at one moment.
   *
   * @param material what was found, null if there is no Secret
   * @param secret the Secret it came from
   */
  record Snapshot(@Nullable KeyMaterial material, @Nullable Secret secret) {

    /** What its annotation says under that key, null if there is none. */
    @Nullable String annotation(String key) {
      return secret == null || secret.getMetadata().getAnnotations() == null
          ? null
          : secret.getMetadata().getAnnotations().get(key);
    }
  }

  Snapshot read() {
    Secret secret = resource().get();
    if (secret == null) {
      return new Snapshot(null, null);
    }
    Map<String, String> entries = new HashMap<>();
    if (secret.getData() != null) {
      secret.getData().forEach((key, value) -> entries.put(key, decode(value)));
    }
    return new Snapshot(KeyMaterial.fromEntries(entries), secret);
  }

  /**
   * Writes new content, if the Secret still is as it was when read.
   *
   * @param doneAnnotation an annotation that is to go, as what it asks for is in the content
   * @return false if another replica has written since
   */
  boolean write(Snapshot readBefore, KeyMaterial material, @Nullable String doneAnnotation) {
    try {
      if (readBefore.secret() == null) {
        client.resource(newSecret(material)).create();
      } else {
        Secret changed = changed(readBefore.secret(), material, doneAnnotation);
        client
            .resource(changed)
            .lockResourceVersion(readBefore.secret().getMetadata().getResourceVersion())
            .update();
      }
      return true;
    } catch (KubernetesClientException e) {
      boolean overtaken =
          e.getCode() == HttpURLConnection.HTTP_CONFLICT
              // Deleted since it was read.
              || (e.getCode() == HttpURLConnection.HTTP_NOT_FOUND && readBefore.secret() != null);
      if (overtaken) {
        return false;
      }
      throw e;
    }
  }

  Resource<Secret> resource() {
    return client.secrets().inNamespace(namespace).withName(name);
  }

  @Override
  public String toString() {
    return namespace + "/" + name;
  }

  private Secret newSecret(KeyMaterial material) {
    return new SecretBuilder()
        .withNewMetadata()
        .withNamespace(namespace)
        .withName(name)
        .addToLabels("app.kubernetes.io/managed-by", "csi-clone-webhook")
        .endMetadata()
        .withType(TYPE)
        .withData(encode(material))
        .build();
  }

  /** Labels, annotations and foreign entries stay; the type of a Secret cannot be changed. */
  private static Secret changed(
      Secret secret, KeyMaterial material, @Nullable String doneAnnotation) {
    Map<String, String> data = new HashMap<>();
    if (secret.getData() != null) {
      data.putAll(secret.getData());
    }
    KeyMaterial.ENTRIES.forEach(data::remove);
    data.putAll(encode(material));
    SecretBuilder changed = new SecretBuilder(secret).withData(data);
    if (doneAnnotation != null) {
      changed.editMetadata().removeFromAnnotations(doneAnnotation).endMetadata();
    }
    return changed.build();
  }

  private static Map<String, String> encode(KeyMaterial material) {
    Map<String, String> data = new HashMap<>();
    material
        .toEntries()
        .forEach((key, text) ->
            data.put(
                key, Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8))));
    return data;
  }

  private static String decode(String base64) {
    return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
  }
}
