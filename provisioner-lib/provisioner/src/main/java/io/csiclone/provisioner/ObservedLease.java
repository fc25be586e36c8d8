package io.csiclone.provisioner;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaderElectionRecord;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.Lock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import org.jspecify.annotations.Nullable;

/**
 * A Lease that runs out by this machine's clock: when it has not been seen to change for as long as
 * it lasts. The time written into it is that of its holder's clock, which may be wrong by more than
 * a Lease lasts.
 */
final class ObservedLease implements Lock {

  private final Lock lease;
  private @Nullable LeaderElectionRecord seen;
  private long sinceNanos;

  ObservedLease(Lock lease) {
    this.lease = lease;
  }

  @Override
  public synchronized @Nullable LeaderElectionRecord get(KubernetesClient client) {
    LeaderElectionRecord record = lease.get(client);
    if (record == null) {
      seen = null;
      return null;
    }
    if (!record.equals(seen)) {
      seen = record;
      sinceNanos = System.nanoTime();
    }
    Duration unchanged = Duration.ofNanos(System.nanoTime() - sinceNanos);
    return record.toBuilder().renewTime(ZonedDateTime.now(ZoneOffset.UTC).minus(unchanged)).build();
  }

  @Override
  public void create(KubernetesClient client, LeaderElectionRecord record) {
    lease.create(client, record);
  }

  @Override
  public void update(KubernetesClient client, LeaderElectionRecord record) {
    lease.update(client, record);
  }

  @Override
  public String identity() {
    return lease.identity();
  }

  @Override
  public String describe() {
    return lease.describe();
  }
}
