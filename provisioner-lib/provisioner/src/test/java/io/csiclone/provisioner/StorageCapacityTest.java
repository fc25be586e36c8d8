package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.csiclone.csiproto.ControllerServiceCapability.RPC;
import io.csiclone.csiproto.GetCapacityRequest;
import io.csiclone.csiproto.Topology;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.storage.CSIStorageCapacity;
import io.fabric8.kubernetes.api.model.storage.CSIStorageCapacityBuilder;
import io.grpc.Status;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the scheduler is told of the room there is. */
class StorageCapacityTest extends ProvisionerTestBed {

  private static final String ZONE = "topology.scripted.example.com/zone";
  private static final String SYSTEM = "storage";
  private static final long GIB = 1L << 30;

  /** So rare that whatever is seen was not seen because of it. */
  private static final StorageCapacity RARELY =
      StorageCapacity.in(SYSTEM).refreshedEvery(Duration.ofHours(1));

  @BeforeEach
  void canTellItsCapacity() {
    driver.abilities.add(RPC.Type.GET_CAPACITY);
    storageClass("late", "WaitForFirstConsumer");
  }

  private void zones(String... zones) {
    driver.segments = Map.of(ZONE, zones[0]);
    for (String zone : zones) {
      node("node-in-" + zone, ZONE, zone);
    }
  }

  private Provisioner start(StorageCapacity capacity) {
    return start(driver, builder -> builder.storageCapacity(capacity));
  }

  private List<CSIStorageCapacity> objects() {
    return client.storage().v1().csiStorageCapacities().inNamespace(SYSTEM).list().getItems();
  }

  /** What is said, as class, place and room. */
  private List<String> told() {
    return objects().stream().map(StorageCapacityTest::words).sorted().toList();
  }

  private static String words(CSIStorageCapacity object) {
    return "%s %s %s"
        .formatted(
            object.getStorageClassName(),
            new TreeMap<>(object.getNodeTopology().getMatchLabels()).values(),
            object.getCapacity());
  }

  private void eventuallyTold(String... words) {
    eventually(() -> assertThat(told()).containsExactly(words));
  }

  @Test
  void eachLateClassHasAnObjectForEachSegmentWithTheDriversAnswer() {
    zones("east", "west");
    storageClass("other", "WaitForFirstConsumer", Map.of("tier", "slow"));
    driver.largestVolume = 7 * GIB;
    var owner =
        new OwnerReferenceBuilder()
            .withApiVersion("v1")
            .withKind("Pod")
            .withName("driver-0")
            .withUid("uid-0")
            .build();
    start(RARELY.ownedBy(owner));

    eventuallyTold(
        "late [east] 100Gi", "late [west] 100Gi", "other [east] 100Gi", "other [west] 100Gi");
    assertThat(objects())
        .allSatisfy(object -> {
          assertThat(object.getMaximumVolumeSize()).isEqualTo(new Quantity("7Gi"));
          assertThat(object.getNodeTopology().getMatchLabels()).containsOnlyKeys(ZONE);
          assertThat(object.getMetadata().getOwnerReferences()).containsExactly(owner);
          assertThat(object.getMetadata().getLabels())
              .containsEntry("csi.storage.k8s.io/drivername", ScriptedDriver.NAME)
              .containsEntry("csi.storage.k8s.io/managed-by", "external-provisioner");
        });
    assertThat(driver.capacityQuestions)
        .contains(
            GetCapacityRequest.newBuilder()
                .putParameters("tier", "slow")
                .setAccessibleTopology(Topology.newBuilder().putSegments(ZONE, "west"))
                .build());
  }

  @Test
  void aClassThatDoesNotWaitForAPodGetsObjectsOnlyIfAskedTo() {
    start(RARELY.forImmediateBinding());

    eventuallyTold(CLASS + " [] 100Gi", "late [] 100Gi");
  }

  @Test
  void aDriverWithoutTopologyHasItsRoomEverywhere() {
    start(RARELY);

    eventuallyTold("late [] 100Gi");
    assertThat(client.getKubernetesSerialization().asJson(objects().getFirst()))
        .as("an absent topology would mean nowhere")
        .contains("\"nodeTopology\":{}");
    assertThat(driver.capacityQuestions.getFirst().hasAccessibleTopology()).isFalse();
  }

  @Test
  void nothingIsToldUnlessTheDriverIsSetUpForIt() {
    start();

    never(() -> assertThat(objects()).isEmpty());
    assertThat(driver.capacityQuestions).isEmpty();
  }

