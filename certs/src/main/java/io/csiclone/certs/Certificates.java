package io.csiclone.certs;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Keeps a webhook in possession of a serving certificate, and hands over each new one while it
 * runs.
 */
public interface Certificates extends AutoCloseable {

  /**
   * Starts keeping certificates with nobody else's help: makes a CA and a certificate, shares them
   * with the other replicas through a Secret, writes the CA into the {@code caBundle} of the
   * webhook configurations and renews in time. The first certificate has been handed to {@code
   * onCertificate} when this returns.
   *
   * <p>Later ones are handed over whenever the Secret's content changes: renewed by the replica
   * that leads, rotated on demand by the annotation {@code csi-clone.io/rotate} of the Secret
   * ({@code serving} or {@code ca}), replaced by hand, deleted. A new CA is trusted for a while
   * before a certificate of it is served, and the one before it for a while afterwards. Webhook
   * configurations that do not exist yet are filled when they appear. What the Secret holds is used
   * if it is whole, in its time and names all of {@link CertificateOptions#dnsNames()}; otherwise
   * it is put right, and a log line says why.
   *
   * @param client used until {@link #close()}, never closed here; may get, create, update, list and
   *     watch the Secret, get, create and patch the Lease of the same name, and get, patch, list
   *     and watch the two configurations
   * @param clock decides what is expired or due for renewal
   * @param onCertificate called on one background thread, one call at a time; if it throws, the
   *     same certificate is offered again
   * @throws CertificatesException if no certificate could be handed over within 30 seconds; nothing
   *     is left running then
   */
  static Certificates selfManaged(
      KubernetesClient client,
      CertificateOptions options,
      Clock clock,
      Consumer<ServingCertificate> onCertificate) {
    return CertificateKeeper.selfManaged(client, options, clock, onCertificate, Timing.DEFAULT);
  }

  /**
   * Starts following a Secret that somebody else keeps, cert-manager for instance. If it is not
   * there yet, or not fit to be served, a stopgap is handed over: a certificate of nobody's,
   * expired long ago, so that the server can start; {@link #complaint()} says what is missing, and
   * the first that is fit replaces it. Afterwards what is served stays until something fit takes
   * its place.
   *
   * @param client used until {@link #close()}, never closed here; may get, list and watch the
   *     Secret, and get, patch, list and watch the two configurations if they are to be filled
   * @param clock decides what is expired
   * @param onCertificate as for {@link #selfManaged}
   * @throws CertificatesException if the Secret could not be looked for within 30 seconds; nothing
   *     is left running then
   */
  static Certificates supplied(
      KubernetesClient client,
      SuppliedOptions options,
      Clock clock,
      Consumer<ServingCertificate> onCertificate) {
    return CertificateKeeper.supplied(client, options, clock, onCertificate, Timing.DEFAULT);
  }

  /** What is not in order at the moment, naming the object; empty if nothing is. */
  Optional<String> complaint();

  /** Stops watching and renewing. The Secret and the configurations stay as they are. */
  @Override
  void close();
}
