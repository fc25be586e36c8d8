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
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether stored certificates may be served, and for how long they last.
 *
 * @param names every name that the serving certificate has to carry
 * @param authorityValidity how long a new CA is valid
 * @param certificateValidity how long a new serving certificate is valid
 */
record CertificatePolicy(
    Set<ServerName> names, Duration authorityValidity, Duration certificateValidity) {

  static CertificatePolicy forNames(List<String> names) {
    return new CertificatePolicy(
        names.stream().map(ServerName::parse).collect(Collectors.toUnmodifiableSet()),
        Duration.ofDays(3650),
        Duration.ofDays(365));
  }

  Assessment assess(@Nullable KeyMaterial material, Instant now) {
    if (material == null) {
      return new Assessment(CertificateDecision.CREATE, "there is none yet");
    }
    String missing = material.missingEntry();
    if (missing != null && !missing.startsWith("tls.")) {
      return new Assessment(CertificateDecision.REPLACE_AUTHORITY, missing + " is missing");
    }
    String authorityFault = faultOfAuthority(material, now);
    if (authorityFault != null) {
      return new Assessment(CertificateDecision.REPLACE_AUTHORITY, authorityFault);
    }
    if (missing != null) {
      return new Assessment(CertificateDecision.RENEW_CERTIFICATE, missing + " is missing");
    }
    String certificateFault = faultOfCertificate(material, now);
    if (certificateFault != null) {
      return new Assessment(CertificateDecision.RENEW_CERTIFICATE, certificateFault);
    }
    return new Assessment(CertificateDecision.KEEP, "it is whole and in its time");
  }

  private @Nullable String faultOfAuthority(KeyMaterial material, Instant now) {
    Authority authority;
    try {
      authority = Authority.read(material);
    } catch (GeneralSecurityException e) {
      return "ca.crt and ca.key cannot be read (" + e.getMessage() + ")";
    }
    X509Certificate certificate = authority.certificate();
    if (certificate.getBasicConstraints() < 0) {
      return "ca.crt is not the certificate of a CA";
    }
    if (!belongTogether(authority.key(), certificate.getPublicKey())) {
      return "ca.key is not the key of ca.crt";
    }
    if (now.isBefore(start(certificate))) {
      return "ca.crt is not valid before " + start(certificate);
    }
    // A CA is replaced while it can still outlive a certificate that it signs.
    if (now.plus(certificateValidity).isAfter(end(certificate))) {
      return (now.isAfter(end(certificate)) ? "ca.crt expired at " : "ca.crt ends too soon, at ")
          + end(certificate);
    }
    return null;
  }

  private @Nullable String faultOfCertificate(KeyMaterial material, Instant now) {
    List<X509Certificate> chain;
    PrivateKey key;
    Set<ServerName> present;
    try {
      chain = Pem.certificates(material.certificatePem());
      key =
          Pem.privateKey(material.privateKeyPem(), chain.getFirst().getPublicKey().getAlgorithm());
      present = ServerName.of(chain.getFirst());
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      return "tls.crt and tls.key cannot be read (" + e.getMessage() + ")";
    }
    X509Certificate certificate = chain.getFirst();
    if (!belongTogether(key, certificate.getPublicKey())) {
      return "tls.key is not the key of tls.crt";
    }
    if (now.isAfter(end(certificate))) {
      return "tls.crt expired at " + end(certificate);
    }
    if (!present.containsAll(names)) {
      Set<String> absent =
          names.stream()
              .filter(name -> !present.contains(name))
              .map(ServerName::toString)
              .collect(Collectors.toCollection(TreeSet::new));
      return "tls.crt does not name " + String.join(", ", absent);
    }
    String distrust = distrust(chain, material, now);
    if (distrust != null) {
      return "ca.crt does not vouch for tls.crt (" + distrust + ")";
    }
    if (!now.isBefore(renewalOf(certificate))) {
      return "tls.crt ends at " + end(certificate) + " and two thirds of its time are over";
    }
    return null;
  }

  private static @Nullable String distrust(
      List<X509Certificate> chain, KeyMaterial material, Instant now) {
    try {
      X509Certificate anchor = Pem.certificates(material.caPem()).getFirst();
      // A CA that also closes the chain is no link of it.
      List<X509Certificate> links = chain.stream().filter(c -> !c.equals(anchor)).toList();
      PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(anchor, null)));
      parameters.setRevocationEnabled(false);
      parameters.setDate(Date.from(now));
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

  private static Instant renewalOf(X509Certificate certificate) {
    Duration lifetime = Duration.between(start(certificate), end(certificate));
    return start(certificate).plus(lifetime.multipliedBy(2).dividedBy(3));
  }

  private static Instant start(X509Certificate certificate) {
    return certificate.getNotBefore().toInstant();
  }

  private static Instant end(X509Certificate certificate) {
    return certificate.getNotAfter().toInstant();
  }
}