  @Test
  void aDriverThatCannotTellIsNotAsked() {
    driver.abilities.remove(RPC.Type.GET_CAPACITY);
    start(RARELY);

    never(() -> assertThat(objects()).isEmpty());
    assertThat(driver.capacityQuestions).isEmpty();
    assertThat(awaitVolumeOf(create(claim("data")))).isNotNull();
  }

  @Test
  void eachVolumeMadeGrownOrDeletedIsFollowedByANewAnswerForItsSegment() {
    zones("east", "west");
    boundClaim("data");
    start(RARELY);
    eventuallyTold("late [east] 100Gi", "late [west] 100Gi");
    untilNothingIsAsked();
    int asked = questions("west");

    driver.room = 90 * GIB;
    awaitVolumeOf(create(claim("made")));
    eventuallyTold("late [east] 90Gi", "late [west] 100Gi");
    assertThat(questions("west")).as("made where there is no change").isEqualTo(asked);

    driver.room = 80 * GIB;
    client
        .persistentVolumes()
        .withName("data-volume")
        .edit(volume -> {
          volume.getSpec().getCapacity().put("storage", new Quantity("2Gi"));
          return volume;
        });
    eventuallyTold("late [east] 80Gi", "late [west] 80Gi");

    driver.room = 95 * GIB;
    var volume = Objects.requireNonNull(volumeOf(get("made")));
    client
        .persistentVolumes()
        .withName(volume.getMetadata().getName())
        .edit(object -> {
          object.getMetadata().getFinalizers().clear();
          return object;
        });
    client.persistentVolumes().withName(volume.getMetadata().getName()).delete();
    eventuallyTold("late [east] 95Gi", "late [west] 80Gi");
  }

  /** What was known before the start may be told again just after it. */
  private void untilNothingIsAsked() {
    var asked = new AtomicInteger();
    await()
        .atMost(PATIENCE)
        .during(Duration.ofSeconds(3))
        .until(() -> asked.getAndSet(driver.capacityQuestions.size()), last -> last == asked.get());
  }

  private int questions(String zone) {
    return (int)
        driver.capacityQuestions.stream()
            .filter(one -> zone.equals(one.getAccessibleTopology().getSegmentsMap().get(ZONE)))
            .count();
  }

  @Test
  void aDriverWithoutRoomIsAskedAtOnceSoThatTheNextPodGoesElsewhere() {
    start(RARELY);
    eventuallyTold("late [] 100Gi");

    driver.room = 0;
    driver.createAnswer = Status.RESOURCE_EXHAUSTED;
    create(
        claim("data")
            .editMetadata()
            .addToAnnotations(Names.SELECTED_NODE, "node-1")
            .endMetadata()
            .editSpec()
            .withStorageClassName("late")
            .endSpec());

    eventuallyTold("late [] 0");
  }

  @Test
  void theDriverIsAskedAgainFromTimeToTime() {
    start(StorageCapacity.in(SYSTEM).refreshedEvery(Duration.ofMillis(200)));
    eventuallyTold("late [] 100Gi");

    driver.room = GIB;
    driver.largestVolume = GIB / 2;
    eventuallyTold("late [] 1Gi");
    assertThat(objects().getFirst().getMaximumVolumeSize()).isEqualTo(new Quantity("512Mi"));

    driver.largestVolume = 0;
    eventually(() -> assertThat(objects().getFirst().getMaximumVolumeSize()).isNull());
  }

  @Test
  void whatDoesNotChangeIsNotWrittenAgain() {
    start(StorageCapacity.in(SYSTEM).refreshedEvery(Duration.ofMillis(100)));
    eventuallyTold("late [] 100Gi");
    String version = objects().getFirst().getMetadata().getResourceVersion();
    int asked = driver.capacityQuestions.size();

    eventually(() -> assertThat(driver.capacityQuestions).hasSizeGreaterThan(asked + 2));
    assertThat(objects().getFirst().getMetadata().getResourceVersion()).isEqualTo(version);
  }

  @Test
  void manyVolumesAtOnceDoNotMakeAsManyQuestions() {
    start(RARELY);
    eventuallyTold("late [] 100Gi");

    driver.room = GIB;
    for (int i = 0; i < 30; i++) {
      create(claim("data-" + i));
    }
    eventually(() -> assertThat(driver.volumes).hasSize(30));
    eventuallyTold("late [] 1Gi");

    assertThat(driver.capacityQuestions).hasSizeLessThan(30);
  }

