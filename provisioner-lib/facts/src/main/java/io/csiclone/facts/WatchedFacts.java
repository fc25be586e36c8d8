package io.csiclone.facts;

import io.csiclone.facts.Trimmed.Kept;
import io.csiclone.rules.ClaimFacts;
import io.csiclone.rules.CloneFacts;
import io.csiclone.rules.CloneRules;
import io.csiclone.rules.DriverFacts;
import io.csiclone.rules.Mode;
import io.csiclone.rules.RuleCode;
import io.csiclone.rules.RulePolicy;
import io.csiclone.rules.SourceFacts;
import io.csiclone.rules.StorageClassFacts;
import io.csiclone.rules.Surroundings;
import io.csiclone.rules.Verdict;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Informable;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Informers for what is asked often, GETs for what they do not hold. */
final class WatchedFacts implements ClusterFacts {

  private static final Logger LOG = LoggerFactory.getLogger(ClusterFacts.class);

  /** How many objects a list brings at a time; they are large before they are packed. */
  private static final long PAGE = 500;

  private final KubernetesClient client;
  private final Duration patience;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final SharedIndexInformer<PersistentVolumeClaim> claims;
  private final SharedIndexInformer<PersistentVolume> volumes;
  private final SharedIndexInformer<StorageClass> classes;
  private final SharedIndexInformer<CSIDriver> drivers;
  private final @Nullable SharedIndexInformer<Namespace> namespaces;

  private final PackedStore<StorageClass, Kept<StorageClass, StorageClassFacts>> keptClasses =
      new PackedStore<>(Trimmed.classes());
  private final PackedStore<CSIDriver, Kept<CSIDriver, DriverFacts>> keptDrivers =
      new PackedStore<>(Trimmed.drivers());
  private final PackedStore<PersistentVolumeClaim, PackedClaim> packedClaims =
      new PackedStore<>(new PackedClaim.Of());
  private final PackedStore<PersistentVolume, PackedVolume> packedVolumes =
      new PackedStore<>(new PackedVolume.Of());

  private final RecentWriters recentWriters = new RecentWriters();
  private final WatchedCache claimsState;
  private final List<WatchedCache> caches;
  private final List<SharedIndexInformer<?>> informers;

  private volatile boolean closed;

  /** Those that are started and stopped here. */
  private final List<SharedIndexInformer<?>> own = new ArrayList<>();

  /**
   * Prepares to watch.
   *
   * @param given the caller's informers for claims and volumes, or null to have them here
   */
  private WatchedFacts(
      KubernetesClient watched,
      KubernetesClient live,
      Duration patience,
      boolean admission,
      @Nullable Given given) {
    this.client = live;
    this.patience = patience;
    this.claims =
        given == null
            ? informer("claims", watched.persistentVolumeClaims().inAnyNamespace())
            : given.claims;
    this.volumes = given == null ? informer("volumes", watched.persistentVolumes()) : given.volumes;
    this.classes = informer("storage classes", watched.storage().v1().storageClasses());
    this.drivers = informer("CSIDrivers", watched.storage().v1().csiDrivers());
    this.namespaces = admission ? informer("namespaces", watched.namespaces()) : null;
    classes.itemStore(keptClasses);
    drivers.itemStore(keptDrivers);
    if (namespaces != null) {
      namespaces.itemStore(new PackedStore<>(Trimmed.namespaces()));
      claims.itemStore(packedClaims);
      volumes.itemStore(packedVolumes);
      volumes.addIndexers(Map.of(FreeVolumes.INDEX, FreeVolumes::keys));
    }
    var states = new ArrayList<WatchedCache>();
    this.claimsState = new InformerCache("claims", claims);
    states.add(claimsState);
    states.add(new InformerCache("volumes", volumes));
    states.add(new InformerCache("storage_classes", classes));
    states.add(new InformerCache("csi_drivers", drivers));
    if (namespaces != null) {
      states.add(new InformerCache("namespaces", namespaces));
    }
    this.caches = List.copyOf(states);
    this.informers =
        namespaces == null
            ? List.of(claims, volumes, classes, drivers)
            : List.of(claims, volumes, classes, drivers, namespaces);
  }

  /** Informers of the caller. */
  private record Given(
      SharedIndexInformer<PersistentVolumeClaim> claims,
      SharedIndexInformer<PersistentVolume> volumes) {}

  /** Watches what these informers do not. */
  static ClusterFacts startBeside(
      KubernetesClient client,
      SharedIndexInformer<PersistentVolumeClaim> claims,
      SharedIndexInformer<PersistentVolume> volumes) {
    return started(new WatchedFacts(client, client, PATIENCE, false, new Given(claims, volumes)));
  }

