package io.csiclone.certs;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;

/** A CA that can sign: its certificate and the key of it. */
record Authority(X509Certificate certificate, PrivateKey key) {

  /** The CA of the first certificate in {@code ca.crt}. */
  static Authority read(KeyMaterial material) throws GeneralSecurityException {
    X509Certificate certificate = Pem.certificates(material.caPem()).getFirst();
    return new Authority(
        certificate,
        Pem.privateKey(material.caKeyPem(), certificate.getPublicKey().getAlgorithm()));
  }

  @Override
  public String toString() {
    return "Authority[" + certificate.getSubjectX500Principal() + "]";
  }
}
