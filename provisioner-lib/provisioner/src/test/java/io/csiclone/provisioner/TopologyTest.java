package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.Topology;
import io.csiclone.csiproto.TopologyRequirement;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.TopologySelectorTermBuilder;
import io.grpc.Status;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One provisioner for all nodes of a driver whose volumes are in zones. */
class TopologyTest extends ProvisionerTestBed {

  private static final String ZONE = "topology.scripted.example.com/zone";

  @BeforeEach
  void makeNodes() {
    driver.segments = Map.of(ZONE, "east");
    node("node-1", "east");
    node("node-2", "east");
    node("node-3", "west");
    storageClass("late", "WaitForFirstConsumer");
  }

  private void node(String name, String zone) {
    node(name, ZONE, zone);
  }

  private void classInZones(String name, String bindingMode, String... zones) {
    client
        .resource(
            Manifests.storageClass(name, bindingMode)
                .addToAllowedTopologies(
                    new TopologySelectorTermBuilder()
                        .addNewMatchLabelExpression()
                        .withKey(ZONE)
                        .withValues(zones)
                        .endMatchLabelExpression()
                        .build())
                .build())
        .create();
  }

  private PersistentVolumeClaim waiting(String name, String storageClass, String selectedNode) {
    return create(
        claim(name)
            .editMetadata()
            .addToAnnotations(Names.SELECTED_NODE, selectedNode)
            .endMetadata()
            .editSpec()
            .withStorageClassName(storageClass)
            .endSpec());
  }

  private TopologyRequirement asked() {
    eventually(() -> assertThat(driver.creates).isNotEmpty());
    return driver.creates.getFirst().getAccessibilityRequirements();
  }

  private static List<String> zones(List<Topology> places) {
    return places.stream().map(place -> place.getSegmentsOrThrow(ZONE)).toList();
  }

  private static UnaryOperator<PersistentVolumeBuilder> in(String zone) {
    return volume ->
        volume
            .editSpec()
            .withNewNodeAffinity()
            .withNewRequired()
            .addNewNodeSelectorTerm()
            .addNewMatchExpression()
            .withKey(ZONE)
            .withOperator("In")
            .withValues(zone)
            .endMatchExpression()
            .endNodeSelectorTerm()
            .endRequired()
            .endNodeAffinity()
            .endSpec();
  }

  @Test
  void theZoneOfTheSelectedNodeIsPreferredAndOthersWillDo() {
    start();
    waiting("data", "late", "node-3");

    assertThat(zones(asked().getRequisiteList())).containsExactly("east", "west");
    assertThat(zones(asked().getPreferredList())).containsExactly("west", "east");
  }

  @Test
  void strictlyOnlyTheZoneOfTheSelectedNodeWillDo() {
    start(driver, ProvisionerBuilder::strictTopology);
    waiting("data", "late", "node-3");

    assertThat(zones(asked().getRequisiteList())).containsExactly("west");
    assertThat(zones(asked().getPreferredList())).containsExactly("west");
  }

  @Test
  void allowedTopologiesLimitWhatWillDoForASelectedNode() {
    node("node-4", "north");
    classInZones("limited", "WaitForFirstConsumer", "north", "west");
    start();
    waiting("data", "limited", "node-3");

    assertThat(zones(asked().getRequisiteList())).containsExactly("north", "west");
    assertThat(zones(asked().getPreferredList())).containsExactly("west", "north");
  }

  @ParameterizedTest(name = "strict: {0}")
  @ValueSource(booleans = {false, true})
  void aNodeOutsideOfTheAllowedTopologiesIsNamed(boolean strict) {
    classInZones("limited", "WaitForFirstConsumer", "west");
    start(driver, builder -> strict ? builder.strictTopology() : builder);
    waiting("data", "limited", "node-1");

    eventually(() ->
        assertThat(eventsAbout("data"))
            .singleElement()
            .asString()
            .contains("node-1", "east", "storage class limited"));
    assertThat(driver.creates).isEmpty();
  }