  @Test
  void classesAndPlacesThatComeAndGoTakeTheirObjectsWithThem() {
    zones("east");
    start(RARELY);
    eventuallyTold("late [east] 100Gi");

    storageClass("later", "WaitForFirstConsumer");
    eventuallyTold("late [east] 100Gi", "later [east] 100Gi");

    client.storage().v1().storageClasses().withName("late").delete();
    eventuallyTold("later [east] 100Gi");

    node("another", ZONE, "west");
    eventuallyTold("later [east] 100Gi", "later [west] 100Gi");

    client
        .nodes()
        .withName("another")
        .edit(node -> {
          node.getMetadata().getLabels().put(ZONE, "north");
          return node;
        });
    eventuallyTold("later [east] 100Gi", "later [north] 100Gi");

    client.storage().v1().csiNodes().withName("another").delete();
    eventuallyTold("later [east] 100Gi");
  }

  private CSIStorageCapacityBuilder left(String name, String driverName, String manager) {
    return new CSIStorageCapacityBuilder()
        .withNewMetadata()
        .withNamespace(SYSTEM)
        .withName(name)
        .addToLabels("csi.storage.k8s.io/drivername", driverName)
        .addToLabels("csi.storage.k8s.io/managed-by", manager)
        .endMetadata()
        .withStorageClassName("late")
        .withNodeTopology(new LabelSelectorBuilder().build())
        .withCapacity(new Quantity("5Gi"));
  }

  private void leave(CSIStorageCapacityBuilder object) {
    client.resource(object.build()).create();
  }

  private List<String> names() {
    return objects().stream().map(object -> object.getMetadata().getName()).sorted().toList();
  }

  @Test
  void whatAnotherInstanceLeftIsTakenOverOrRemovedAndWhatIsOthersStays() {
    leave(left("taken-over", ScriptedDriver.NAME, "external-provisioner"));
    leave(
        left("no-such-class", ScriptedDriver.NAME, "external-provisioner")
            .withStorageClassName("gone"));
    leave(
        left("no-such-place", ScriptedDriver.NAME, "external-provisioner")
            .editNodeTopology()
            .addToMatchLabels(ZONE, "gone")
            .endNodeTopology());
    leave(
        left("odd", ScriptedDriver.NAME, "external-provisioner")
            .editNodeTopology()
            .addNewMatchExpression()
            .withKey(ZONE)
            .withOperator("Exists")
            .endMatchExpression()
            .endNodeTopology());
    leave(left("nowhere", ScriptedDriver.NAME, "external-provisioner").withNodeTopology(null));
    leave(left("of-a-node", ScriptedDriver.NAME, "external-provisioner-node-1"));
    leave(left("of-another-driver", "other.example.com", "external-provisioner"));
    start(RARELY);

    eventually(
        () -> assertThat(names()).containsExactly("of-a-node", "of-another-driver", "taken-over"));
    eventually(() -> assertThat(told()).contains("late [] 100Gi"));
  }

  @Test
  void oneOfTwoAboutTheSameIsRemoved() {
    leave(left("first", ScriptedDriver.NAME, "external-provisioner"));
    leave(left("second", ScriptedDriver.NAME, "external-provisioner"));
    start(RARELY);

    eventuallyTold("late [] 100Gi");
  }

  @Test
  void anObjectThatSomebodyRemovesComesBack() {
    start(RARELY);
    eventuallyTold("late [] 100Gi");
    String uid = objects().getFirst().getMetadata().getUid();

    client.resource(objects().getFirst()).delete();

    eventually(() ->
        assertThat(objects())
            .singleElement()
            .satisfies(object -> assertThat(object.getMetadata().getUid()).isNotEqualTo(uid)));
  }

  @Test
  void anotherOwnerIsWrittenOntoWhatIsTakenOver() {
    leave(
        left("taken-over", ScriptedDriver.NAME, "external-provisioner")
            .editMetadata()
            .withOwnerReferences(new OwnerReference("v1", null, null, "Pod", "old", "uid-old"))
            .endMetadata());
    start(RARELY.ownedBy(new OwnerReference("v1", null, null, "Pod", "new", "uid-new")));

    eventually(() ->
        assertThat(objects())
            .singleElement()
            .satisfies(object ->
                assertThat(object.getMetadata().getOwnerReferences())
                    .extracting(OwnerReference::getUid)
                    .containsExactly("uid-new")));
  }

  @Test
  void aNodesProvisionerTellsOfItsOwnNodeOnly() throws Exception {
    driver.segments = Map.of(ZONE, "node-1");
    try (var second = new ScriptedDriver()) {
      second.abilities.add(RPC.Type.GET_CAPACITY);
      second.segments = Map.of(ZONE, "node-2");
      second.room = GIB;
      start(driver, builder -> builder.nodeName("node-1").storageCapacity(RARELY));
      var other = start(second, builder -> builder.nodeName("node-2").storageCapacity(RARELY));

      eventuallyTold("late [node-1] 100Gi", "late [node-2] 1Gi");
      assertThat(objects())
          .extracting(o -> o.getMetadata().getLabels().get("csi.storage.k8s.io/managed-by"))
          .containsExactlyInAnyOrder("external-provisioner-node-1", "external-provisioner-node-2");
      assertThat(questions("node-2")).isZero();
      other.close();
    }
  }

