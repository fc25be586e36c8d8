package io.csiclone.certs;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class CertificatePolicyTest {
  private static final Instant NOW = Instant.parse("2027-03-01T12:00:00Z");

  private final CertificatePolicy policy =
      CertificatePolicy.forNames(List.of("webhook.system.svc", "10.0.0.7"));
  private final KeyMaterial good = issue(policy, NOW);

  @Test
  void withoutASecretCertificatesAreCreated() {
    assertThat(policy.assess(null, NOW).decision()).isEqualTo(CertificateDecision.CREATE);
  }

  @Test
  void goodCertificatesAreKept() {
    assertThat(policy.assess(good, NOW).decision()).isEqualTo(CertificateDecision.KEEP);
  }

  @Test
  void aCertificateIsRenewedWhenTwoThirdsOfItsTimeAreOver() {
    assertThat(policy.assess(good, NOW.plus(Duration.ofDays(243))).decision())
        .isEqualTo(CertificateDecision.KEEP);
    assertThat(policy.assess(good, NOW.plus(Duration.ofDays(244))))
        .isEqualTo(
            new Assessment(
                CertificateDecision.RENEW_CERTIFICATE,
                "tls.crt ends at 2028-02-29T12:00:00Z and two thirds of its time are over"));
  }

  @Test
  void anExpiredCertificateIsRenewedUnderItsAuthority() {
    assertThat(policy.assess(good, NOW.plus(Duration.ofDays(366))))
        .isEqualTo(
            new Assessment(
                CertificateDecision.RENEW_CERTIFICATE, "tls.crt expired at 2028-02-29T12:00:00Z"));
  }

  @Test
  void anAuthorityIsReplacedBeforeItCouldEndBeforeACertificateOfIts() {
    assertThat(policy.assess(good, NOW.plus(Duration.ofDays(3650 - 364))))
        .isEqualTo(
            new Assessment(
                CertificateDecision.REPLACE_AUTHORITY,
                "ca.crt ends too soon, at 2037-02-26T12:00:00Z"));
    assertThat(policy.assess(good, NOW.plus(Duration.ofDays(4000))).reason())
        .isEqualTo("ca.crt expired at 2037-02-26T12:00:00Z");
  }

  @Test
  void certificatesOfTheFutureAreNotServed() {
    assertThat(policy.assess(good, NOW.minus(Duration.ofHours(1))))
        .isEqualTo(
            new Assessment(
                CertificateDecision.REPLACE_AUTHORITY,
                "ca.crt is not valid before 2027-03-01T11:55:00Z"));
  }

  @Test
  void aCertificateThatLacksANameIsRenewed() {
    CertificatePolicy more =
        CertificatePolicy.forNames(
            List.of("webhook.system.svc", "10.0.0.7", "webhook.system.svc.cluster.local", "::1"));

    assertThat(more.assess(good, NOW))
        .isEqualTo(
            new Assessment(
                CertificateDecision.RENEW_CERTIFICATE,
                "tls.crt does not name 0:0:0:0:0:0:0:1, webhook.system.svc.cluster.local"));
  }

  @Test
  void aCertificateWithMoreNamesThanWantedIsKept() {
    CertificatePolicy fewer = CertificatePolicy.forNames(List.of("WEBHOOK.system.svc"));

    assertThat(fewer.assess(good, NOW).decision()).isEqualTo(CertificateDecision.KEEP);
  }

  @Test
  void aMissingEntryIsNamed() {
    assertThat(policy.assess(new KeyMaterial("", "", "", ""), NOW))
        .isEqualTo(new Assessment(CertificateDecision.REPLACE_AUTHORITY, "ca.crt is missing"));
    assertThat(policy.assess(with(good.caPem(), "", good.certificatePem()), NOW).reason())
        .isEqualTo("ca.key is missing");
    assertThat(policy.assess(with(good.caPem(), good.caKeyPem(), " \n"), NOW))
        .isEqualTo(new Assessment(CertificateDecision.RENEW_CERTIFICATE, "tls.crt is missing"));
  }

  @Test
  void damagedPemIsReplaced() {
    String cut = good.caPem().substring(0, good.caPem().length() / 2);

    assertThat(policy.assess(with(cut, good.caKeyPem(), good.certificatePem()), NOW))
        .satisfies(assessment -> {
          assertThat(assessment.decision()).isEqualTo(CertificateDecision.REPLACE_AUTHORITY);
          assertThat(assessment.reason()).startsWith("ca.crt and ca.key cannot be read (");
        });
    for (String damaged :
        List.of(
            "nonsense",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "-----BEGIN PRIVATE KEY-----\n*&^%\n-----END PRIVATE KEY-----\n",
            good.privateKeyPem().substring(0, 60))) {
      assertThat(
              policy.assess(
                  new KeyMaterial(good.caPem(), good.caKeyPem(), good.certificatePem(), damaged),
                  NOW))
          .satisfies(assessment -> {
            assertThat(assessment.decision()).isEqualTo(CertificateDecision.RENEW_CERTIFICATE);
            assertThat(assessment.reason()).startsWith("tls.crt and tls.key cannot be read (");
          });
    }
  }

  @Test
  void keysThatBelongToOtherCertificatesAreReplaced() {
    KeyMaterial other = issue(policy, NOW);

    assertThat(policy.assess(with(good.caPem(), other.caKeyPem(), good.certificatePem()), NOW))
        .isEqualTo(
            new Assessment(
                CertificateDecision.REPLACE_AUTHORITY, "ca.key is not the key of ca.crt"));
    assertThat(
            policy.assess(
                new KeyMaterial(
                    good.caPem(), good.caKeyPem(), good.certificatePem(), other.privateKeyPem()),
                NOW))
        .isEqualTo(
            new Assessment(
                CertificateDecision.RENEW_CERTIFICATE, "tls.key is not the key of tls.crt"));
  }

  @Test
  void aCertificateOfAnotherAuthorityIsRenewed() {
    KeyMaterial other = issue(policy, NOW);

    assertThat(
            policy.assess(
                new KeyMaterial(
                    good.caPem(), good.caKeyPem(), other.certificatePem(), other.privateKeyPem()),
                NOW))
        .satisfies(assessment -> {
          assertThat(assessment.decision()).isEqualTo(CertificateDecision.RENEW_CERTIFICATE);
          assertThat(assessment.reason()).startsWith("ca.crt does not vouch for tls.crt (");
        });
  }

  @Test
  void aServerCertificateIsNoAuthority() {
    assertThat(
            policy.assess(
                new KeyMaterial(
                    good.certificatePem(),
                    good.privateKeyPem(),
                    good.certificatePem(),
                    good.privateKeyPem()),
                NOW))
        .isEqualTo(
            new Assessment(
                CertificateDecision.REPLACE_AUTHORITY, "ca.crt is not the certificate of a CA"));
  }

  @Test
  void aChainThatIncludesItsAuthorityIsKept() {
    assertThat(
            policy
                .assess(
                    with(good.caPem(), good.caKeyPem(), good.certificatePem() + good.caPem()), NOW)
                .decision())
        .isEqualTo(CertificateDecision.KEEP);
  }

  private KeyMaterial with(String caPem, String caKeyPem, String certificatePem) {
    return new KeyMaterial(caPem, caKeyPem, certificatePem, good.privateKeyPem());
  }

  private static KeyMaterial issue(CertificatePolicy policy, Instant now) {
    return new CertificateIssuer(policy, new SecureRandom()).createAll(now);
  }
}
