package io.csiclone.certs;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.util.function.Consumer;

/**
 * Keeps a webhook in possession of a serving certificate that the API server trusts, with nobody
 * else's help: makes a CA and a certificate, shares them with the other replicas through a Secret,
 * writes the CA into the {@code caBundle} of the webhook configurations and renews in time.
 */
public interface SelfManagedCertificates extends AutoCloseable {

  /**
   * Starts keeping certificates; the first one has been handed to {@code onCertificate} when this
   * returns.
   *
   * <p>Later ones are handed over whenever the Secret's content changes: renewed by this replica or
   * another, replaced by hand, deleted and made again. Webhook configurations that do not exist yet
   * are filled when they appear. What the Secret holds is used if it is whole, in its time and
   * names all of {@link CertificateOptions#dnsNames()}; otherwise it is replaced, and a log line
   * says why.
   *
   * @param client used until {@link #close()}, never closed here; may get, create, update, list and
   *     watch the Secret, and get, patch, list and watch the two configurations
   * @param clock decides what is expired or due for renewal
   * @param onCertificate called on one background thread, one call at a time; if it throws, the
   *     same certificate is offered again
   * @throws CertificatesException if no certificate could be handed over within 30 seconds; nothing
   *     is left running then
   */
  static SelfManagedCertificates start(
      KubernetesClient client,
      CertificateOptions options,
      Clock clock,
      Consumer<ServingCertificate> onCertificate) {
    return CertificateKeeper.start(client, options, clock, onCertificate, Timing.DEFAULT);
  }

  /** Stops watching and renewing. The Secret and the configurations stay as they are. */
  @Override
  void close();
}
