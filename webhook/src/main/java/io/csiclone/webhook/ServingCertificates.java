package io.csiclone.webhook;

import io.csiclone.certs.CertificateOptions;
import io.csiclone.certs.SelfManagedCertificates;
import io.csiclone.certs.ServingCertificate;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.autoconfigure.ssl.SslBundleRegistrar;
import org.springframework.boot.ssl.SslBundleRegistry;

/**
 * Hands the self-managed certificates to the server: the first before it starts, later ones while
 * it runs. A connection that is open keeps the certificate it began with.
 */
final class ServingCertificates implements SslBundleRegistrar, DisposableBean {

  private static final String BUNDLE = "webhook";

  private final KubernetesClient client;
  private final CertificateOptions options;
  private final Clock clock;
  private final AtomicLong rotations = new AtomicLong();
  private volatile Instant servedUntil = Instant.MIN;
  private @Nullable SelfManagedCertificates certificates;

  ServingCertificates(KubernetesClient client, WebhookProperties properties, Clock clock) {
    this.client = client;
    this.options =
        new CertificateOptions(
            properties.namespace(),
            properties.secretName(),
            properties.configurationName(),
            properties.dnsNames());
    this.clock = clock;
  }

  @Override
  public void registerBundles(SslBundleRegistry registry) {
    certificates =
        SelfManagedCertificates.start(
            client, options, clock, certificate -> serve(registry, certificate));
  }

  private void serve(SslBundleRegistry registry, ServingCertificate certificate) {
    var bundle = PemBundle.of(certificate);
    if (servedUntil.equals(Instant.MIN)) {
      registry.registerBundle(BUNDLE, bundle);
    } else {
      registry.updateBundle(BUNDLE, bundle);
      rotations.incrementAndGet();
    }
    servedUntil = certificate.notAfter();
  }

  /** The last moment at which the certificate that is served is valid. */
  Instant servedUntil() {
    return servedUntil;
  }

  /** How often a certificate has taken the place of another since the start. */
  long rotations() {
    return rotations.get();
  }

  @Override
  public void destroy() {
    if (certificates != null) {
      certificates.close();
    }
  }
}
