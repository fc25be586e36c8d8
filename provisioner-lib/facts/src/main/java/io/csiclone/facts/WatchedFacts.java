package io.csiclone.facts;

import io.csiclone.rules.ClaimFacts;
import io.csiclone.rules.CloneFacts;
import io.csiclone.rules.CloneRules;
import io.csiclone.rules.Mode;
import io.csiclone.rules.RuleCode;
import io.csiclone.rules.RulePolicy;
import io.csiclone.rules.SourceFacts;
import io.csiclone.rules.Surroundings;
import io.csiclone.rules.Verdict;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Informers for what is asked often, GETs for what they do not hold. */
final class WatchedFacts implements ClusterFacts {

  private static final Logger LOG = LoggerFactory.getLogger(ClusterFacts.class);

  private final KubernetesClient client;
  private final Duration patience;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final RecentWriters recentWriters = new RecentWriters();
  private final ClusterCaches caches;

  private WatchedFacts(KubernetesClient live, Duration patience, ClusterCaches caches) {
    this.client = live;
    this.patience = patience;
    this.caches = caches;
  }

  /** Watches what these informers do not. */
  static ClusterFacts startBeside(
      KubernetesClient client,
      SharedIndexInformer<PersistentVolumeClaim> claims,
      SharedIndexInformer<PersistentVolume> volumes) {
    return started(client, PATIENCE, ClusterCaches.beside(client, claims, volumes));
  }

  /**
   * Watches with one client and asks live with the other, which in a test sees a newer cluster than
   * the caches do.
   */
  static ClusterFacts start(KubernetesClient watched, KubernetesClient live, Duration patience) {
    return started(live, patience, ClusterCaches.of(watched));
  }

  /** Like {@link #start}, with namespaces. */
  static ClusterFacts startForAdmission(
      KubernetesClient watched, KubernetesClient live, Duration patience) {
    return started(live, patience, ClusterCaches.forAdmission(watched));
  }

  private static ClusterFacts started(
      KubernetesClient live, Duration patience, ClusterCaches caches) {
    caches.start();
    return new WatchedFacts(live, patience, caches);
  }

  private LiveLookup live() {
    return new LiveLookup(client, threads, patience);
  }

  private Lookup cached() {
    return caches.lookup(live());
  }

  @Override
  public CloneFacts about(PersistentVolumeClaim clone) {
    return Gathering.gather(ClaimReader.clone(clone), cached());
  }

  @Override
  public CloneFacts aboutLive(PersistentVolumeClaim clone) {
    return Gathering.gather(ClaimReader.clone(clone), live());
  }

  @Override
  public Judgement judge(
      PersistentVolumeClaim clone, RulePolicy policy, UnaryOperator<CloneFacts> known) {
    return judge(ClaimReader.clone(clone), policy, known);
  }

  @Override
  public Verdict judge(ClaimFacts clone, RulePolicy policy) {
    return judge(clone, policy, UnaryOperator.identity()).verdict();
  }

  @Override
  public Judgement judgeGranted(
      PersistentVolumeClaim clone, RulePolicy policy, UnaryOperator<CloneFacts> known) {
    return judge(ClaimReader.clone(clone).granted(), policy, known);
  }

  private Judgement judge(ClaimFacts written, RulePolicy policy, UnaryOperator<CloneFacts> known) {
    // One look-up, so that all attempts together stay within the patience for one question.
    var live = live();
    if (caches.forAdmission()) {
      // A live read of everything would do, but for free volumes, which only a whole cache tells.
      live.awaitSynced(caches::synced);
    }
    var situation = situation(written, policy, known, caches.lookup(live));
    var verdict = situation.verdict();
    if (verdict.allowed() && caches.forAdmission()) {
      var before = situation;
      situation = withUnwatched(before, live);
      if (situation != before) {
        verdict = situation.verdict();
      }
    }
    if (!verdict.allowed()) {
      situation = withUnwatched(situation(written, policy, known, live), live);
      verdict = situation.verdict();
    }
    return new Judgement(situation.facts(), verdict);
  }

  /** What is to be judged, and how. */
  private record Situation(CloneFacts facts, RulePolicy policy) {
    Verdict verdict() {
      return CloneRules.judge(facts, policy);
    }

    Situation in(Surroundings surroundings) {
      return new Situation(facts.in(surroundings), policy);
    }
  }

