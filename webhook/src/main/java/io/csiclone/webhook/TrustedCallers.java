package io.csiclone.webhook;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.ssl.pem.PemContent;

/**
 * The CAs whose client certificates are accepted, from a ConfigMap that is followed. What is known
 * stays when the ConfigMap is deleted or spoilt; as long as nothing is known nobody is accepted.
 */
final class TrustedCallers implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(TrustedCallers.class);
  private static final String ENTRY = "ca.crt";

  private final KubernetesClient client;
  private final String namespace;
  private final String name;
  private volatile List<X509Certificate> authorities = List.of();
  private volatile boolean closed;
  private @Nullable SharedIndexInformer<ConfigMap> informer;

  TrustedCallers(KubernetesClient client, String namespace, String name) {
    this.client = client;
    this.namespace = namespace;
    this.name = name;
  }

  /**
   * Begins to follow the ConfigMap, without waiting for it.
   *
   * @param onChange called after each change of {@link #authorities()}
   */
  void follow(Runnable onChange) {
    informer =
        client
            .configMaps()
            .inNamespace(namespace)
            .withName(name)
            .runnableInformer(0)
            .exceptionHandler((started, failure) -> {
              log.warn("ConfigMap {}/{} cannot be read: {}", namespace, name, failure.getMessage());
              return !closed;
            })
            .addEventHandler(
                new ResourceEventHandler<>() {
                  @Override
                  public void onNothing() {
                    log.warn(
                        "ConfigMap {}/{} does not exist; no caller is accepted until it holds {}",
                        namespace,
                        name,
                        ENTRY);
                  }

                  @Override
                  public void onAdd(ConfigMap added) {
                    take(added, onChange);
                  }

                  @Override
                  public void onUpdate(ConfigMap before, ConfigMap after) {
                    take(after, onChange);
                  }

                  @Override
                  public void onDelete(ConfigMap deleted, boolean finalStateUnknown) {
                    log.warn("ConfigMap {}/{} was deleted; what it held holds on", namespace, name);
                  }
                });
    var _ = informer.start();
  }

  private void take(ConfigMap map, Runnable onChange) {
    String pem = map.getData() == null ? "" : map.getData().getOrDefault(ENTRY, "");
    List<X509Certificate> read;
    try {
      read = PemContent.of(pem).getCertificates();
    } catch (RuntimeException e) {
      log.warn(
          "ConfigMap {}/{}: {} holds no certificate; {}",
          namespace,
          name,
          ENTRY,
          authorities.isEmpty() ? "no caller is accepted" : "what it held before holds on");
      return;
    }
    if (!read.equals(authorities)) {
      authorities = read;
      log.info(
          "ConfigMap {}/{}: callers need a certificate of {}",
          namespace,
          name,
          read.stream().map(X509Certificate::getSubjectX500Principal).toList());
      onChange.run();
    }
  }

  /** Empty as long as none is known. */
  List<X509Certificate> authorities() {
    return authorities;
  }

  @Override
  public void close() {
    closed = true;
    if (informer != null) {
      informer.close();
    }
  }
}
