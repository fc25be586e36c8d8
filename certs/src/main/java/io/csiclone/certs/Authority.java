package io.csiclone.certs;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;

/** A CA that can sign: its certificate and the key of it. */
record Authority(X509Certificate certificate, PrivateKey key) {

  /** The CA of the first certificate in that text. */
  static Authority read(String certificatePem, String keyPem) throws GeneralSecurityException {
    X509Certificate certificate = Pem.certificates(certificatePem).getFirst();
    return new Authority(
        certificate, Pem.privateKey(keyPem, certificate.getPublicKey().getAlgorithm()));
  }

  @Override
  public String toString() {
    return "Authority[" + certificate.getSubjectX500Principal() + "]";
  }
}
