package io.csiclone.webhook;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Where the serving certificate comes from.
 *
 * @param mode who makes and renews it
 * @param overlap self-managed: how long a new CA is trusted before it takes over, and how long the
 *     one before it is trusted afterwards
 * @param publishCa supplied: whether the Secret's {@code ca.crt} is written into the webhook
 *     configurations
 */
@ConfigurationProperties("csi-clone.webhook.certificate")
record CertificateProperties(Mode mode, Duration overlap, boolean publishCa) {

  enum Mode {
    /** This webhook does, and tells the API server whom to trust. */
    SELF_MANAGED,
    /** cert-manager does, and its injector tells the API server. */
    CERT_MANAGER,
    /** Whoever writes the Secret. */
    SUPPLIED
  }

  CertificateProperties {
    if (overlap.isNegative()) {
      throw new IllegalArgumentException(
          "csi-clone.webhook.certificate.overlap must not be negative");
    }
  }
}
