package io.csiclone.certs;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Informable;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one pass after another on a thread of its own: look at the Secret, put right what is wrong
 * with it, hand over what is new, publish the CA. A pass reads everything afresh from the API
 * server; watches only say when one is worth while, so a lost or refused watch costs time, not
 * correctness.
 */
final class CertificateKeeper implements SelfManagedCertificates {
  private static final Logger log = LoggerFactory.getLogger(CertificateKeeper.class);

  /** Each lost race means that another replica has written; more than a few are a fault. */
  private static final int MAX_LOST_RACES = 5;

  private final SecretStore store;
  private final CaBundlePublisher publisher;
  private final CertificatePolicy policy;
  private final CertificateIssuer issuer;
  private final Clock clock;
  private final Consumer<ServingCertificate> onCertificate;
  private final Timing timing;

  private final BlockingQueue<Boolean> wakeUps = new ArrayBlockingQueue<>(1);
  private final CountDownLatch firstHandedOver = new CountDownLatch(1);
  private final List<SharedIndexInformer<?>> watches = new ArrayList<>();
  private final Thread thread =
      Thread.ofVirtual().name("csi-clone-certificates").unstarted(this::run);
  private volatile boolean closed;
  private volatile @Nullable RuntimeException lastFailure;

  // Of the worker thread alone.
  private @Nullable KeyMaterial handedOver;
  private boolean absenceReported;

  private CertificateKeeper(
      KubernetesClient client,
      CertificateOptions options,
      Clock clock,
      Consumer<ServingCertificate> onCertificate,
      Timing timing) {
    this.store = new SecretStore(client, options.namespace(), options.secretName());
    this.publisher = new CaBundlePublisher(client, options.configurationName());
    this.policy = CertificatePolicy.forNames(options.dnsNames());
    this.issuer = new CertificateIssuer(policy, new SecureRandom());
    this.clock = clock;
    this.onCertificate = onCertificate;
    this.timing = timing;
  }

  static CertificateKeeper start(
      KubernetesClient client,
      CertificateOptions options,
      Clock clock,
      Consumer<ServingCertificate> onCertificate,
      Timing timing) {
    CertificateKeeper keeper = new CertificateKeeper(client, options, clock, onCertificate, timing);
    try {
      keeper.watch(keeper.store.resource());
      keeper.watch(keeper.publisher.mutating());
      keeper.watch(keeper.publisher.validating());
      keeper.thread.start();
      keeper.awaitFirst();
      return keeper;
    } catch (RuntimeException e) {
      keeper.close();
      throw e;
    }
  }

  @Override
  public void close() {
    closed = true;
    watches.forEach(SharedIndexInformer::close);
    thread.interrupt();
    try {
      thread.join(Duration.ofSeconds(5));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void awaitFirst() {
    boolean inTime;
    try {
      inTime = firstHandedOver.await(timing.firstCertificate().toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure("Interrupted while waiting for a serving certificate from Secret " + store, e);
    }
    if (!inTime) {
      RuntimeException cause = lastFailure;
      throw failure(
          ("No serving certificate within %d s from Secret %s: %s."
                  + " The service account has to be allowed to get, create and update it.")
              .formatted(
                  timing.firstCertificate().toSeconds(),
                  store,
                  cause == null ? "the API server did not answer" : cause.getMessage()),
          cause);
    }
  }

  private <T extends HasMetadata> void watch(Informable<T> object) {
    SharedIndexInformer<T> informer =
        object
            .runnableInformer(0)
            .exceptionHandler((started, failure) -> !closed)
            .addEventHandler(
                new ResourceEventHandler<>() {
                  @Override
                  public void onAdd(T added) {
                    wakeUp();
                  }

                  @Override
                  public void onUpdate(T before, T after) {
                    wakeUp();
                  }

                  @Override
                  public void onDelete(T deleted, boolean finalStateUnknown) {
                    wakeUp();
                  }
                });
    watches.add(informer);
    var _ = informer.start();
  }

  private void wakeUp() {
    // Full means that a pass is due already.
    var _ = wakeUps.offer(true);
  }

  private void run() {
    while (!closed) {
      Duration pause;
      try {
        pause = pass() ? timing.recheck() : timing.retry();
        lastFailure = null;
      } catch (RuntimeException e) {
        pause = timing.retry();
        report(e);
      }
      try {
        var _ = wakeUps.poll(pause.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void report(RuntimeException failure) {
    RuntimeException before = lastFailure;
    lastFailure = failure;
    boolean repeated =
        before != null && String.valueOf(before.getMessage()).equals(failure.getMessage());
    if (!repeated && !closed) {
      log.warn("Secret {}: certificates not in order, trying again", store, failure);
    }
  }

  /** Returns true if everything is in order, false if something is not there yet. */
  private boolean pass() {
    KeyMaterial material = readOrRepair();
    handOver(material);
    boolean published = publisher.publish(material.caPem());
    if (!published && !absenceReported) {
      log.info("Webhook configurations are not all there yet; the CA is written when they appear");
    }
    absenceReported = !published;
    return published;
  }

  private KeyMaterial readOrRepair() {
    for (int lostRaces = 0; lostRaces < MAX_LOST_RACES; lostRaces++) {
      SecretStore.Snapshot stored = store.read();
      Instant now = clock.instant();
      Assessment assessment = policy.assess(stored.material(), now);
      KeyMaterial material = stored.material();
      if (material != null && assessment.decision() == CertificateDecision.KEEP) {
        return material;
      }
      log.info("Secret {}: {}; {}", store, assessment.reason(), assessment.decision().intention());
      KeyMaterial replacement =
          material != null && assessment.decision() == CertificateDecision.RENEW_CERTIFICATE
              ? issuer.renewCertificate(material, now)
              : issuer.createAll(now);
      if (store.write(stored, replacement)) {
        log.info("Secret {}: {}", store, assessment.decision().outcome());
        return replacement;
      }
      log.info("Secret {}: another replica was faster; reading what it wrote", store);
    }
    throw failure(
        "Secret %s was written by others %d times in a row".formatted(store, MAX_LOST_RACES), null);
  }

  private void handOver(KeyMaterial material) {
    if (material.equals(handedOver)) {
      return;
    }
    ServingCertificate certificate =
        new ServingCertificate(
            material.certificatePem(), material.privateKeyPem(), material.caPem(), endOf(material));
    onCertificate.accept(certificate);
    handedOver = material;
    firstHandedOver.countDown();
    log.info("Serving the certificate of Secret {}, valid until {}", store, certificate.notAfter());
  }

  private Instant endOf(KeyMaterial material) {
    try {
      return Pem.certificates(material.certificatePem()).getFirst().getNotAfter().toInstant();
    } catch (CertificateException e) {
      throw failure("tls.crt of Secret " + store + " cannot be read", e);
    }
  }

  private CertificatesException failure(String message, @Nullable Throwable cause) {
    return new CertificatesException(store.toString(), message, cause);
  }
}
