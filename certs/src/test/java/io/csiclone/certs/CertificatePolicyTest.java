package io.csiclone.certs;

import static io.csiclone.certs.CertificateDecision.ADOPT_AUTHORITY;
import static io.csiclone.certs.CertificateDecision.ANNOUNCE_AUTHORITY;
import static io.csiclone.certs.CertificateDecision.AWAIT;
import static io.csiclone.certs.CertificateDecision.CREATE;
import static io.csiclone.certs.CertificateDecision.KEEP;
import static io.csiclone.certs.CertificateDecision.RENEW_CERTIFICATE;
import static io.csiclone.certs.CertificateDecision.RETIRE_AUTHORITY;
import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CertificatePolicyTest {
  private static final Instant NOW = Instant.parse("2027-03-01T12:00:00Z");
  private static final Duration OVERLAP = Duration.ofMinutes(5);
  private static final Duration PROPAGATION = Duration.ofSeconds(5);

  private final CertificatePolicy policy = policy("webhook.system.svc", "10.0.0.7");
  private final CertificateIssuer issuer = new CertificateIssuer(policy, new SecureRandom());
  private final KeyMaterial good = issuer.createAll(NOW, "");

  @Test
  void withoutASecretCertificatesAreCreated() {
    assertThat(assess(null, NOW).decision()).isEqualTo(CREATE);
  }

  @Test
  void goodCertificatesAreKept() {
    assertThat(assess(good, NOW))
        .isEqualTo(new Assessment(KEEP, "it is whole and in its time", good));
  }

  @Test
  void aCertificateIsRenewedWhenAThirdOfItsTimeIsLeft() {
    assertThat(assess(good, NOW.plus(Duration.ofDays(243))).decision()).isEqualTo(KEEP);
    assertThat(assess(good, NOW.plus(Duration.ofDays(244))))
        .isEqualTo(
            new Assessment(
                RENEW_CERTIFICATE,
                "tls.crt is due for renewal, it ends at 2028-02-29T12:00:00Z",
                good));
  }

  @Test
  void anExpiredCertificateIsRenewedUnderItsAuthority() {
    assertThat(assess(good, NOW.plus(Duration.ofDays(366))))
        .isEqualTo(
            new Assessment(RENEW_CERTIFICATE, "tls.crt expired at 2028-02-29T12:00:00Z", good));
  }

  @Test
  void aNewAuthorityIsAnnouncedBeforeTheOldCouldEndBeforeACertificateOfIts() {
    assertThat(assess(renewedAt(3650 - 364), NOW.plus(Duration.ofDays(3650 - 364))))
        .satisfies(assessment -> {
          assertThat(assessment.decision()).isEqualTo(ANNOUNCE_AUTHORITY);
          assertThat(assessment.reason())
              .isEqualTo("ca.crt ends too soon, at 2037-02-26T12:00:00Z");
        });
  }

  @Test
  void whenEverythingHasExpiredAndNothingIsServedAllIsMadeAnew() {
    assertThat(assess(good, NOW.plus(Duration.ofDays(4000))))
        .isEqualTo(new Assessment(CREATE, "ca.crt expired at 2037-02-26T12:00:00Z", null));
  }

  @Test
  void certificatesOfTheFutureAreReplacedWithCareAsTheClockHereMayBeBehind() {
    assertThat(assess(good, NOW.minus(Duration.ofHours(1))))
        .isEqualTo(
            new Assessment(
                ANNOUNCE_AUTHORITY, "ca.crt is not valid before 2027-03-01T11:55:00Z", good));
  }

  @Test
  void aNextAuthorityIsAdoptedOnlyWhenItHasBeenTrustedForTheOverlap() {
    KeyMaterial announced = issuer.announceAuthority(good, NOW);

    assertThat(policy.assess(situation(announced, null, Duration.ofMinutes(4)), NOW))
        .isEqualTo(
            new Assessment(AWAIT, "the next CA is announced", announced, Duration.ofMinutes(1)));
    assertThat(policy.assess(situation(announced, null, OVERLAP), NOW).decision())
        .isEqualTo(ADOPT_AUTHORITY);
  }

  @Test
  void aNextAuthorityIsAdoptedSoonWhenWhatIsServedIsOfNoUse() {
    KeyMaterial expired =
        issuer.announceAuthority(good, NOW).serving("nonsense", good.privateKeyPem());
    KeyMaterial keyless =
        new KeyMaterial(
            expired.caPem(), "", expired.nextCaPem(), expired.nextCaKeyPem(), "nonsense", "");

    assertThat(policy.assess(situation(keyless, null, Duration.ofSeconds(4)), NOW).decision())
        .isEqualTo(AWAIT);
    assertThat(policy.assess(situation(keyless, null, PROPAGATION), NOW).decision())
        .isEqualTo(ADOPT_AUTHORITY);
  }

  @Test
  void theAuthorityBeforeIsTrustedForTheOverlapToo() {
    KeyMaterial adopted = issuer.adoptAuthority(issuer.announceAuthority(good, NOW), NOW);

    assertThat(policy.assess(situation(adopted, null, Duration.ofMinutes(4)), NOW).decision())
        .isEqualTo(AWAIT);
    assertThat(policy.assess(situation(adopted, null, OVERLAP), NOW).decision())
        .isEqualTo(RETIRE_AUTHORITY);
  }

  @Test
  void aReplacementTakesThreeStepsAndEveryoneWhoKnewTheStateBeforeTrustsTheNext() throws Exception {
    List<CertificateDecision> decisions = new ArrayList<>();
    KeyMaterial material = good;
    Rotation requested = Rotation.CA;
    for (int step = 0; step < 4; step++) {
      Assessment assessment = policy.assess(situation(material, requested, OVERLAP), NOW);
      decisions.add(assessment.decision());
      KeyMaterial before = material;
      material =
          switch (assessment.decision()) {
            case ANNOUNCE_AUTHORITY -> issuer.announceAuthority(material, NOW);
            case ADOPT_AUTHORITY -> issuer.adoptAuthority(material, NOW);
            case RETIRE_AUTHORITY -> issuer.retireAuthorities(material);
            default -> material;
          };
      requested = null;
      // A caller that is a step behind or ahead of the replica it calls.
      assertTrusted(before.trustedPem(), material);
      assertTrusted(material.trustedPem(), before);
    }

    assertThat(decisions)
        .containsExactly(ANNOUNCE_AUTHORITY, ADOPT_AUTHORITY, RETIRE_AUTHORITY, KEEP);
    assertThat(Pem.certificates(material.trustedPem()))
        .hasSize(1)
        .doesNotContainAnyElementsOf(Pem.certificates(good.trustedPem()));
  }

  @ParameterizedTest
  @EnumSource
  void aRotationThatIsAskedForIsBegun(Rotation rotation) {
    assertThat(policy.assess(situation(good, rotation, Duration.ZERO), NOW))
        .isEqualTo(
            new Assessment(
                rotation == Rotation.CA ? ANNOUNCE_AUTHORITY : RENEW_CERTIFICATE,
                "its annotation csi-clone.io/rotate asks for it",
                good));
    assertThat(Rotation.parse(rotation.text())).contains(rotation);
  }

  @Test
  void aRotationUnderWayIsFinishedBeforeAnotherIsBegun() {
    KeyMaterial announced = issuer.announceAuthority(good, NOW);

    assertThat(policy.assess(situation(announced, Rotation.CA, Duration.ZERO), NOW).decision())
        .isEqualTo(AWAIT);
  }

  @Test
  void aDeletedSecretIsRestoredFromMemoryWhileAnotherAuthorityIsPrepared() {
    assertThat(policy.assess(new Situation(null, good, null, Duration.ZERO), NOW))
        .isEqualTo(new Assessment(ANNOUNCE_AUTHORITY, "there is none", good));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n"})
  void anAuthorityThatNobodyCanTrustIsTakenFromMemoryOrMadeAnew(String damaged) {
    KeyMaterial stored =
        new KeyMaterial(damaged, good.caKeyPem(), good.certificatePem(), good.privateKeyPem());

    assertThat(policy.assess(new Situation(stored, good, null, Duration.ZERO), NOW))
        .satisfies(assessment -> {
          assertThat(assessment.decision()).isEqualTo(ANNOUNCE_AUTHORITY);
          assertThat(assessment.reason()).startsWith("ca.crt ");
          assertThat(assessment.basis()).isEqualTo(good);
        });
    assertThat(assess(stored, NOW).decision()).isEqualTo(CREATE);
  }

  @Test
  void anAuthorityThatLostItsKeyIsStillTrustedUntilAnotherHasTakenOver() {
    KeyMaterial other = issuer.createAll(NOW, "");
    for (String key : List.of("", "nonsense", other.caKeyPem())) {
      KeyMaterial stored =
          new KeyMaterial(good.caPem(), key, good.certificatePem(), good.privateKeyPem());
      assertThat(assess(stored, NOW))
          .satisfies(assessment -> {
            assertThat(assessment.decision()).isEqualTo(ANNOUNCE_AUTHORITY);
            assertThat(assessment.reason()).startsWith("ca.key ");
            assertThat(assessment.basis()).isEqualTo(stored);
          });
      KeyMaterial announced = issuer.announceAuthority(stored, NOW);
      assertThat(policy.assess(situation(announced, null, OVERLAP), NOW).decision())
          .isEqualTo(ADOPT_AUTHORITY);
    }
  }

  @Test
  void aNextAuthorityThatIsDamagedIsMadeAgain() {
    KeyMaterial announced = issuer.announceAuthority(good, NOW);

    assertThat(assess(good.withNextAuthority(announced.nextCaPem(), ""), NOW))
        .satisfies(assessment -> {
          assertThat(assessment.decision()).isEqualTo(ANNOUNCE_AUTHORITY);
          assertThat(assessment.reason()).isEqualTo("next-ca.key is missing");
        });
    assertThat(assess(good.withNextAuthority("half", announced.nextCaKeyPem()), NOW).reason())
        .startsWith("next-ca.crt cannot be read (");
  }

  @Test
  void aCertificateThatLacksANameIsRenewed() {
    CertificatePolicy more =
        policy("webhook.system.svc", "10.0.0.7", "webhook.system.svc.cluster.local", "::1");

    assertThat(more.assess(situation(good, null, Duration.ZERO), NOW))
        .isEqualTo(
            new Assessment(
                RENEW_CERTIFICATE,
                "tls.crt does not name 0:0:0:0:0:0:0:1, webhook.system.svc.cluster.local",
                good));
  }

  @Test
  void aCertificateWithMoreNamesThanWantedIsKept() {
    assertThat(
            policy("WEBHOOK.system.svc")
                .assess(situation(good, null, Duration.ZERO), NOW)
                .decision())
        .isEqualTo(KEEP);
  }

  @Test
  void aWildcardStandsForOneLabel() {
    KeyMaterial wild =
        new CertificateIssuer(policy("*.system.svc"), new SecureRandom()).createAll(NOW, "");

    assertThat(policy("webhook.system.svc").assess(situation(wild, null, OVERLAP), NOW).decision())
        .isEqualTo(KEEP);
    assertThat(policy("a.b.system.svc").assess(situation(wild, null, OVERLAP), NOW).reason())
        .isEqualTo("tls.crt does not name a.b.system.svc");
  }

  @Test
  void aMissingEntryIsNamed() {
    assertThat(assess(new KeyMaterial("", "", "", ""), NOW))
        .isEqualTo(new Assessment(CREATE, "ca.crt is missing", null));
    assertThat(assess(with(good.caPem(), "", good.certificatePem()), NOW).reason())
        .isEqualTo("ca.key is missing");
    assertThat(assess(with(good.caPem(), good.caKeyPem(), " \n"), NOW))
        .satisfies(assessment -> {
          assertThat(assessment.decision()).isEqualTo(RENEW_CERTIFICATE);
          assertThat(assessment.reason()).isEqualTo("tls.crt is missing");
        });
  }

  @Test
  void aDamagedPairIsIssuedAgain() {
    for (String damaged :
        List.of(
            "nonsense",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "-----BEGIN PRIVATE KEY-----\n*&^%\n-----END PRIVATE KEY-----\n",
            good.privateKeyPem().substring(0, 60))) {
      assertThat(assess(good.serving(good.certificatePem(), damaged), NOW))
          .satisfies(assessment -> {
            assertThat(assessment.decision()).isEqualTo(RENEW_CERTIFICATE);
            assertThat(assessment.reason()).startsWith("tls.crt and tls.key cannot be read (");
          });
    }
    KeyMaterial other = issuer.createAll(NOW, "");
    assertThat(assess(good.serving(good.certificatePem(), other.privateKeyPem()), NOW).reason())
        .isEqualTo("tls.key is not the key of tls.crt");
  }

  @Test
  void aCertificateOfAnotherAuthorityIsRenewed() {
    KeyMaterial other = issuer.createAll(NOW, "");

    assertThat(assess(good.serving(other.certificatePem(), other.privateKeyPem()), NOW))
        .satisfies(assessment -> {
          assertThat(assessment.decision()).isEqualTo(RENEW_CERTIFICATE);
          assertThat(assessment.reason()).startsWith("ca.crt does not vouch for tls.crt (");
        });
  }

  @Test
  void aServerCertificateIsNoAuthority() {
    assertThat(
            assess(
                new KeyMaterial(
                    good.certificatePem(),
                    good.privateKeyPem(),
                    good.certificatePem(),
                    good.privateKeyPem()),
                NOW))
        .isEqualTo(new Assessment(CREATE, "ca.crt is not the certificate of a CA", null));
  }

  @Test
  void aChainThatIncludesItsAuthorityIsKept() {
    assertThat(
            assess(with(good.caPem(), good.caKeyPem(), good.certificatePem() + good.caPem()), NOW)
                .decision())
        .isEqualTo(KEEP);
  }

  @ParameterizedTest
  @ValueSource(longs = {-20_000, -400, -1, 300, 400, 4_000})
  void whatAClockThatJumpedMakesIsGoodByTheRightClockToo(long days) {
    Instant wrong = NOW.plus(Duration.ofDays(days));
    KeyMaterial material = good;
    for (int step = 0; step < 5; step++) {
      Assessment assessment = policy.assess(new Situation(material, good, null, OVERLAP), wrong);
      KeyMaterial basis = Objects.requireNonNull(assessment.basis());
      material =
          switch (assessment.decision()) {
            case KEEP, AWAIT, CREATE -> basis;
            case RENEW_CERTIFICATE -> issuer.renewCertificate(basis, wrong);
            case ANNOUNCE_AUTHORITY -> issuer.announceAuthority(basis, wrong);
            case ADOPT_AUTHORITY -> issuer.adoptAuthority(basis, wrong);
            case RETIRE_AUTHORITY -> issuer.retireAuthorities(basis);
          };
      // What is served is accepted at each step by a caller whose clock is right.
      assertThat(CertificateChecks.faultOfPair(material, policy.names(), NOW)).isNull();
    }

    assertThat(material).as("something was done").isNotEqualTo(good);
    assertThat(assess(material, wrong).decision()).as("by the wrong clock").isEqualTo(KEEP);
    assertThat(assess(material, NOW).decision()).as("by the right clock").isEqualTo(KEEP);
  }

  private static void assertTrusted(String trustedPem, KeyMaterial served) {
    KeyMaterial seen =
        new KeyMaterial(trustedPem, "", served.certificatePem(), served.privateKeyPem());
    assertThat(CertificateChecks.distrust(seen)).isNull();
  }

  private KeyMaterial renewedAt(long days) {
    return issuer.renewCertificate(good, NOW.plus(Duration.ofDays(days)));
  }

  private Assessment assess(@Nullable KeyMaterial stored, Instant now) {
    return policy.assess(situation(stored, null, Duration.ZERO), now);
  }

  private static Situation situation(
      @Nullable KeyMaterial stored, @Nullable Rotation requested, Duration trustedFor) {
    return new Situation(stored, null, requested, trustedFor);
  }

  private static CertificatePolicy policy(String... names) {
    return CertificatePolicy.forNames(List.of(names), OVERLAP, PROPAGATION);
  }

  private KeyMaterial with(String caPem, String caKeyPem, String certificatePem) {
    return new KeyMaterial(caPem, caKeyPem, certificatePem, good.privateKeyPem());
  }
}
