package io.csiclone.provisioner;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfig;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElector;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One of several instances, of which the one that holds a Lease serves. The others watch nothing.
 * An instance that loses the Lease stops serving and stands again: what it had begun is recorded on
 * the claims, so whoever serves next goes on with it. Two may believe for a moment that they serve,
 * when one was cut off from the cluster; then both ask the driver for the same volumes by the same
 * names, and all writes are guarded by what they were decided on.
 */
final class ElectedProvisioner implements Provisioner {

  private static final Logger LOG = LoggerFactory.getLogger(ElectedProvisioner.class);
  private static final Duration RELEASE = Duration.ofSeconds(2);

  private final KubernetesClient client;
  private final LeaderElection election;
  private final Supplier<Provisioner> serve;
  private final String identity;
  private final AutoCloseable shown;
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(
          Thread.ofVirtual().name("csi-clone-election-", 0).factory());

  // Guarded by this.
  private boolean closed;
  private @Nullable Term term;

  /** From standing for election to losing the Lease. Its fields are guarded by the outer object. */
  private static final class Term {
    private @Nullable CompletableFuture<?> election;
    private @Nullable Provisioner serving;
    private boolean elected;
    private boolean over;
  }

  /**
   * Prepares an instance that serves while it holds the Lease.
   *
   * @param serve starts to serve
   */
  ElectedProvisioner(
      KubernetesClient client,
      LeaderElection election,
      ProvisionerMetrics metrics,
      Supplier<Provisioner> serve) {
    this.client = client;
    this.election = election;
    this.serve = serve;
    this.identity = election.identity() + "_" + UUID.randomUUID();
    this.shown = metrics.leader(election.lease(), () -> leads() ? 1 : 0);
  }

  synchronized void stand() {
    if (closed) {
      return;
    }
    var now = new Term();
    term = now;
    var callbacks =
        new LeaderCallbacks(
            // Not in the elector's own time: it has to renew the Lease meanwhile.
            () -> threads.execute(() -> begin(now)),
            () -> end(now),
            holder ->
                LOG.info(
                    "lease {}/{}: held by {}",
                    election.namespace(),
                    election.lease(),
                    holder == null ? "nobody" : holder));
    var terms =
        new LeaderElectionConfig(
            new ObservedLease(election.namespace(), election.lease(), identity),
            election.duration(),
            election.duration().multipliedBy(2).dividedBy(3),
            retry(),
            callbacks,
            true,
            election.lease());
    CompletableFuture<?> standing = new LeaderElector(client, terms, threads).start();
    now.election = standing;
    var _ =
        standing.whenComplete((result, thrown) -> {
          end(now);
          CompletableFuture.delayedExecutor(retry().toMillis(), MILLISECONDS).execute(this::stand);
        });
  }

  private Duration retry() {
    return election.duration().dividedBy(7);
  }

  private void begin(Term now) {
    synchronized (this) {
      now.elected = true;
    }
    Provisioner begun;
    try {
      begun = serve.get();
    } catch (IllegalStateException e) {
      LOG.warn(
          "lease {}/{}: elected, but cannot serve: {}",
          election.namespace(),
          election.lease(),
          e.getMessage());
      giveBack(now);
      return;
    }
    boolean wanted;
    synchronized (this) {
      wanted = !now.over;
      if (wanted) {
        now.serving = begun;
      }
    }
    if (!wanted) {
      begun.close();
    }
  }

  private void end(Term now) {
    Provisioner ended;
    synchronized (this) {
      now.over = true;
      ended = now.serving;
      now.serving = null;
    }
    if (ended != null) {
      LOG.info(
          "lease {}/{}: not held any more, stops serving", election.namespace(), election.lease());
      ended.close();
    }
  }

  private synchronized boolean leads() {
    Term now = term;
    return now != null && !now.over && now.elected;
  }

  /** Whether it serves, or waits for its turn. */
  @Override
  public synchronized boolean ready() {
    Term now = term;
    return now != null && !now.over && (now.serving == null || now.serving.ready());
  }

  /** Stops serving, and gives the Lease back for another instance to take at once. */
  @Override
  public void close() {
    Term last;
    synchronized (this) {
      closed = true;
      last = term;
      term = null;
    }
    if (last != null) {
      // In this order: who takes the Lease must not meet this instance at work.
      end(last);
      giveBack(last);
    }
    threads.shutdownNow();
    ProvisionerMetrics.hide(shown);
  }

  private void giveBack(Term now) {
    CompletableFuture<?> standing;
    synchronized (this) {
      standing = now.election;
    }
    if (standing != null) {
      release(standing);
    }
  }

  private void release(CompletableFuture<?> ended) {
    try {
      var _ = threads.submit(() -> ended.cancel(true)).get(RELEASE.toMillis(), MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn(
          "lease {}/{} was not given back; it runs out by itself",
          election.namespace(),
          election.lease());
    }
  }
}