  private Situation situation(
      ClaimFacts clone, RulePolicy policy, UnaryOperator<CloneFacts> known, Lookup lookup) {
    var facts = known.apply(Gathering.gather(clone, lookup));
    if (!caches.forAdmission()) {
      // Each namespace would be asked for live, and there is no index of free volumes.
      boolean spotless = CloneRules.judge(facts, RulePolicy.strictest()).allowed();
      return new Situation(facts, spotless ? policy : Gathering.policy(clone, policy, lookup));
    }
    var free = FreeVolumes.find(facts.claim(), caches.volumes(), lookup);
    return new Situation(
        facts.in(new Surroundings(free, List.of(), null)), Gathering.policy(clone, policy, lookup));
  }

  private Situation withUnwatched(Situation situation, LiveLookup live) {
    return !caches.forAdmission()
        ? situation
        : withSelectedNode(withWriters(situation, live), live);
  }

  /**
   * Pods change too often to be watched, so they are asked for. What only warns may be a moment
   * old; what refuses may not.
   */
  private Situation withWriters(Situation situation, LiveLookup live) {
    var source = situation.facts().source();
    var mode = situation.policy().mode(RuleCode.SOURCE_IN_USE);
    if (source == null || mode == Mode.OFF) {
      return situation;
    }
    try {
      var around = situation.facts().surroundings();
      var writers =
          mode == Mode.DENY
              ? live.writers(source.namespace(), source.name())
              : recentWriters.of(source.namespace(), source.name(), live);
      if (writers.equals(around.writers())) {
        return situation;
      }
      return situation.in(new Surroundings(around.freeVolume(), writers, around.selectedNode()));
    } catch (FactsUnavailableException e) {
      return without(situation, mode, e);
    }
  }

  /** Only of a claim that comes with a node, for a source that is not everywhere. */
  private static Situation withSelectedNode(Situation situation, LiveLookup live) {
    var name = situation.facts().claim().selectedNode();
    var volume = situation.facts().sourceVolume();
    var mode = situation.policy().mode(RuleCode.TOPOLOGY_CONFLICT);
    if (name == null || volume == null || volume.nodeAffinity() == null || mode == Mode.OFF) {
      return situation;
    }
    try {
      var around = situation.facts().surroundings();
      var node = live.node(name).orElse(null);
      return situation.in(new Surroundings(around.freeVolume(), around.writers(), node));
    } catch (FactsUnavailableException e) {
      return without(situation, mode, e);
    }
  }

  /** A warning is not worth refusing a clone for. */
  private static Situation without(
      Situation situation, Mode mode, FactsUnavailableException missing) {
    if (mode == Mode.DENY) {
      throw missing;
    }
    LOG.debug("A warning is left out", missing);
    return situation;
  }

  @Override
  public RulePolicy policy(ClaimFacts clone, RulePolicy policy) {
    return Gathering.policy(clone, policy, cached());
  }

  @Override
  public Optional<PersistentVolumeClaim> claim(String namespace, String name) {
    return cached().claim(namespace, name);
  }

  @Override
  public Optional<PersistentVolumeClaim> claimLive(String namespace, String name) {
    return live().claim(namespace, name);
  }

  @Override
  public Optional<String> storageClassOf(String namespace, String name) {
    var cached = caches.source(namespace, name);
    return cached != null && caches.claimsAreWatched() && keepsItsClass(cached)
        ? Optional.ofNullable(cached.storageClassName())
        : claimLive(namespace, name).map(ClaimReader::storageClass);
  }

  private static boolean keepsItsClass(SourceFacts claim) {
    return claim.storageClassName() != null
        && !claim.storageClassName().isEmpty()
        && claim.phase().equals("Bound")
        && !claim.terminating();
  }

  @Override
  public Optional<PersistentVolume> volume(String name) {
    return cached().volume(name);
  }

  @Override
  public Optional<StorageClass> storageClass(String name) {
    return cached().storageClass(name);
  }

  @Override
  public List<StorageClass> storageClasses() {
    return caches.storageClasses();
  }

  @Override
  public void onStorageClassChange(Runnable changed) {
    caches.onStorageClassChange(changed);
  }

  @Override
  public boolean synced() {
    return caches.synced();
  }

  @Override
  public List<WatchedCache> caches() {
    return caches.states();
  }

  @Override
  public void close() {
    caches.close();
    threads.shutdownNow();
  }
}
