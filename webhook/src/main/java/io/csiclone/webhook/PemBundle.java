package io.csiclone.webhook;

import io.csiclone.certs.ServingCertificate;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundleKey;
import org.springframework.boot.ssl.SslOptions;
import org.springframework.boot.ssl.SslStoreBundle;
import org.springframework.boot.ssl.pem.PemContent;

/** Turns PEM text into what the server takes, without a file. */
final class PemBundle {

  private static final String ALIAS = "webhook";
  private static final SslOptions OPTIONS = SslOptions.of(null, Set.of("TLSv1.2", "TLSv1.3"));

  private PemBundle() {}

  /**
   * The bundle of that certificate and key.
   *
   * @throws IllegalArgumentException when they are unreadable or do not belong together; a server
   *     given such a pair would fail every handshake
   */
  static SslBundle of(ServingCertificate certificate) {
    return of(certificate, null);
  }

  /**
   * As {@link #of(ServingCertificate)}, for a server that asks its callers for a certificate.
   *
   * @param callers the CAs of callers; with none nobody is accepted
   */
  static SslBundle of(ServingCertificate certificate, @Nullable List<X509Certificate> callers) {
    try {
      var chain =
          PemContent.of(certificate.certificateChainPem())
              .getCertificates()
              .toArray(new X509Certificate[0]);
      var key = PemContent.of(certificate.privateKeyPem()).getPrivateKey();
      if (chain.length == 0 || key == null || !belongTogether(chain[0], key)) {
        throw new IllegalArgumentException("the certificate and the private key are no pair");
      }
      // Never leaves memory, so its password protects nothing; some key managers want one.
      var password = "";
      var store = emptyStore();
      store.setKeyEntry(ALIAS, key, password.toCharArray(), chain);
      return SslBundle.of(
          SslStoreBundle.of(store, password, trusting(callers, chain[0])),
          SslBundleKey.of(password, ALIAS),
          OPTIONS);
    } catch (GeneralSecurityException | IOException | IllegalStateException e) {
      throw new IllegalArgumentException("the certificate or the private key is unreadable", e);
    }
  }

  private static @Nullable KeyStore trusting(
      @Nullable List<X509Certificate> callers, X509Certificate own)
      throws GeneralSecurityException, IOException {
    if (callers == null) {
      return null;
    }
    var store = emptyStore();
    // An empty store fails every server. With only the own certificate in it, a caller would need
    // the own key.
    for (var trusted : callers.isEmpty() ? List.of(own) : callers) {
      store.setCertificateEntry("caller-" + store.size(), trusted);
    }
    return store;
  }

  /** Not PKCS12, which derives a key by 10,000 rounds whenever one is put in or taken out. */
  private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    var store = KeyStore.getInstance("JKS");
    store.load(null, null);
    return store;
  }

  private static boolean belongTogether(X509Certificate certificate, PrivateKey key)
      throws GeneralSecurityException {
    var algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> key.getAlgorithm();
        };
    if (!key.getAlgorithm().equals(certificate.getPublicKey().getAlgorithm())) {
      return false;
    }
    var sample = new byte[32];
    new SecureRandom().nextBytes(sample);
    var signature = Signature.getInstance(algorithm);
    signature.initSign(key);
    signature.update(sample);
    var signed = signature.sign();
    signature.initVerify(certificate);
    signature.update(sample);
    return signature.verify(signed);
  }
}
