package io.csiclone.certs;

import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides what is to be done about stored certificates. Reads no clock and changes nothing.
 *
 * @param names every name that the serving certificate has to carry
 * @param authorityValidity how long a new CA is valid
 * @param certificateValidity how long a new serving certificate is valid
 * @param overlap how long two CAs are trusted before the one takes over, and again after it
 * @param propagation the same, when what is served is of no use any more
 */
record CertificatePolicy(
    Set<ServerName> names,
    Duration authorityValidity,
    Duration certificateValidity,
    Duration overlap,
    Duration propagation) {

  static CertificatePolicy forNames(List<String> names, Duration overlap, Duration propagation) {
    return new CertificatePolicy(
        ServerName.parseAll(names),
        Duration.ofDays(3650),
        Duration.ofDays(365),
        overlap,
        propagation.compareTo(overlap) < 0 ? propagation : overlap);
  }

  Assessment assess(Situation situation, Instant now) {
    KeyMaterial stored = situation.stored();
    String untrusted = stored == null ? "there is none" : CertificateChecks.damageOfTrust(stored);
    if (stored == null || untrusted != null) {
      return anew(String.valueOf(untrusted), situation.served());
    }
    Fault certificate = faultOfCertificate(stored, now);
    String authority = faultOfAuthority(stored, now);
    if (certificate != null && authority == null) {
      return new Assessment(CertificateDecision.RENEW_CERTIFICATE, certificate.reason(), stored);
    }
    boolean serves = certificate == null || certificate.stillServes();
    if (stored.hasNextAuthority()) {
      String next = CertificateChecks.damageOfNextAuthority(stored);
      if (next != null) {
        return new Assessment(CertificateDecision.ANNOUNCE_AUTHORITY, next, stored);
      }
      return step(
          CertificateDecision.ADOPT_AUTHORITY,
          "the next CA is announced",
          situation,
          serves ? overlap : propagation);
    }
    if (authority != null) {
      return serves || situation.served() != null
          ? new Assessment(CertificateDecision.ANNOUNCE_AUTHORITY, authority, stored)
          : anew(authority, null);
    }
    Rotation requested = situation.requested();
    if (requested != null) {
      return new Assessment(
          switch (requested) {
            case CA -> CertificateDecision.ANNOUNCE_AUTHORITY;
            case SERVING -> CertificateDecision.RENEW_CERTIFICATE;
          },
          "its annotation %s asks for it".formatted(Rotation.ANNOTATION),
          stored);
    }
    if (certificates(stored.caPem()).size() > 1) {
      return step(
          CertificateDecision.RETIRE_AUTHORITY,
          "the CA before is still trusted",
          situation,
          overlap);
    }
    return new Assessment(CertificateDecision.KEEP, "it is whole and in its time", stored);
  }

  /**
   * What is served from memory goes on being served, and trusted, until another CA has taken over.
   */
  private static Assessment anew(String reason, @Nullable KeyMaterial served) {
    return served == null
        ? new Assessment(CertificateDecision.CREATE, reason, null)
        : new Assessment(CertificateDecision.ANNOUNCE_AUTHORITY, reason, served);
  }

  private static Assessment step(
      CertificateDecision decision, String reason, Situation situation, Duration period) {
    Duration left = period.minus(situation.trustedFor());
    return left.isPositive()
        ? new Assessment(CertificateDecision.AWAIT, reason, situation.stored(), left)
        : new Assessment(decision, reason, situation.stored());
  }

  private @Nullable Fault faultOfCertificate(KeyMaterial material, Instant now) {
    Fault fault = CertificateChecks.faultOfPair(material, names, now);
    if (fault != null) {
      return fault;
    }
    String distrust = CertificateChecks.distrust(material);
    if (distrust != null) {
      return new Fault("ca.crt does not vouch for tls.crt (" + distrust + ")", false);
    }
    X509Certificate certificate = certificates(material.certificatePem()).getFirst();
    if (!now.isBefore(renewalOf(certificate))) {
      return new Fault(
          "tls.crt is due for renewal, it ends at " + CertificateChecks.end(certificate), true);
    }
    return null;
  }

  private @Nullable String faultOfAuthority(KeyMaterial material, Instant now) {
    String damage = CertificateChecks.damageOfKey(material);
    if (damage != null) {
      return damage;
    }
    X509Certificate certificate = certificates(material.caPem()).getFirst();
    Instant end = CertificateChecks.end(certificate);
    if (now.isBefore(CertificateChecks.start(certificate))) {
      return "ca.crt is not valid before " + CertificateChecks.start(certificate);
    }
    // A CA is replaced while it can still outlive a certificate that it signs.
    if (now.plus(certificateValidity).isAfter(end)) {
      return (now.isAfter(end) ? "ca.crt expired at " : "ca.crt ends too soon, at ") + end;
    }
    return null;
  }

  /**
   * When a third of its time is left; a certificate that covers more time than one of ours, as
   * those made after a jump of the clock do, has ours left.
   */
  private Instant renewalOf(X509Certificate certificate) {
    Instant end = CertificateChecks.end(certificate);
    Duration lifetime = Duration.between(CertificateChecks.start(certificate), end);
    Duration usual = lifetime.compareTo(certificateValidity) < 0 ? lifetime : certificateValidity;
    return end.minus(usual.dividedBy(3));
  }

  /** Of PEM text that has been read once already. */
  private static List<X509Certificate> certificates(String pem) {
    try {
      return Pem.certificates(pem);
    } catch (CertificateException e) {
      throw new IllegalStateException(e);
    }
  }
}
