package io.csiclone.certs;

import io.csiclone.certs.CertificateSource.Look;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Informable;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Looks at a source again and again on a thread of its own, and hands over what is new. A look
 * reads everything afresh from the API server; watches only say when one is worth while, so a lost
 * or refused watch costs time, not correctness.
 */
final class CertificateKeeper implements Certificates {
  private static final Logger log = LoggerFactory.getLogger(CertificateKeeper.class);

  private final CertificateSource source;
  private final String secret;
  private final String rights;
  private final @Nullable ServingCertificate stopgap;
  private final Consumer<ServingCertificate> onCertificate;
  private final Timing timing;

  private final BlockingQueue<Boolean> wakeUps = new ArrayBlockingQueue<>(1);
  private final CountDownLatch firstHandedOver = new CountDownLatch(1);
  private final List<SharedIndexInformer<?>> watches = new ArrayList<>();
  private final Thread thread =
      Thread.ofVirtual().name("csi-clone-certificates").unstarted(this::run);
  private volatile boolean closed;
  private volatile @Nullable String complaint;
  private volatile @Nullable RuntimeException lastFailure;

  // Of the worker thread alone.
  private @Nullable ServingCertificate handedOver;

  /**
   * @param secret the Secret concerned, as namespace/name
   * @param rights what the service account has to be allowed to do with it
   * @param stopgap handed over when there is nothing else; null to wait instead
   */
  private CertificateKeeper(
      CertificateSource source,
      String secret,
      String rights,
      @Nullable ServingCertificate stopgap,
      Consumer<ServingCertificate> onCertificate,
      Timing timing) {
    this.source = source;
    this.secret = secret;
    this.rights = rights;
    this.stopgap = stopgap;
    this.onCertificate = onCertificate;
    this.timing = timing;
  }

  static CertificateKeeper selfManaged(
      KubernetesClient client,
      CertificateOptions options,
      Clock clock,
      Consumer<ServingCertificate> onCertificate,
      Timing timing) {
    return new CertificateKeeper(
            new SelfManagedSource(client, options, clock, timing),
            options.namespace() + "/" + options.secretName(),
            "get, create and update it, and to get, create and patch the Lease of that name",
            null,
            onCertificate,
            timing)
        .start();
  }

  static CertificateKeeper supplied(
      KubernetesClient client,
      SuppliedOptions options,
      Clock clock,
      Consumer<ServingCertificate> onCertificate,
      Timing timing) {
    return new CertificateKeeper(
            new SuppliedSource(client, options, clock, timing),
            options.namespace() + "/" + options.secretName(),
            "get it",
            expiredLongAgo(options.dnsNames()),
            onCertificate,
            timing)
        .start();
  }

  /** A server starts with it, and no caller accepts it. */
  private static ServingCertificate expiredLongAgo(List<String> dnsNames) {
    CertificatePolicy policy = CertificatePolicy.forNames(dnsNames, Duration.ZERO, Duration.ZERO);
    return ServingCertificate.of(
        new CertificateIssuer(policy, new SecureRandom()).createAll(Instant.EPOCH, ""));
  }

  private CertificateKeeper start() {
    try {
      source.watched().forEach(this::watch);
      thread.start();
      source.start(this::wakeUp);
      awaitFirst();
      return this;
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  @Override
  public Optional<String> complaint() {
    return Optional.ofNullable(complaint);
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
    // Only now, as whoever leads next may begin at once.
    source.close();
  }

  private void awaitFirst() {
    boolean inTime;
    try {
      inTime = firstHandedOver.await(timing.firstCertificate().toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure("Interrupted while waiting for a serving certificate from Secret " + secret, e);
    }
    if (!inTime) {
      String reason = complaint;
      throw failure(
          ("No serving certificate within %d s from Secret %s: %s."
                  + " The service account has to be allowed to %s.")
              .formatted(
                  timing.firstCertificate().toSeconds(),
                  secret,
                  reason == null ? "the API server did not answer" : reason,
                  rights),
          lastFailure);
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
        pause = pass();
        lastFailure = null;
      } catch (RuntimeException e) {
        pause = timing.retry();
        lastFailure = e;
        complain(e.getMessage() == null ? e.toString() : e.getMessage(), false, e);
      }
      try {
        var _ = wakeUps.poll(pause.toMillis() + 1, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  /** Returns how long nothing is to be done, unless something changes. */
  private Duration pass() {
    Look look = source.look();
    ServingCertificate found = look.certificate();
    if (found != null) {
      handOver(found);
      source.served();
    } else if (handedOver == null && stopgap != null) {
      handOver(stopgap);
    }
    source.publish();
    if (look.complaint() == null) {
      complaint = null;
    } else {
      complain(look.complaint(), look.passing(), null);
    }
    return look.pause();
  }

  private void complain(String text, boolean passing, @Nullable RuntimeException cause) {
    boolean known = text.equals(complaint);
    complaint = text;
    if (!known && !closed) {
      log.atLevel(passing ? Level.INFO : Level.WARN).setCause(cause).log("{}; trying again", text);
    }
  }

  private void handOver(ServingCertificate certificate) {
    if (certificate.equals(handedOver)) {
      return;
    }
    onCertificate.accept(certificate);
    handedOver = certificate;
    firstHandedOver.countDown();
    if (!certificate.equals(stopgap)) {
      log.info("Serving tls.crt of Secret {}, valid until {}", secret, certificate.notAfter());
    }
  }

  private CertificatesException failure(String message, @Nullable Throwable cause) {
    return new CertificatesException(secret, message, cause);
  }
}