  @Test
  void theLabelOfALongNodeNameIsALabelAndItsOwn() {
    String one = CapacityObjects.manager("a".repeat(200) + "1");
    String two = CapacityObjects.manager("a".repeat(200) + "2");

    assertThat(one).hasSize(63).isNotEqualTo(two).startsWith("external-provisioner-aaa");
    assertThat(CapacityObjects.manager("n".repeat(42))).hasSize(63);
  }

  @Test
  void ofSeveralInstancesTheOneThatServesTellsAndTheNextTakesItOver() throws Exception {
    try (var second = new ScriptedDriver()) {
      second.abilities.add(RPC.Type.GET_CAPACITY);
      second.room = GIB;
      var first = stand(driver, "first");
      eventuallyTold("late [] 100Gi");
      var other = stand(second, "second");
      never(() -> assertThat(second.capacityQuestions).isEmpty());
      var names = names();

      first.close();

      eventuallyTold("late [] 1Gi");
      assertThat(names()).isEqualTo(names);
      other.close();
    }
  }

  private Provisioner stand(ScriptedDriver at, String identity) {
    return start(
        at,
        builder ->
            builder
                .leaderElection(
                    new LeaderElection(SYSTEM, "scripted", identity, Duration.ofSeconds(3)))
                .storageCapacity(RARELY));
  }

  @Test
  void anOlderClusterIsToldInItsVersion() {
    unserved.add("/apis/storage.k8s.io/v1/namespaces/" + SYSTEM + "/csistoragecapacities");
    start(StorageCapacity.in(SYSTEM).refreshedEvery(Duration.ofMillis(200)));
    Supplier<List<Quantity>> rooms =
        () ->
            client
                .storage()
                .v1beta1()
                .csiStorageCapacities()
                .inNamespace(SYSTEM)
                .list()
                .getItems()
                .stream()
                .map(object -> object.getCapacity())
                .toList();

    eventually(() -> assertThat(rooms.get()).containsExactly(new Quantity("100Gi")));
    driver.room = GIB;
    eventually(() -> assertThat(rooms.get()).containsExactly(new Quantity("1Gi")));
    client.storage().v1().storageClasses().withName("late").delete();
    eventually(() -> assertThat(rooms.get()).isEmpty());
  }

  @Test
  void aClusterThatCannotBeToldIsServedAllTheSame() {
    unserved.add("csistoragecapacities");
    start(RARELY);

    assertThat(awaitVolumeOf(create(claim("data")))).isNotNull();
    assertThat(driver.capacityQuestions).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"INTERNAL", "UNAVAILABLE"})
  void aDriverThatDoesNotAnswerIsAskedAgainAndItsClaimsAreServedMeanwhile(Status.Code code) {
    driver.capacityAnswer = code.toStatus();
    start(RARELY);
    eventually(() -> assertThat(driver.capacityQuestions).hasSizeGreaterThan(1));
    assertThat(awaitVolumeOf(create(claim("data")))).isNotNull();
    assertThat(objects()).isEmpty();

    driver.capacityAnswer = null;

    eventuallyTold("late [] 100Gi");
  }

  @Test
  void dashboardsSeeHowManyObjectsThereAreToBeAndAre() {
    var meters = new SimpleMeterRegistry();
    storageClass("refused", "WaitForFirstConsumer", Map.of("csi.storage.k8s.io/no-such", "x"));
    var provisioner = start(driver, builder -> builder.meters(meters).storageCapacity(RARELY));

    eventually(() -> {
      assertThat(gauge(meters, "csistoragecapacities.desired.goal")).isEqualTo(2);
      assertThat(gauge(meters, "csistoragecapacities.desired.current")).isEqualTo(1);
      assertThat(gauge(meters, "csistoragecapacities.obsolete")).isEqualTo(0);
    });
    provisioner.close();
    assertThat(meters.find("csistoragecapacities.desired.goal").gauge())
        .as("of an instance that tells no more")
        .isNull();
  }

  private static @Nullable Double gauge(SimpleMeterRegistry meters, String name) {
    var gauge = meters.find(name).gauge();
    return gauge == null ? null : gauge.value();
  }

  @Test
  void settingsThatCannotBeUsedAreRefusedByName() {
    assertThatThrownBy(() -> StorageCapacity.in(" ")).hasMessageContaining("namespace");
    assertThatThrownBy(() -> RARELY.refreshedEvery(Duration.ZERO))
        .hasMessageContaining("refreshed every PT0S");
  }
}
