package io.csiclone.webhook;

import io.csiclone.certs.CertificateOptions;
import io.csiclone.certs.Certificates;
import io.csiclone.certs.ServingCertificate;
import io.csiclone.certs.SuppliedOptions;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.autoconfigure.ssl.SslBundleRegistrar;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundleRegistry;

/**
 * Hands the certificates to the server: the first before it starts, later ones while it runs, and
 * with them the CAs of callers, where those have to show a certificate. A connection that is open
 * keeps what it began with.
 */
final class ServingCertificates implements SslBundleRegistrar, DisposableBean {

  /** As what the server knows them. */
  static final String BUNDLE = "webhook";

  private final KubernetesClient client;
  private final WebhookProperties webhook;
  private final CertificateProperties source;
  private final @Nullable TrustedCallers callers;
  private final Clock clock;
  private final AtomicLong rotations = new AtomicLong();
  private volatile @Nullable ServingCertificate served;
  private volatile boolean callersKnown;
  private @Nullable Certificates certificates;

  // Guarded by this.
  private @Nullable SslBundleRegistry registry;
  private @Nullable SslBundle bundle;
  private boolean offered;

  ServingCertificates(
      KubernetesClient client,
      WebhookProperties webhook,
      CertificateProperties source,
      ClientCertificateProperties clients,
      Clock clock) {
    this.client = client;
    this.webhook = webhook;
    this.source = source;
    this.callers =
        clients.required()
            ? new TrustedCallers(client, webhook.namespace(), clients.caConfigMap())
            : null;
    this.clock = clock;
  }

  /**
   * Asks for certificates and for the CAs of callers; returns when there is a first certificate. To
   * be called once, before there is a server or when there is one.
   */
  void begin() {
    certificates = start();
    if (callers != null) {
      callers.follow(() -> serve(null));
    }
  }

  @Override
  public void registerBundles(SslBundleRegistry bundles) {
    if (certificates == null) {
      begin();
    }
    synchronized (this) {
      registry = bundles;
      offer();
    }
  }

  private Certificates start() {
    return switch (source.mode()) {
      case SELF_MANAGED ->
          Certificates.selfManaged(
              client,
              new CertificateOptions(
                  webhook.namespace(),
                  webhook.secretName(),
                  webhook.configurationName(),
                  webhook.dnsNames(),
                  source.overlap()),
              clock,
              this::serve);
      case CERT_MANAGER -> supplied(null);
      case SUPPLIED -> supplied(source.publishCa() ? webhook.configurationName() : null);
    };
  }

  private Certificates supplied(@Nullable String publishTo) {
    return Certificates.supplied(
        client,
        new SuppliedOptions(
            webhook.namespace(), webhook.secretName(), webhook.dnsNames(), publishTo),
        clock,
        this::serve);
  }

  /** Certificates and the CAs of callers come on different threads. */
  private synchronized void serve(@Nullable ServingCertificate certificate) {
    ServingCertificate before = served;
    ServingCertificate now = certificate == null ? before : certificate;
    if (now == null) {
      return;
    }
    var authorities = callers == null ? null : callers.authorities();
    bundle = PemBundle.of(now, authorities);
    offer();
    if (before != null && certificate != null) {
      rotations.incrementAndGet();
    }
    served = now;
    callersKnown = authorities == null || !authorities.isEmpty();
  }

  /** To the server, if it has said where its bundles go. */
  private void offer() {
    if (registry == null || bundle == null) {
      return;
    }
    if (offered) {
      registry.updateBundle(BUNDLE, bundle);
    } else {
      registry.registerBundle(BUNDLE, bundle);
      offered = true;
    }
  }

  /**
   * The last moment at which the certificate that is served is valid; long ago if there is none
   * that is fit.
   */
  Instant servedUntil() {
    ServingCertificate now = served;
    return now == null ? Instant.EPOCH : now.notAfter();
  }

  /** Whether a caller with the right certificate can be served at that time. */
  boolean inOrder(Instant now) {
    return servedUntil().isAfter(now) && callersKnown;
  }

  /** How often a certificate has taken the place of another since the start. */
  long rotations() {
    return rotations.get();
  }

  @Override
  public void destroy() {
    if (callers != null) {
      callers.close();
    }
    if (certificates != null) {
      certificates.close();
    }
  }
}
