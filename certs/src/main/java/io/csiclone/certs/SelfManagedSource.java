package io.csiclone.certs;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Informable;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Certificates of our own making. Every replica serves what the Secret holds; the one that leads
 * also puts it right, step by step, and tells callers whom to trust.
 */
final class SelfManagedSource implements CertificateSource {
  private static final Logger log = LoggerFactory.getLogger(SelfManagedSource.class);

  /** Each lost race means that somebody else has written; more than a few are a fault. */
  private static final int MAX_LOST_RACES = 5;

  private final SecretStore store;
  private final CaBundlePublisher publisher;
  private final CertificatePolicy policy;
  private final CertificateIssuer issuer;
  private final Leadership leadership;
  private final Clock clock;
  private final Timing timing;

  private String trustedPem = "";
  private @Nullable KeyMaterial found;
  private @Nullable KeyMaterial served;
  private boolean absenceReported;
  private @Nullable String refusedRequest;

  SelfManagedSource(
      KubernetesClient client, CertificateOptions options, Clock clock, Timing timing) {
    this.store = new SecretStore(client, options.namespace(), options.secretName());
    this.publisher = new CaBundlePublisher(client, options.configurationName());
    this.policy =
        CertificatePolicy.forNames(options.dnsNames(), options.overlap(), timing.propagation());
    this.issuer = new CertificateIssuer(policy, new SecureRandom());
    this.leadership =
        new Leadership(client, options.namespace(), options.secretName(), timing.lease());
    this.clock = clock;
    this.timing = timing;
  }

  @Override
  public void start(Runnable wakeUp) {
    leadership.start(wakeUp);
  }

  @Override
  public void close() {
    leadership.close();
  }

  @Override
  public List<Informable<? extends HasMetadata>> watched() {
    return List.of(store.resource(), publisher.mutating(), publisher.validating());
  }

  @Override
  public Look look() {
    boolean leading = leadership.leading();
    trustedPem = "";
    SecretStore.Snapshot stored = store.read();
    KeyMaterial material = stored.material();
    Duration pause = timing.recheck();
    if (leading) {
      Kept kept = keep(stored);
      material = kept.material();
      trustedPem = material.trustedPem();
      pause = kept.pause().compareTo(pause) < 0 ? kept.pause() : pause;
    }
    String unfit = material == null ? "it does not exist" : unfit(material);
    if (material == null || unfit != null) {
      String failure = leadership.failure();
      Duration soon = pause.compareTo(timing.retry()) < 0 ? pause : timing.retry();
      return Look.unfit(
          "Secret %s: %s; %s"
              .formatted(
                  store, unfit, failure == null ? "the replica that leads puts it right" : failure),
          failure == null,
          soon);
    }
    found = material;
    return Look.fit(ServingCertificate.of(material), pause);
  }

  /** Why a replica goes on serving what it has. */
  private static @Nullable String unfit(KeyMaterial material) {
    String damage = CertificateChecks.damageOfPair(material);
    if (damage == null) {
      damage = CertificateChecks.damageOfTrust(material);
    }
    return damage != null ? damage : CertificateChecks.distrust(material);
  }

  @Override
  public void served() {
    served = found;
  }

  @Override
  public void publish() {
    if (trustedPem.isEmpty() || !leadership.leading()) {
      return;
    }
    boolean everywhere = publisher.publish(trustedPem);
    if (!everywhere && !absenceReported) {
      log.info("Webhook configurations are not all there yet; the CA is written when they appear");
    }
    absenceReported = !everywhere;
  }

  /** What the Secret holds now, and when to look again. */
  private record Kept(KeyMaterial material, Duration pause) {}

  private Kept keep(SecretStore.Snapshot first) {
    SecretStore.Snapshot stored = first;
    for (int lostRaces = 0; lostRaces < MAX_LOST_RACES; lostRaces++) {
      Instant now = clock.instant();
      KeyMaterial material = stored.material();
      Rotation requested = requested(stored);
      Duration trustedFor =
          material == null ? Duration.ZERO : publisher.trustedFor(material.trustedPem());
      Assessment assessment =
          policy.assess(new Situation(material, served, requested, trustedFor), now);
      CertificateDecision decision = assessment.decision();
      if (decision == CertificateDecision.KEEP || decision == CertificateDecision.AWAIT) {
        return new Kept(
            Objects.requireNonNull(assessment.basis()),
            decision == CertificateDecision.AWAIT ? assessment.left() : timing.recheck());
      }
      log.info("Secret {}: {}; {}", store, assessment.reason(), decision.intention());
      KeyMaterial replacement = carryOut(assessment, now);
      boolean done = requested != null && decision.fulfils(requested);
      if (store.write(stored, replacement, done ? Rotation.ANNOTATION : null)) {
        log.info("Secret {}: {}", store, decision.outcome());
        // The step after it may be known; it is decided at once, on what is trusted by then.
        return new Kept(replacement, Duration.ZERO);
      }
      log.info("Secret {}: somebody else was faster; reading what they wrote", store);
      stored = store.read();
    }
    throw new CertificatesException(
        store.toString(),
        "Secret %s was written by others %d times in a row".formatted(store, MAX_LOST_RACES),
        null);
  }

  private KeyMaterial carryOut(Assessment assessment, Instant now) {
    KeyMaterial basis = assessment.basis();
    if (basis == null) {
      KeyMaterial made = issuer.createAll(now, publisher.published());
      // Before anybody can serve it.
      publisher.publish(made.trustedPem());
      return made;
    }
    return switch (assessment.decision()) {
      case KEEP, AWAIT, CREATE -> basis;
      case RENEW_CERTIFICATE -> issuer.renewCertificate(basis, now);
      case ANNOUNCE_AUTHORITY -> issuer.announceAuthority(basis, now);
      case ADOPT_AUTHORITY -> issuer.adoptAuthority(basis, now);
      case RETIRE_AUTHORITY -> issuer.retireAuthorities(basis);
    };
  }

  private @Nullable Rotation requested(SecretStore.Snapshot stored) {
    String text = stored.annotation(Rotation.ANNOTATION);
    if (text == null) {
      return null;
    }
    Optional<Rotation> requested = Rotation.parse(text);
    if (requested.isEmpty() && !text.equals(refusedRequest)) {
      refusedRequest = text;
      log.warn(
          "Secret {}: annotation {} is '{}'; it can ask for serving or ca",
          store,
          Rotation.ANNOTATION,
          text);
    }
    return requested.orElse(null);
  }
}