  @Test
  void strictlyWithinTheAllowedTopologiesOnlyTheZoneOfTheSelectedNodeWillDo() {
    classInZones("limited", "WaitForFirstConsumer", "east", "west");
    start(driver, ProvisionerBuilder::strictTopology);
    waiting("data", "limited", "node-3");

    assertThat(zones(asked().getRequisiteList())).containsExactly("west");
    assertThat(zones(asked().getPreferredList())).containsExactly("west");
  }

  @Test
  void nodesWhereTheDriverTellsPlacesByOtherKeysAreNoPlaceForASelectedOnesVolume() {
    node("node-4", "topology.scripted.example.com/rack", "r1");
    start();
    waiting("data", "late", "node-3");

    assertThat(zones(asked().getRequisiteList())).containsExactly("east", "west");
  }

  @Test
  void aSelectedNodeWithoutTheDriversLabelIsNamedAndStaysSelected() {
    node("node-4", "north");
    client
        .nodes()
        .withName("node-4")
        .edit(node -> {
          node.getMetadata().getLabels().clear();
          return node;
        });
    start();
    waiting("data", "late", "node-4");

    eventually(() ->
        assertThat(eventsAbout("data"))
            .singleElement()
            .asString()
            .contains("node node-4 lacks the label " + ZONE));
    assertThat(get("data").getMetadata().getAnnotations())
        .containsEntry(Names.SELECTED_NODE, "node-4");
    assertThat(driver.creates).isEmpty();
  }

  @Test
  void anotherFailureThanLackOfRoomKeepsTheSelectedNode() {
    driver.nextCreates.add(Status.INTERNAL);
    driver.nextCreates.add(Status.OUT_OF_RANGE);
    start();

    var claim = waiting("data", "late", "node-1");

    awaitVolumeOf(claim);
    assertThat(driver.creates).hasSize(3);
    assertThat(get("data").getMetadata().getAnnotations())
        .containsEntry(Names.SELECTED_NODE, "node-1");
  }

  @Test
  void aClaimNoPodWaitsForMayBeInAnyZoneAndReplicasBeginWithAnother() {
    start();
    create(claim("data-db-0"));
    create(claim("data-db-1"));

    eventually(() -> assertThat(driver.creates).hasSize(2));

    assertThat(driver.creates)
        .allSatisfy(request ->
            assertThat(zones(request.getAccessibilityRequirements().getRequisiteList()))
                .containsExactly("east", "west"));
    assertThat(driver.creates)
        .extracting(
            request -> zones(request.getAccessibilityRequirements().getPreferredList()).getFirst())
        .containsExactlyInAnyOrder("east", "west");
  }

  @Test
  void aClaimNoPodWaitsForStaysWithinTheAllowedTopologies() {
    classInZones("limited", "Immediate", "west");
    start(driver, ProvisionerBuilder::noImmediateTopology);
    create(claim("data").editSpec().withStorageClassName("limited").endSpec());

    assertThat(zones(asked().getRequisiteList())).containsExactly("west");
  }

  @Test
  void ifToldSoAClaimNoPodWaitsForIsAskedForWithoutAPlace() {
    start(driver, ProvisionerBuilder::noImmediateTopology);
    create(claim("data"));

    eventually(() -> assertThat(driver.creates).isNotEmpty());

    assertThat(driver.creates.getFirst().hasAccessibilityRequirements()).isFalse();
  }

  @Test
  void aCloneIsMadeWhereItsSourceIs() {
    boundClaim("origin", in("west"));
    start();
    create(clone("copy", "origin"));

    assertThat(zones(asked().getRequisiteList())).containsExactly("west");
    assertThat(zones(asked().getPreferredList())).containsExactly("west");
  }