  /**
   * Watches with one client and asks live with the other, which in a test sees a newer cluster than
   * the caches do.
   */
  static ClusterFacts start(KubernetesClient watched, KubernetesClient live, Duration patience) {
    return started(new WatchedFacts(watched, live, patience, false, null));
  }

  /** Like {@link #start}, with namespaces. */
  static ClusterFacts startForAdmission(
      KubernetesClient watched, KubernetesClient live, Duration patience) {
    return started(new WatchedFacts(watched, live, patience, true, null));
  }

  private static ClusterFacts started(WatchedFacts facts) {
    facts.own.forEach(WatchedFacts::start);
    return facts;
  }

  private <T extends HasMetadata> SharedIndexInformer<T> informer(
      String what, Informable<T> resources) {
    SharedIndexInformer<T> informer =
        resources
            .withLimit(PAGE)
            .runnableInformer(0)
            .removeNamespaceIndex()
            .exceptionHandler((started, failure) -> {
              if (closed) {
                return false;
              }
              LOG.warn("Watching {} failed and is tried again: {}", what, failure.toString());
              return true;
            });
    own.add(informer);
    return informer;
  }

  private static void start(SharedIndexInformer<?> informer) {
    var _ =
        informer
            .start()
            .exceptionally(failure -> {
              LOG.debug("Watching {} ended before its start", informer, failure);
              return null;
            });
  }

  private LiveLookup live() {
    return new LiveLookup(client, threads, patience);
  }

  private Lookup cached() {
    return cached(live());
  }

  private Lookup cached(Lookup otherwise) {
    var cache =
        new CacheLookup(
            claims.getIndexer(),
            volumes.getIndexer(),
            keptClasses,
            keptDrivers,
            namespaces == null ? null : namespaces.getIndexer(),
            otherwise);
    return namespaces == null ? cache : new PackedLookup(packedClaims, packedVolumes, cache);
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
    if (namespaces != null) {
      // A live read of everything would do, but for free volumes, which only a whole cache tells.
      live.awaitSynced(this::synced);
    }
    var situation = situation(written, policy, known, cached(live));
    var verdict = situation.verdict();
    if (verdict.allowed() && namespaces != null) {
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
    if (namespaces == null) {
      // Each namespace would be asked for live, and there is no index of free volumes.
      boolean spotless = CloneRules.judge(facts, RulePolicy.strictest()).allowed();
      return new Situation(facts, spotless ? policy : Gathering.policy(clone, policy, lookup));
    }
    var free = FreeVolumes.find(facts.claim(), volumes.getIndexer(), lookup);
    return new Situation(
        facts.in(new Surroundings(free, List.of(), null)), Gathering.policy(clone, policy, lookup));
  }

  private Situation withUnwatched(Situation situation, LiveLookup live) {
    return namespaces == null ? situation : withSelectedNode(withWriters(situation, live), live);
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
    var cached = cachedSource(namespace, name);
    return cached != null && claimsState.watching() && keepsItsClass(cached)
        ? Optional.ofNullable(cached.storageClassName())
        : claimLive(namespace, name).map(ClaimReader::storageClass);
  }

  private @Nullable SourceFacts cachedSource(String namespace, String name) {
    var key = namespace + "/" + name;
    if (namespaces == null) {
      var claim = claims.getIndexer().getByKey(key);
      return claim == null ? null : ClaimReader.source(claim);
    }
    var packed = packedClaims.packed(key);
    return packed == null ? null : packed.source(namespace, name).facts();
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
    // The store lists names only.
    return classes.getStore().listKeys().stream()
        .map(classes.getStore()::getByKey)
        .filter(Objects::nonNull)
        .toList();
  }

  @Override
  public void onStorageClassChange(Runnable changed) {
    classes.addEventHandler(
        new ResourceEventHandler<>() {
          @Override
          public void onAdd(StorageClass object) {
            changed.run();
          }

          @Override
          public void onUpdate(StorageClass before, StorageClass object) {
            changed.run();
          }

          @Override
          public void onDelete(StorageClass object, boolean unseen) {
            changed.run();
          }
        });
  }

  @Override
  public boolean synced() {
    for (var informer : informers) {
      if (!informer.hasSynced()) {
        return false;
      }
    }
    return true;
  }

  @Override
  public List<WatchedCache> caches() {
    return caches;
  }

  @Override
  public void close() {
    closed = true;
    own.forEach(SharedIndexInformer::stop);
    threads.shutdownNow();
  }
}
