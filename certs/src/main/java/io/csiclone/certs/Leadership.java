package io.csiclone.certs;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfig;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElector;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaderElectionRecord;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Elects one of the replicas through a Lease, whatever their clocks show. Two may believe for a
 * moment that they lead, when one was held up or cut off; so whatever a leader writes has to be
 * guarded by the version it has read.
 */
final class Leadership implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Leadership.class);

  private static final Duration RELEASE = Duration.ofSeconds(2);

  /** What the API server answers when the test of a JSON patch fails. */
  private static final int UNPROCESSABLE = 422;

  private final KubernetesClient client;
  private final String namespace;
  private final String name;
  private final Duration lease;
  private final String identity =
      Objects.requireNonNullElse(System.getenv("HOSTNAME"), "webhook") + "_" + UUID.randomUUID();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  private volatile boolean leading;
  private volatile @Nullable String failure;

  // Guarded by this.
  private boolean closed;
  private @Nullable CompletableFuture<?> election;

  Leadership(KubernetesClient client, String namespace, String name, Duration lease) {
    this.client = client;
    this.namespace = namespace;
    this.name = name;
    this.lease = lease;
  }

  boolean leading() {
    return leading;
  }

  /** Why the Lease cannot be read or written, null if it can. */
  @Nullable String failure() {
    return failure;
  }

  /**
   * Stands for election, and again whenever leadership is lost.
   *
   * @param onElected called with each election won
   */
  synchronized void start(Runnable onElected) {
    if (closed) {
      return;
    }
    CompletableFuture<?> standing = new LeaderElector(client, terms(onElected), threads).start();
    election = standing;
    var _ =
        standing.whenComplete((result, thrown) -> {
          leading = false;
          if (!standing.isCancelled()) {
            var soon = CompletableFuture.delayedExecutor(retry().toMillis(), MILLISECONDS);
            soon.execute(() -> start(onElected));
          }
        });
  }

  private LeaderElectionConfig terms(Runnable onElected) {
    return new LeaderElectionConfig(
        new ReportingLock(),
        lease,
        lease.multipliedBy(2).dividedBy(3),
        retry(),
        new LeaderCallbacks(
            () -> {
              leading = true;
              log.info("Lease {}/{}: this replica cares for certificates", namespace, name);
              onElected.run();
            },
            () -> leading = false,
            holder -> log.debug("Lease {}/{} is held by {}", namespace, name, holder)),
        true,
        name);
  }

  private Duration retry() {
    return lease.dividedBy(7);
  }

  /**
   * Gives the Lease back, so that another replica need not wait until it runs out. An API server
   * that does not answer holds nobody up: then it does run out.
   */
  @Override
  public void close() {
    CompletableFuture<?> standing;
    synchronized (this) {
      closed = true;
      standing = election;
      election = null;
    }
    if (standing != null) {
      release(standing);
    }
    threads.shutdownNow();
  }

  private void release(CompletableFuture<?> standing) {
    try {
      var _ = threads.submit(() -> standing.cancel(true)).get(RELEASE.toMillis(), MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      log.warn("Lease {}/{} was not given back; it runs out by itself", namespace, name);
    }
  }

  /**
   * Says in one line, and once, why the Lease cannot be had; and tells how long it has been seen
   * unchanged here instead of when its holder's clock says that it was renewed.
   */
  private final class ReportingLock extends LeaseLock {
    private @Nullable LeaderElectionRecord seen;
    private long sinceNanos;

    ReportingLock() {
      super(namespace, name, identity);
    }

    @Override
    public synchronized @Nullable LeaderElectionRecord get(KubernetesClient client) {
      try {
        LeaderElectionRecord record = super.get(client);
        failure = null;
        return record == null ? null : asSeenHere(record);
      } catch (KubernetesClientException e) {
        report(e);
        throw e;
      }
    }

    private LeaderElectionRecord asSeenHere(LeaderElectionRecord record) {
      if (!record.equals(seen)) {
        seen = record;
        sinceNanos = System.nanoTime();
      }
      Duration unchanged = Duration.ofNanos(System.nanoTime() - sinceNanos);
      return record.toBuilder()
          .renewTime(ZonedDateTime.now(ZoneOffset.UTC).minus(unchanged))
          .build();
    }

    @Override
    public synchronized void create(KubernetesClient client, LeaderElectionRecord record) {
      try {
        super.create(client, record);
      } catch (KubernetesClientException e) {
        report(e);
        throw e;
      }
    }

    @Override
    public synchronized void update(KubernetesClient client, LeaderElectionRecord record) {
      try {
        if (record.getHolderIdentity() == null) {
          giveBack(client);
        } else {
          super.update(client, record);
        }
      } catch (KubernetesClientException e) {
        report(e);
        throw e;
      }
    }

    /** fabric8's own update leaves out what is null: the name would stay, and others would wait. */
    private void giveBack(KubernetesClient client) {
      String holder = client.getKubernetesSerialization().asJson(identity());
      try {
        client
            .leases()
            .inNamespace(namespace)
            .withName(name)
            .patch(
                PatchContext.of(PatchType.JSON),
                """
                [{"op": "test", "path": "/spec/holderIdentity", "value": %s},
                 {"op": "remove", "path": "/spec/holderIdentity"}]\
                """
                    .formatted(holder));
      } catch (KubernetesClientException e) {
        if (e.getCode() != UNPROCESSABLE) {
          throw e;
        }
        // Another replica has it already.
      }
    }

    private void report(KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
        // Another replica was faster.
        return;
      }
      if (failure == null) {
        log.warn("Lease {}/{}: {}", namespace, name, e.getMessage());
      }
      failure = "Lease %s/%s: %s".formatted(namespace, name, e.getMessage());
    }
  }
}
