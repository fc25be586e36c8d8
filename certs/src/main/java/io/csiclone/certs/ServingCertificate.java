package io.csiclone.certs;

import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Instant;

/**
 * What a TLS server needs, as PEM text.
 *
 * @param certificateChainPem the server's certificate, then any intermediate ones
 * @param privateKeyPem the key of the first certificate, PKCS#8 and not encrypted
 * @param caPem the certificates that clients are told to trust; empty if not known here
 * @param notAfter the last moment at which the server's certificate is valid
 */
public record ServingCertificate(
    String certificateChainPem, String privateKeyPem, String caPem, Instant notAfter) {

  /** Of material whose certificate and key have been found to be a pair. */
  static ServingCertificate of(KeyMaterial material) {
    try {
      X509Certificate certificate = Pem.certificates(material.certificatePem()).getFirst();
      return new ServingCertificate(
          material.certificatePem(),
          Pem.of(
              Pem.privateKey(material.privateKeyPem(), certificate.getPublicKey().getAlgorithm())),
          material.trustedPem(),
          CertificateChecks.end(certificate));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("tls.crt and tls.key cannot be read", e);
    }
  }

  /** Leaves the private key out, so that it cannot reach a log. */
  @Override
  public String toString() {
    return "ServingCertificate[notAfter=" + notAfter + "]";
  }
}
