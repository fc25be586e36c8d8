package io.csiclone.provisioner;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaderElectionRecord;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.Lock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import org.jspecify.annotations.Nullable;

/**
 * A Lease that runs out by this machine's clock: when it has not been seen to change for as long as
 * it lasts. The time written into it is that of its holder's clock, which may be wrong by more than
 * a Lease lasts. Its holder gives it back by taking its name off it, for another to take it at
 * once.
 */
final class ObservedLease implements Lock {

  private static final int TEST_FAILED = 422;

  private final String namespace;
  private final String name;
  private final Lock lease;
  private @Nullable LeaderElectionRecord seen;
  private long sinceNanos;

  ObservedLease(String namespace, String name, String identity) {
    this.namespace = namespace;
    this.name = name;
    this.lease = new LeaseLock(namespace, name, identity);
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
    if (record.getHolderIdentity() == null) {
      giveBack(client);
    } else {
      lease.update(client, record);
    }
  }

  /**
   * The client's own lock leaves out of its patch what is null: the holder's name would stay, and
   * others would wait for the Lease to run out.
   */
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
      if (e.getCode() != TEST_FAILED) {
        throw e;
      }
      // Another has it already.
    }
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
