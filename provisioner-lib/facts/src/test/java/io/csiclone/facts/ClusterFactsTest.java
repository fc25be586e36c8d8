package io.csiclone.facts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.csiclone.rules.ClassPolicy;
import io.csiclone.rules.CloneFacts;
import io.csiclone.rules.DriverFacts;
import io.csiclone.rules.DriverFacts.CloneSupport;
import io.csiclone.rules.Finding;
import io.csiclone.rules.Mode;
import io.csiclone.rules.NodeAffinity;
import io.csiclone.rules.RuleCode;
import io.csiclone.rules.RulePolicy;
import io.csiclone.rules.SourceFacts;
import io.csiclone.rules.StorageClassFacts;
import io.csiclone.rules.VolumeFacts;
import io.csiclone.rules.VolumeMode;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClusterFactsTest {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Cluster cached = new Cluster();
  private final Cluster now = new Cluster();

  @AfterEach
  void stop() {
    cached.close();
    now.close();
  }

  private ClusterFacts synced() {
    var facts = WatchedFacts.start(cached.client, now.client, PATIENCE);
    await().atMost(PATIENCE).until(facts::synced);
    return facts;
  }

  @Test
  void everythingAboutACloneIsFoundInTheCaches() {
    cached.holdsAClonableClaim();
    int before = now.requests();
    try (var facts = synced()) {
      var found = facts.about(Cluster.copy());
      assertThat(found.source())
          .isEqualTo(
              new SourceFacts(
                  "team-a",
                  "data",
                  "Bound",
                  false,
                  "fast",
                  1L << 30,
                  "pv-1",
                  Set.of("ReadWriteOnce")));
      assertThat(found.sourceVolume())
          .isEqualTo(
              new VolumeFacts(
                  "pv-1",
                  "csi",
                  "disk.example.com",
                  2L << 30,
                  VolumeMode.FILESYSTEM,
                  "ext4",
                  "Bound",
                  true,
                  new NodeAffinity(
                      List.of(
                          new NodeAffinity.Term(
                              List.of(new NodeAffinity.Requirement("zone", "In", List.of("a"))),
                              List.of())))));
      assertThat(found.targetClass())
          .isEqualTo(
              new StorageClassFacts(
                  "fast", "disk.example.com", "ext4", List.of(Map.of("zone", Set.of("a", "b")))));
      assertThat(found.driver())
          .isEqualTo(new DriverFacts("disk.example.com", true, CloneSupport.YES));
      assertThat(facts.judge(Cluster.copy(), RulePolicy.defaults()).allowed()).isTrue();
    }
    assertThat(now.requests()).as("live requests").isEqualTo(before);
  }

  @Test
  void whatTheCachesDoNotHoldIsAskedForLive() {
    now.holdsAClonableClaim();
    try (var facts = synced()) {
      var found = facts.about(Cluster.copy());
      assertThat(found).isEqualTo(facts.aboutLive(Cluster.copy()));
      assertThat(found.driver()).isNotNull();
      assertThat(facts.claim("team-a", "data")).isPresent();
      assertThat(facts.volume("pv-1")).isPresent();
      assertThat(facts.storageClass("fast")).isPresent();
      assertThat(facts.claim("team-a", "nothing")).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"../../nodes/n", "a/b", "Data", "", "-a", "a?x=1", "LONG"})
  void aNameThatNothingCanHaveIsNotAskedFor(String given) {
    var name = given.equals("LONG") ? "x".repeat(254) : given;
    try (var facts = synced()) {
      int before = now.requests();
      assertThat(facts.claim("team-a", name)).isEmpty();
      assertThat(facts.claimLive("team-a", name)).isEmpty();
      assertThat(facts.volume(name)).isEmpty();
      assertThat(facts.storageClass(name)).isEmpty();
      assertThat(now.requests()).isEqualTo(before);
    }
  }

  @Test
  void aCacheThatLagsNeverRefuses() {
    cached.holds(
        Cluster.storageClass(),
        new PersistentVolumeClaimBuilder(Cluster.source())
            .editStatus()
            .withPhase("Pending")
            .endStatus()
            .build());
    now.holdsAClonableClaim();
    try (var facts = synced()) {
      assertThat(facts.about(Cluster.copy()).source())
          .extracting(SourceFacts::phase)
          .isEqualTo("Pending");
      assertThat(facts.judge(Cluster.copy(), RulePolicy.defaults()).denials()).isEmpty();
    }
  }

  @Test
  void aSourceThatWasMadeAnewIsJudgedAsItIsNow() {
    cached.holds(Cluster.storageClass(), Cluster.driver());
    cached.holdsBound(
        new PersistentVolumeClaimBuilder(Cluster.source())
            .editSpec()
            .withStorageClassName("slow")
            .endSpec()
            .build());
    now.holdsAClonableClaim();
    try (var facts = synced()) {
      assertThat(facts.judge(Cluster.copy(), RulePolicy.defaults()).denials()).isEmpty();
      assertThat(facts.claimLive("team-a", "data").map(ClaimReader::storageClass)).contains("fast");
    }
  }

  @Test
  void aRefusalRestsOnWhatIsTrueNow() {
    cached.holds(Cluster.storageClass(), Cluster.driver());
    try (var facts = synced()) {
      assertThat(facts.judge(Cluster.copy(), RulePolicy.defaults()).denials())
          .extracting(Finding::code)
          .containsExactly(RuleCode.NO_STORAGE_CLASS, RuleCode.SOURCE_NOT_FOUND);
    }
  }

  @Test
  void aSourceInAnotherNamespaceIsNotLookedUpWhateverTheMode() throws InterruptedException {
    cached.holdsAClonableClaim();
    now.holdsAClonableClaim();
    cached.holds(namespace("team-b"));
    now.holds(namespace("team-b"));
    var clone = elsewhere(Cluster.copy(), "data");
    try (var facts = syncedForAdmission()) {
      now.paths();
      for (var mode : Mode.values()) {
        var policy = new RulePolicy(Map.of(RuleCode.CROSS_NAMESPACE, mode), ClassPolicy.SAME_CLASS);
        assertThat(facts.about(clone).source()).isNull();
        assertThat(facts.aboutLive(clone).source()).isNull();
        var verdict = facts.judge(clone, policy);
        assertThat(verdict.denials()).hasSize(mode == Mode.DENY ? 1 : 0);
        assertThat(verdict.warnings()).hasSize(mode == Mode.WARN ? 1 : 0);
      }
      assertThat(now.paths()).noneMatch(path -> path.contains("team-a") || path.contains("pv-1"));
    }
  }

  @Test
  void theAnswerIsTheSameWhateverTheOtherNamespaceHolds() {
    cached.holdsAClonableClaim();
    now.holdsAClonableClaim();
    cached.holds(namespace("team-b"));
    now.holds(namespace("team-b"));
    try (var facts = syncedForAdmission()) {
      var there = facts.judge(elsewhere(Cluster.copy(), "data"), RulePolicy.defaults());
      var notThere = facts.judge(elsewhere(Cluster.copy(), "nothing"), RulePolicy.defaults());
      assertThat(there.denials())
          .extracting(Finding::code)
          .containsExactly(RuleCode.CROSS_NAMESPACE);
      assertThat(there).isEqualTo(notThere);
    }
  }

  @Test
  void aSourceThatItsNamespaceGrantsIsLookedUpThere() {
    cached.holdsAClonableClaim();
    now.holdsAClonableClaim();
    try (var facts = synced()) {
      var clone = elsewhere(Cluster.copy(), "data");
      var granted = facts.judgeGranted(clone, RulePolicy.defaults(), UnaryOperator.identity());
      assertThat(granted.verdict().allowed()).as("%s", granted.verdict()).isTrue();
      assertThat(granted.facts().source()).isNotNull();
      assertThat(granted.facts().sourceVolume()).isNotNull();
      assertThat(
              facts
                  .judgeGranted(
                      elsewhere(Cluster.copy(), "nothing"),
                      RulePolicy.defaults(),
                      UnaryOperator.identity())
                  .verdict()
                  .denials())
          .extracting(Finding::code)
          .containsExactly(RuleCode.SOURCE_NOT_FOUND);
    }
  }

  @Test
  void storageClassesAreListedWholeAndTheirChangesTold() {
    cached.holds(Cluster.storageClass());
    var changes = new AtomicInteger();
    try (var facts = synced()) {
      facts.onStorageClassChange(changes::incrementAndGet);
      assertThat(facts.storageClasses())
          .singleElement()
          .satisfies(one ->
              assertThat(one.getProvisioner()).isEqualTo(Cluster.storageClass().getProvisioner()));
      await().atMost(PATIENCE).until(() -> changes.get() > 0);
    }
  }

  private static Namespace namespace(String name) {
    return new NamespaceBuilder().withNewMetadata().withName(name).endMetadata().build();
  }

  private ClusterFacts syncedForAdmission() {
    var facts = WatchedFacts.startForAdmission(cached.client, now.client, PATIENCE);
    await().atMost(PATIENCE).until(facts::synced);
    return facts;
  }

  private static PersistentVolumeClaim tooSmall() {
    return new PersistentVolumeClaimBuilder(Cluster.copy())
        .editSpec()
        .editResources()
        .withRequests(Map.of("storage", new Quantity("1Mi")))
        .endResources()
        .endSpec()
        .build();
  }

  @Test
  void aNamespaceMayTurnARefusalIntoAWarning() {
    cached.holdsAClonableClaim();
    cached.holds(Cluster.namespace(Map.of("csi-clone.io/mode.SizeTooSmall", "warn")));
    int before = now.requests();
    try (var facts = syncedForAdmission()) {
      var verdict = facts.judge(tooSmall(), RulePolicy.defaults());
      assertThat(verdict.denials()).isEmpty();
      assertThat(verdict.warnings())
          .extracting(Finding::code)
          .containsExactly(RuleCode.SIZE_TOO_SMALL);
    }
    assertThat(now.requests()).as("only pods are asked for live").isEqualTo(before + 1);
  }

  @Test
  void aClassHasTheLastWordOnItsClones() {
    now.holdsAClonableClaim();
    now.client
        .storage()
        .v1()
        .storageClasses()
        .withName("fast")
        .edit(found -> {
          found.getMetadata().setAnnotations(Map.of("csi-clone.io/mode.SizeTooSmall", "deny"));
          return found;
        });
    now.holds(Cluster.namespace(Map.of("csi-clone.io/mode.SizeTooSmall", "off")));
    try (var facts = syncedForAdmission()) {
      assertThat(facts.judge(tooSmall(), RulePolicy.defaults()).denials())
          .extracting(Finding::code)
          .containsExactly(RuleCode.SIZE_TOO_SMALL);
    }
  }

  @Test
  void aLabelThatTheCacheHasNotSeenYetCountsBeforeARefusal() {
    cached.holdsAClonableClaim();
    cached.holds(Cluster.namespace(Map.of()));
    now.holdsAClonableClaim();
    now.holds(Cluster.namespace(Map.of("csi-clone.io/mode.SizeTooSmall", "off")));
    try (var facts = syncedForAdmission()) {
      assertThat(facts.judge(tooSmall(), RulePolicy.defaults()).denials()).isEmpty();
    }
  }

  @Test
  void whoeverDoesNotWatchNamespacesAsksForOneOnlyToObject() throws InterruptedException {
    cached.holdsAClonableClaim();
    now.holdsAClonableClaim();
    now.holds(Cluster.namespace(Map.of("csi-clone.io/mode.SizeTooSmall", "off")));
    try (var facts = synced()) {
      now.paths();
      assertThat(facts.judge(Cluster.copy(), RulePolicy.defaults()).allowed()).isTrue();
      assertThat(now.paths()).isEmpty();
      assertThat(facts.judge(tooSmall(), RulePolicy.defaults()).allowed()).isTrue();
      assertThat(now.paths()).containsExactly("/api/v1/namespaces/team-a");
    }
  }

  @Test
  void whatTheCallerKnowsBetterCounts() {
    cached.holdsAClonableClaim();
    now.holdsAClonableClaim();
    try (var facts = synced()) {
      var judged =
          facts.judge(
              Cluster.copy(),
              RulePolicy.defaults(),
              found ->
                  new CloneFacts(
                      found.claim(),
                      found.source(),
                      found.sourceVolume(),
                      found.targetClass(),
                      new DriverFacts("disk.example.com", true, CloneSupport.NO)));
      assertThat(judged.verdict().denials())
          .extracting(Finding::code)
          .containsExactly(RuleCode.CLONING_UNSUPPORTED);
      assertThat(judged.facts().sourceVolume()).isNotNull();
    }
  }

  private static PersistentVolumeClaim onNode(String name) {
    return new PersistentVolumeClaimBuilder(Cluster.copy())
        .editMetadata()
        .addToAnnotations("volume.kubernetes.io/selected-node", name)
        .endMetadata()
        .build();
  }

  @Test
  void theSelectedNodeAloneIsReadAndComparedWithThePlaceOfTheSource() throws InterruptedException {
    cached.holdsAClonableClaim();
    cached.holds(Cluster.namespace(Map.of()));
    now.holds(Cluster.node("node-1", "a"), Cluster.node("node-2", "b"));
    try (var facts = syncedForAdmission()) {
      now.paths();
      assertThat(facts.judge(onNode("node-1"), RulePolicy.defaults()).warnings()).isEmpty();
      assertThat(now.paths())
          .containsExactlyInAnyOrder(
              "/api/v1/namespaces/team-a/pods?fieldSelector=status.phase%21%3DSucceeded%2C"
                  + "status.phase%21%3DFailed&limit=250",
              "/api/v1/nodes/node-1");
      assertThat(facts.judge(onNode("node-2"), RulePolicy.defaults()).warnings())
          .singleElement()
          .satisfies(finding -> {
            assertThat(finding.code()).isEqualTo(RuleCode.TOPOLOGY_CONFLICT);
            assertThat(finding.message()).contains("node-2", "pv-1", "zone in (a)");
          });
      assertThat(facts.judge(onNode("node-9"), RulePolicy.defaults()).warnings())
          .as("of a node that does not exist nothing is known")
          .isEmpty();
    }
  }

  @Test
  void noNodeIsReadWhereItCouldNotMatter() throws InterruptedException {
    cached.holdsAClonableClaim();
    cached.holds(Cluster.namespace(Map.of("csi-clone.io/mode.TopologyConflict", "off")));
    try (var facts = syncedForAdmission()) {
      now.paths();
      assertThat(facts.judge(Cluster.copy(), RulePolicy.defaults()).warnings()).isEmpty();
      assertThat(facts.judge(onNode("node-2"), RulePolicy.defaults()).warnings()).isEmpty();
      assertThat(now.paths()).noneMatch(path -> path.contains("/nodes"));
    }
  }

  @Test
  void aRefusalForThePlaceRestsOnWhatIsTrueNow() {
    cached.holdsAClonableClaim();
    cached.holds(Cluster.namespace(Map.of()));
    now.holds(Cluster.storageClass(), Cluster.driver(), Cluster.node("node-2", "b"));
    now.holdsBound(Cluster.source());
    now.client
        .persistentVolumes()
        .withName("pv-1")
        .edit(volume -> {
          volume.getSpec().setNodeAffinity(null);
          return volume;
        });
    var strict =
        new RulePolicy(Map.of(RuleCode.TOPOLOGY_CONFLICT, Mode.DENY), ClassPolicy.SAME_CLASS);
    try (var facts = syncedForAdmission()) {
      assertThat(facts.judge(onNode("node-2"), strict).denials()).isEmpty();
    }
  }

  private static PersistentVolume free(String name, String size) {
    return new PersistentVolumeBuilder()
        .withNewMetadata()
        .withName(name)
        .endMetadata()
        .withNewSpec()
        .withStorageClassName("fast")
        .addToCapacity("storage", new Quantity(size))
        .withAccessModes("ReadWriteOnce")
        .endSpec()
        .withNewStatus()
        .withPhase("Available")
        .endStatus()
        .build();
  }

  @Test
  void theSmallestFreeVolumeThatWouldBeBoundIsNamed() {
    cached.holdsAClonableClaim();
    cached.holds(
        Cluster.namespace(Map.of()),
        free("pv-large", "9Gi"),
        free("pv-right", "3Gi"),
        free("pv-small", "1Gi"));
    int before = now.requests();
    try (var facts = syncedForAdmission()) {
      assertThat(facts.judge(Cluster.copy(), RulePolicy.defaults()).warnings())
          .singleElement()
          .satisfies(finding -> {
            assertThat(finding.code()).isEqualTo(RuleCode.FREE_VOLUME_WOULD_BIND);
            assertThat(finding.message()).contains("pv-right");
          });
    }
    assertThat(now.requests()).as("only pods are asked for live").isEqualTo(before + 1);
  }

  @Test
  void aVolumeThatIsTakenIsNotFree() {
    cached.holdsAClonableClaim();
    var bound = free("pv-bound", "3Gi");
    bound.getStatus().setPhase("Bound");
    var used = free("pv-used", "3Gi");
    used.getSpec()
        .setClaimRef(
            new ObjectReferenceBuilder()
                .withNamespace("team-a")
                .withName("copy")
                .withUid("of-an-earlier-claim")
                .build());
    cached.holds(Cluster.namespace(Map.of()), bound, used);
    try (var facts = syncedForAdmission()) {
      assertThat(facts.judge(Cluster.copy(), RulePolicy.defaults()).warnings()).isEmpty();
    }
  }

  @Test
  void aFreeVolumeThatWasTakenMeanwhileRefusesNobody() {
    cached.holdsAClonableClaim();
    cached.holds(Cluster.namespace(Map.of()), free("pv-right", "3Gi"));
    now.holdsAClonableClaim();
    var strict =
        new RulePolicy(Map.of(RuleCode.FREE_VOLUME_WOULD_BIND, Mode.DENY), ClassPolicy.SAME_CLASS);
    try (var facts = syncedForAdmission()) {
      assertThat(facts.judge(Cluster.copy(), strict).denials()).isEmpty();
      now.holds(free("pv-right", "3Gi"));
      assertThat(facts.judge(Cluster.copy(), strict).denials())
          .extracting(Finding::code)
          .containsExactly(RuleCode.FREE_VOLUME_WOULD_BIND);
    }
  }

  private static Pod pod(String name, String phase, boolean readOnly) {
    return new PodBuilder()
        .withNewMetadata()
        .withNamespace("team-a")
        .withName(name)
        .endMetadata()
        .withNewSpec()
        .addNewContainer()
        .withName("main")
        .addNewVolumeMount()
        .withName("disk")
        .withMountPath("/data")
        .withReadOnly(readOnly)
        .endVolumeMount()
        .endContainer()
        .addNewVolume()
        .withName("disk")
        .withNewPersistentVolumeClaim("data", false)
        .endVolume()
        .endSpec()
        .withNewStatus()
        .withPhase(phase)
        .endStatus()
        .build();
  }

  @Test
  void aPodThatMayWriteToTheSourceIsNamed() {
    cached.holdsAClonableClaim();
    cached.holds(Cluster.namespace(Map.of()));
    now.holds(pod("done", "Succeeded", false), pod("reader", "Running", true));
    try (var facts = syncedForAdmission()) {
      assertThat(facts.judge(Cluster.copy(), RulePolicy.defaults()).warnings()).isEmpty();
      now.holds(pod("writer", "Running", false));
      await()
          .atMost(PATIENCE)
          .untilAsserted(() ->
              assertThat(facts.judge(Cluster.copy(), RulePolicy.defaults()).warnings())
                  .singleElement()
                  .satisfies(finding -> {
                    assertThat(finding.code()).isEqualTo(RuleCode.SOURCE_IN_USE);
                    assertThat(finding.message()).contains("pod writer, so");
                  }));
    }
  }

  @Test
  void whatIsRefusedForAPodRestsOnThePodsThereAreNow() {
    cached.holdsAClonableClaim();
    cached.holds(Cluster.namespace(Map.of()));
    now.holdsAClonableClaim();
    var strict = new RulePolicy(Map.of(RuleCode.SOURCE_IN_USE, Mode.DENY), ClassPolicy.SAME_CLASS);
    try (var facts = syncedForAdmission()) {
      for (int round = 0; round < 5; round++) {
        assertThat(facts.judge(Cluster.copy(), strict).allowed()).isTrue();
        now.holds(pod("writer", "Running", false));
        assertThat(facts.judge(Cluster.copy(), strict).allowed()).isFalse();
        now.client.pods().inNamespace("team-a").withName("writer").delete();
      }
    }
  }

  @Test
  void aHundredClonesAtOnceDoNotListThePodsAHundredTimes() {
    cached.holdsAClonableClaim();
    cached.holds(Cluster.namespace(Map.of()));
    try (var facts = syncedForAdmission()) {
      int before = now.requests();
      var start = System.nanoTime();
      for (int clone = 0; clone < 100; clone++) {
        assertThat(facts.judge(Cluster.copy(), RulePolicy.defaults()).allowed()).isTrue();
      }
      var seconds = (System.nanoTime() - start) / 1_000_000_000L;
      assertThat(now.requests() - before)
          .as("requests while judging for %d whole seconds", seconds)
          .isLessThanOrEqualTo((int) (2 + seconds));
    }
  }

  @Test
  void theClassOfASourceThatIsBoundIsReadFromTheCacheAndOfNoOther() {
    cached.holdsBound(Cluster.source());
    var pending = Cluster.source();
    pending.getMetadata().setName("pending");
    pending.getStatus().setPhase("Pending");
    cached.holds(pending);
    try (var facts = synced()) {
      // A watch is opened after the list.
      await()
          .atMost(PATIENCE)
          .until(() -> facts.caches().stream().allMatch(WatchedCache::watching));
      int before = now.requests();
      assertThat(facts.storageClassOf("team-a", "data")).contains("fast");
      assertThat(now.requests()).as("live requests for a bound claim").isEqualTo(before);
      // The server that is asked live holds nothing.
      assertThat(facts.storageClassOf("team-a", "pending")).isEmpty();
      assertThat(facts.storageClassOf("team-a", "unknown")).isEmpty();
      assertThat(now.requests()).as("live requests for others").isEqualTo(before + 2);
    }
  }

  @Test
  void podsThatCannotBeReadRefuseACloneOnlyIfTheyMust() throws IOException {
    cached.holdsAClonableClaim();
    cached.holds(Cluster.namespace(Map.of()));
    try (var silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        var client =
            new KubernetesClientBuilder()
                .withConfig(
                    new ConfigBuilder(io.fabric8.kubernetes.client.Config.empty())
                        .withMasterUrl("http://localhost:" + silent.getLocalPort())
                        .build())
                .build();
        var facts = WatchedFacts.startForAdmission(cached.client, client, Duration.ofMillis(300))) {
      await().atMost(PATIENCE).until(facts::synced);
      assertThat(facts.judge(Cluster.copy(), RulePolicy.defaults()).allowed()).isTrue();
      var strict =
          new RulePolicy(Map.of(RuleCode.SOURCE_IN_USE, Mode.DENY), ClassPolicy.SAME_CLASS);
      assertThatExceptionOfType(FactsUnavailableException.class)
          .isThrownBy(() -> facts.judge(Cluster.copy(), strict))
          .withMessageContaining("the pods of namespace team-a");
    }
  }

  private static PersistentVolumeClaim elsewhere(PersistentVolumeClaim clone, String source) {
    return new PersistentVolumeClaimBuilder(clone)
        .editMetadata()
        .withNamespace("team-b")
        .endMetadata()
        .editSpec()
        .withDataSource(null)
        .withNewDataSourceRef()
        .withKind("PersistentVolumeClaim")
        .withName(source)
        .withNamespace("team-a")
        .endDataSourceRef()
        .endSpec()
        .build();
  }

  @Test
  void changesReachTheCaches() {
    try (var facts = synced()) {
      cached.holds(Cluster.source());
      await().atMost(PATIENCE).until(() -> facts.claim("team-a", "data").isPresent());
      cached.client.persistentVolumeClaims().inNamespace("team-a").withName("data").delete();
      await().atMost(PATIENCE).until(() -> facts.claim("team-a", "data").isEmpty());
    }
  }

  @Test
  void aServerThatDoesNotAnswerIsGivenUpInTime() throws IOException {
    try (var silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        var client =
            new KubernetesClientBuilder()
                .withConfig(
                    new ConfigBuilder(io.fabric8.kubernetes.client.Config.empty())
                        .withMasterUrl("http://localhost:" + silent.getLocalPort())
                        .build())
                .build();
        var facts = ClusterFacts.watch(client, Duration.ofMillis(300))) {
      long begun = System.nanoTime();
      assertThatExceptionOfType(FactsUnavailableException.class)
          .isThrownBy(() -> facts.about(Cluster.copy()))
          .withMessageContaining("300 ms")
          .withMessageContaining("storage class fast");
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
      assertThat(facts.synced()).isFalse();
    }
  }

  @Test
  void aServerThatCannotBeReachedIsNamedInTheFailure() throws IOException {
    int port;
    try (var closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = closed.getLocalPort();
    }
    try (var client =
            new KubernetesClientBuilder()
                .withConfig(
                    new ConfigBuilder(io.fabric8.kubernetes.client.Config.empty())
                        .withMasterUrl("http://localhost:" + port)
                        .withRequestRetryBackoffLimit(0)
                        .build())
                .build();
        var facts = ClusterFacts.watch(client, PATIENCE)) {
      assertThatExceptionOfType(FactsUnavailableException.class)
          .isThrownBy(() -> facts.claim("team-a", "data"))
          .withMessageContaining("claim team-a/data");
    }
  }
}
