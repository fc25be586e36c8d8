package io.csiclone.provisioner;

import io.csiclone.rules.RuleCode;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.ReferenceGrantFrom;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.ReferenceGrantTo;
import io.fabric8.kubernetes.api.model.gatewayapi.v1beta1.ReferenceGrant;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which namespaces let claims of which others refer to their claims, by the ReferenceGrants of the
 * Gateway API. What its owner says counts, never who asks.
 */
final class ReferenceGrants implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ReferenceGrants.class);
  private static final String CLAIM = "PersistentVolumeClaim";
  private static final int NOT_FOUND = 404;
  private static final WorkQueue.Retry LOOK_AGAIN =
      new WorkQueue.Retry(Duration.ofSeconds(2), Duration.ofMinutes(5));

  /** What is to be said of a clone into another namespace. */
  sealed interface Answer {
    /** Its source's namespace allows it. */
    record Granted() implements Answer {}

    /** It does not. */
    record Missing(String why) implements Answer {}

    /** That will be known in a moment, and {@code changed} is told then. */
    record NotYet() implements Answer {}
  }

  private final KubernetesClient client;
  private final Consumer<String> changed;
  private final Runnable known;
  private final @Nullable AutoCloseable gauge;
  private volatile @Nullable SharedIndexInformer<ReferenceGrant> informer;

  /** Why no grant is known; null as long as that is being found out. */
  private volatile @Nullable String unserved;

  private @Nullable Thread thread;

  /**
   * Prepares; nothing is watched yet.
   *
   * @param changed told of a namespace whose grants are not what they were
   * @param known told when all grants are known at last
   */
  ReferenceGrants(
      KubernetesClient client,
      ProvisionerMetrics metrics,
      Consumer<String> changed,
      Runnable known) {
    this.client = client;
    this.changed = changed;
    this.known = known;
    this.gauge = metrics.referenceGrants(() -> synced() ? 1 : 0);
  }

  void start() {
    thread = Thread.ofVirtual().name("csi-clone-grants").start(this::run);
  }

  private void run() {
    try {
      for (int failures = 0; !isServed(); ) {
        Thread.sleep(LOOK_AGAIN.after(++failures));
      }
      watch();
      while (!synced()) {
        Thread.sleep(20);
      }
      unserved = null;
      known.run();
    } catch (InterruptedException e) {
      LOG.debug("Stopped before any grants were known");
    }
  }

  private boolean isServed() {
    try {
      var _ =
          client
              .resources(ReferenceGrant.class)
              .inAnyNamespace()
              .list(new ListOptionsBuilder().withLimit(1L).build());
      return true;
    } catch (KubernetesClientException e) {
      String why =
          e.getCode() == NOT_FOUND
              ? "this cluster has no ReferenceGrant (gateway.networking.k8s.io/v1beta1)"
              : "the ReferenceGrants of this cluster cannot be read (" + e.getMessage() + ")";
      if (!why.equals(unserved)) {
        LOG.warn("no clone across namespaces can be granted: {}; looking again", why);
      }
      boolean first = unserved == null;
      unserved = why;
      if (first) {
        known.run();
      }
      return false;
    }
  }

  private void watch() {
    var watching = client.resources(ReferenceGrant.class).inAnyNamespace().runnableInformer(0);
    watching.addEventHandler(new Changes());
    watching.exceptionHandler((started, failure) -> true);
    informer = watching;
    var _ = watching.start();
  }

  private final class Changes implements ResourceEventHandler<ReferenceGrant> {
    @Override
    public void onAdd(ReferenceGrant grant) {
      changed.accept(grant.getMetadata().getNamespace());
    }

    @Override
    public void onUpdate(ReferenceGrant before, ReferenceGrant grant) {
      onAdd(grant);
    }

    @Override
    public void onDelete(ReferenceGrant grant, boolean unseen) {
      onAdd(grant);
    }
  }

  private boolean synced() {
    var now = informer;
    return now != null && now.hasSynced();
  }

  /** Whether {@code source}'s namespace lets claims of {@code clone}'s refer to it. */
  Answer of(ClaimKey clone, ClaimKey source) {
    var now = informer;
    if (now == null || !now.hasSynced()) {
      String why = unserved;
      return why == null
          ? new Answer.NotYet()
          : new Answer.Missing(needed(clone, source) + ", but " + why);
    }
    boolean granted =
        now.getIndexer().byIndex(Cache.NAMESPACE_INDEX, source.namespace()).stream()
            .anyMatch(grant -> allows(grant, clone, source));
    return granted
        ? new Answer.Granted()
        : new Answer.Missing(needed(clone, source) + ", and there is none");
  }

  /** The same words whether or not there is such a claim: that is not the asker's business. */
  private static String needed(ClaimKey clone, ClaimKey source) {
    return ("%s: claim %s names a source in namespace %s; that takes a ReferenceGrant in namespace %s"
            + " from PersistentVolumeClaim of namespace %s to PersistentVolumeClaim %s")
        .formatted(
            RuleCode.CROSS_NAMESPACE.id(),
            clone,
            source.namespace(),
            source.namespace(),
            clone.namespace(),
            source.name());
  }

  private static boolean allows(ReferenceGrant grant, ClaimKey clone, ClaimKey source) {
    var spec = grant.getSpec();
    return spec != null
        && each(spec.getFrom()).stream().anyMatch(from -> isFrom(from, clone))
        && each(spec.getTo()).stream().anyMatch(to -> isTo(to, source));
  }

  private static boolean isFrom(ReferenceGrantFrom from, ClaimKey clone) {
    return isClaim(from.getGroup(), from.getKind())
        && clone.namespace().equals(from.getNamespace());
  }

  private static boolean isTo(ReferenceGrantTo to, ClaimKey source) {
    return isClaim(to.getGroup(), to.getKind())
        && (!Claim.isNamed(to.getName()) || source.name().equals(to.getName()));
  }

  private static boolean isClaim(@Nullable String group, @Nullable String kind) {
    return !Claim.isNamed(group) && CLAIM.equals(kind);
  }

  private static <T> List<T> each(@Nullable List<T> list) {
    return list == null ? List.of() : list;
  }

  @Override
  public void close() {
    Thread looking = thread;
    if (looking != null) {
      looking.interrupt();
      try {
        looking.join(Duration.ofSeconds(2));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    var now = informer;
    if (now != null) {
      now.stop();
    }
    ProvisionerMetrics.hide(gauge);
  }
}