  @Test
  void evenWithoutImmediateTopologyACloneIsAskedForWhereItsSourceIs() {
    boundClaim("origin", in("west"));
    start(driver, ProvisionerBuilder::noImmediateTopology);
    create(clone("copy", "origin"));

    assertThat(zones(asked().getRequisiteList())).containsExactly("west");
  }

  @Test
  void aPodScheduledAwayFromTheSourceOfItsCloneIsScheduledAgainWithAReason() {
    boundClaim(
        "origin",
        volume -> in("west").apply(volume).editSpec().withStorageClassName("late").endSpec());
    client
        .resource(get("origin"))
        .edit(origin -> {
          origin.getSpec().setStorageClassName("late");
          return origin;
        });
    start();
    create(
        clone("copy", "origin")
            .editMetadata()
            .addToAnnotations(Names.SELECTED_NODE, "node-1")
            .endMetadata()
            .editSpec()
            .withStorageClassName("late")
            .endSpec());

    eventually(() ->
        assertThat(get("copy").getMetadata().getAnnotations())
            .doesNotContainKey(Names.SELECTED_NODE));
    eventually(() ->
        assertThat(eventsAbout("copy"))
            .contains(
                "Warning ProvisioningFailed: TopologyConflict: volume origin-volume of source claim"
                    + " team-a/origin cannot be reached from the selected node node-1; the pod has"
                    + " to run where that volume is"));
    assertThat(driver.creates).isEmpty();
  }

  @Test
  void aSelectedNodeThatIsGoneIsGivenBackToTheScheduler() {
    start();
    waiting("data", "late", "node-9");
    // One that is there, but does not run the driver.
    client.nodes().resource(nodeWithoutDriver("node-8")).create();
    waiting("other", "late", "node-8");

    eventually(() ->
        assertThat(get("data").getMetadata().getAnnotations())
            .doesNotContainKey(Names.SELECTED_NODE));
    eventually(
        () -> assertThat(eventsAbout("data")).anyMatch(event -> event.contains("node-9 is gone")));
    eventually(() ->
        assertThat(get("other").getMetadata().getAnnotations())
            .doesNotContainKey(Names.SELECTED_NODE));
  }

  private static Node nodeWithoutDriver(String name) {
    return new NodeBuilder().withNewMetadata().withName(name).endMetadata().build();
  }

  @Test
  void aFullZoneGivesTheClaimBackToTheScheduler() {
    driver.nextCreates.add(Status.RESOURCE_EXHAUSTED.withDescription("east is full"));
    start();
    waiting("data", "late", "node-1");

    eventually(() ->
        assertThat(get("data").getMetadata().getAnnotations())
            .doesNotContainKey(Names.SELECTED_NODE));
    eventually(() ->
        assertThat(eventsAbout("data"))
            .contains(
                "Warning ProvisioningFailed: RESOURCE_EXHAUSTED: east is full; another node will"
                    + " be tried"));
  }

  @Test
  void whatWasAskedForStaysTheSameThoughNodesComeWhileNobodyServes() {
    driver.createAnswer = Status.ABORTED;
    var first = start();
    var claim = create(claim("data"));
    var before = asked();
    first.close();
    node("node-5", "north");
    driver.createAnswer = null;

    start();

    awaitVolumeOf(claim);
    assertThat(driver.creates.getLast().getAccessibilityRequirements()).isEqualTo(before);
    eventually(() ->
        assertThat(get("data").getMetadata().getAnnotations()).doesNotContainKey(Names.PLACE));
  }

  @Test
  void theVolumeSaysFromWhereItCanBeReached() {
    start();
    var volume = awaitVolumeOf(create(claim("data")));

    var term =
        Objects.requireNonNull(volume.getSpec().getNodeAffinity())
            .getRequired()
            .getNodeSelectorTerms()
            .getFirst();
    assertThat(term.getMatchExpressions().getFirst().getValues()).containsExactly("east");
  }
}
