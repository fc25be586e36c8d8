package io.csiclone.certs;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Finds what is wrong with certificates and keys. Each check answers null when nothing is. */
final class CertificateChecks {
  private CertificateChecks() {}

  /** Why nobody can be told to trust what is in {@code ca.crt}. */
  static @Nullable String damageOfTrust(KeyMaterial material) {
    return damageOfTrust(material.caPem(), KeyMaterial.CA_CERTIFICATE);
  }

  private static @Nullable String damageOfTrust(String pem, String entry) {
    if (pem.isBlank()) {
      return entry + " is missing";
    }
    try {
      return Pem.certificates(pem).getFirst().getBasicConstraints() < 0
          ? entry + " is not the certificate of a CA"
          : null;
    } catch (GeneralSecurityException e) {
      return "%s cannot be read (%s)".formatted(entry, e.getMessage());
    }
  }

  /** Why the CA in {@code ca.crt}, which is whole, cannot sign. */
  static @Nullable String damageOfKey(KeyMaterial material) {
    return damageOfKey(
        material.caPem(), material.caKeyPem(), KeyMaterial.CA_CERTIFICATE, KeyMaterial.CA_KEY);
  }

  static @Nullable String damageOfNextAuthority(KeyMaterial material) {
    String damage = damageOfTrust(material.nextCaPem(), KeyMaterial.NEXT_CA_CERTIFICATE);
    return damage != null
        ? damage
        : damageOfKey(
            material.nextCaPem(),
            material.nextCaKeyPem(),
            KeyMaterial.NEXT_CA_CERTIFICATE,
            KeyMaterial.NEXT_CA_KEY);
  }

  private static @Nullable String damageOfKey(
      String certificatePem, String keyPem, String certificateEntry, String keyEntry) {
    if (keyPem.isBlank()) {
      return keyEntry + " is missing";
    }
    try {
      Authority authority = Authority.read(certificatePem, keyPem);
      return belongTogether(authority.key(), authority.certificate().getPublicKey())
          ? null
          : "%s is not the key of %s".formatted(keyEntry, certificateEntry);
    } catch (GeneralSecurityException e) {
      return "%s cannot be read (%s)".formatted(keyEntry, e.getMessage());
    }
  }

  /** Why a server with this certificate and key would fail every handshake. */
  static @Nullable String damageOfPair(KeyMaterial material) {
    for (String entry : List.of(KeyMaterial.CERTIFICATE, KeyMaterial.PRIVATE_KEY)) {
      if (!material.toEntries().containsKey(entry)) {
        return entry + " is missing";
      }
    }
    try {
      X509Certificate certificate = Pem.certificates(material.certificatePem()).getFirst();
      PrivateKey key =
          Pem.privateKey(material.privateKeyPem(), certificate.getPublicKey().getAlgorithm());
      return belongTogether(key, certificate.getPublicKey())
          ? null
          : "tls.key is not the key of tls.crt";
    } catch (GeneralSecurityException e) {
      return "tls.crt and tls.key cannot be read (" + e.getMessage() + ")";
    }
  }

  /** Why a caller would not accept this pair for these names at that time. */
  static @Nullable Fault faultOfPair(KeyMaterial material, Set<ServerName> names, Instant now) {
    String damage = damageOfPair(material);
    if (damage != null) {
      return new Fault(damage, false);
    }
    X509Certificate certificate;
    Set<ServerName> present;
    try {
      certificate = Pem.certificates(material.certificatePem()).getFirst();
      present = ServerName.of(certificate);
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      return new Fault("tls.crt cannot be read (" + e.getMessage() + ")", false);
    }
    if (now.isAfter(end(certificate))) {
      return new Fault("tls.crt expired at " + end(certificate), false);
    }
    if (now.isBefore(start(certificate))) {
      // As likely the clock here is behind.
      return new Fault("tls.crt is not valid before " + start(certificate), true);
    }
    Set<String> absent =
        names.stream()
            .filter(name -> present.stream().noneMatch(each -> each.covers(name)))
            .map(ServerName::toString)
            .collect(Collectors.toCollection(TreeSet::new));
    if (!absent.isEmpty()) {
      return new Fault("tls.crt does not name " + String.join(", ", absent), true);
    }
    return null;
  }

  /** Why a caller that trusts {@code ca.crt} would not believe {@code tls.crt}. */
  static @Nullable String distrust(KeyMaterial material) {
    try {
      List<X509Certificate> chain = Pem.certificates(material.certificatePem());
      List<X509Certificate> anchors = Pem.certificates(material.caPem());
      // A CA that also closes the chain is no link of it.
      List<X509Certificate> links = chain.stream().filter(link -> !anchors.contains(link)).toList();
      if (links.isEmpty()) {
        // Trusted by itself.
        return null;
      }
      PKIXParameters parameters =
          new PKIXParameters(
              anchors.stream()
                  .map(anchor -> new TrustAnchor(anchor, null))
                  .collect(Collectors.toUnmodifiableSet()));
      parameters.setRevocationEnabled(false);
      // Who signed is asked here, and not when.
      parameters.setDate(Date.from(middle(chain.getFirst())));
      CertPathValidator.getInstance("PKIX")
          .validate(CertificateFactory.getInstance("X.509").generateCertPath(links), parameters);
      return null;
    } catch (GeneralSecurityException e) {
      return e.getMessage();
    }
  }

  private static boolean belongTogether(PrivateKey privateKey, PublicKey publicKey) {
    byte[] challenge = new byte[32];
    new SecureRandom().nextBytes(challenge);
    try {
      Signature signature =
          Signature.getInstance(
              "SHA256with" + (publicKey.getAlgorithm().equals("EC") ? "ECDSA" : "RSA"));
      signature.initSign(privateKey);
      signature.update(challenge);
      byte[] signed = signature.sign();
      signature.initVerify(publicKey);
      signature.update(challenge);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static Instant middle(X509Certificate certificate) {
    return Instant.ofEpochSecond(
        (start(certificate).getEpochSecond() + end(certificate).getEpochSecond()) / 2);
  }

  static Instant start(X509Certificate certificate) {
    return certificate.getNotBefore().toInstant();
  }

  static Instant end(X509Certificate certificate) {
    return certificate.getNotAfter().toInstant();
  }
}
