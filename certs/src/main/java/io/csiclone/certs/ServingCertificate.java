package io.csiclone.certs;

import java.time.Instant;

/**
 * What a TLS server needs, as PEM text.
 *
 * @param certificateChainPem the server's certificate, then any intermediate ones
 * @param privateKeyPem the key of the first certificate, PKCS#8 and not encrypted
 * @param caPem the certificates that clients are told to trust
 * @param notAfter the last moment at which the server's certificate is valid
 */
public record ServingCertificate(
    String certificateChainPem, String privateKeyPem, String caPem, Instant notAfter) {

  /** Leaves the private key out, so that it cannot reach a log. */
  @Override
  public String toString() {
    return "ServingCertificate[notAfter=" + notAfter + "]";
  }
}
