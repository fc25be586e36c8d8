package io.csiclone.facts;

import io.csiclone.rules.ClaimFacts;
import io.csiclone.rules.CloneFacts;
import io.csiclone.rules.RulePolicy;
import io.csiclone.rules.Verdict;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * What the cluster knows, read from informer caches; what a cache does not hold is asked for live
 * before it counts as absent. Safe for use by many threads.
 *
 * <p>Every method that may ask live waits for a bounded time and throws {@link
 * FactsUnavailableException} when the cluster does not answer or refuses to. None but {@link
 * #judgeGranted} ever reads a claim of another namespace than the one it was asked about.
 */
public interface ClusterFacts extends AutoCloseable {

  /** How long one question may take unless told otherwise. */
  Duration PATIENCE = Duration.ofSeconds(2);

  /**
   * Starts to watch claims, volumes, storage classes and CSI drivers of the whole cluster. Returns
   * at once; {@link #synced()} tells when the caches are filled. A cluster that cannot be reached
   * is tried again until {@link #close()}.
   */
  static ClusterFacts watch(KubernetesClient client) {
    return watch(client, PATIENCE);
  }

  /** Like {@link #watch(KubernetesClient)}, with at most {@code patience} for each question. */
  static ClusterFacts watch(KubernetesClient client, Duration patience) {
    return WatchedFacts.start(client, client, patience);
  }

  /**
   * Like {@link #watch(KubernetesClient)}, for a caller that watches claims and volumes itself: he
   * starts and stops these informers, and they hold whole objects, or at least what is read of them
   * by whoever asks here.
   */
  static ClusterFacts watch(
      KubernetesClient client,
      SharedIndexInformer<PersistentVolumeClaim> claims,
      SharedIndexInformer<PersistentVolume> volumes) {
    return WatchedFacts.startBeside(client, claims, volumes);
  }

  /**
   * Watches as {@link #watch(KubernetesClient, Duration)} does, and namespaces besides; {@link
   * #judge} then looks at free volumes, pods and the selected node too. Of claims and volumes only
   * what the restrictions read is cached, and so what comes from the cache has no more than that.
   */
  static ClusterFacts watchForAdmission(KubernetesClient client, Duration patience) {
    return WatchedFacts.startForAdmission(client, client, patience);
  }

  /**
   * Gathers all that the restrictions need to judge {@code clone}, which need not exist yet; from
   * the caches as far as they go. What is found may be out of date: enough to admit a clone, not to
   * refuse it.
   *
   * @throws IllegalArgumentException when the claim holds a quantity that is none
   */
  CloneFacts about(PersistentVolumeClaim clone);

  /** Like {@link #about}, but everything is asked for live. */
  CloneFacts aboutLive(PersistentVolumeClaim clone);

  /**
   * The verdict on {@code clone}. A cache that lags never refuses: what would be refused by cached
   * facts is judged again by live ones. For admission nothing is judged before the caches are
   * filled; that is waited for as part of the time for one question.
   *
   * @param policy the policy of the whole cluster, which {@link #policy} adapts to the clone
   */
  default Verdict judge(PersistentVolumeClaim clone, RulePolicy policy) {
    return judge(ClaimReader.clone(clone), policy);
  }

  /** Like {@link #judge(PersistentVolumeClaim, RulePolicy)}, of a clone that has been read. */
  Verdict judge(ClaimFacts clone, RulePolicy policy);

  /**
   * Like {@link #judge(PersistentVolumeClaim, RulePolicy)}, for a caller who knows better.
   *
   * @param known replaces what was found by what the caller knows
   */
  Judgement judge(PersistentVolumeClaim clone, RulePolicy policy, UnaryOperator<CloneFacts> known);

  /**
   * Like {@link #judge(PersistentVolumeClaim, RulePolicy, UnaryOperator)} for a clone that the
   * namespace of its source is known to allow: its source is looked up there and judged as one of
   * the clone's own namespace would be.
   */
  Judgement judgeGranted(
      PersistentVolumeClaim clone, RulePolicy policy, UnaryOperator<CloneFacts> known);

  /**
   * {@code policy} as the clone's namespace and its storage class change it. What the class says
   * counts before what the namespace says.
   */
  RulePolicy policy(ClaimFacts clone, RulePolicy policy);

  /** The claim of that name, from the cache or live. */
  Optional<PersistentVolumeClaim> claim(String namespace, String name);

  /** The claim of that name as it is now. */
  Optional<PersistentVolumeClaim> claimLive(String namespace, String name);

  /**
   * The storage class in force of the claim of that name, empty when there is none of either: from
   * the cache when what it holds of the class cannot change any more, since the claim is bound and
   * stays; else live. That such a claim has been replaced by one of the same name goes unnoticed
   * until the watch tells.
   */
  Optional<String> storageClassOf(String namespace, String name);

  /** The volume of that name, from the cache or live. */
  Optional<PersistentVolume> volume(String name);

  /** The storage class of that name, from the cache or live. */
  Optional<StorageClass> storageClass(String name);

  /** All storage classes, from the cache. */
  List<StorageClass> storageClasses();

  /** Calls {@code changed} whenever the cache has another state of the storage classes. */
  void onStorageClassChange(Runnable changed);

  /** Whether every cache has been filled with the cluster's state. */
  boolean synced();

  /** The caches one by one, for whoever watches over this process. */
  List<WatchedCache> caches();

  /** Stops watching. */
  @Override
  void close();
}
