package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.Topology;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A provisioner and a driver on each of two nodes. */
class NodeLocalTest extends ProvisionerTestBed {

  private static final String KEY = "topology.scripted.example.com/node";

  private final ScriptedDriver first = driver;
  private final ScriptedDriver second = new ScriptedDriver();

  @BeforeEach
  void placeDrivers() {
    first.segments = Map.of(KEY, "node-1");
    second.segments = Map.of(KEY, "node-2");
    storageClass("late", "WaitForFirstConsumer");
  }

  @AfterEach
  void stopSecond() throws InterruptedException {
    second.close();
  }

  private void startBoth() {
    start(first, builder -> builder.nodeName("node-1"));
    start(second, builder -> builder.nodeName("node-2"));
  }

  private void selectNode(String claim, String node) {
    client
        .resource(get(claim))
        .edit(object -> {
          object.getMetadata().getAnnotations().put(Names.SELECTED_NODE, node);
          return object;
        });
  }

  private static PersistentVolumeBuilder on(String node, PersistentVolumeBuilder volume) {
    return volume
        .editSpec()
        .withNewNodeAffinity()
        .withNewRequired()
        .addNewNodeSelectorTerm()
        .addNewMatchExpression()
        .withKey(KEY)
        .withOperator("In")
        .withValues(node)
        .endMatchExpression()
        .endNodeSelectorTerm()
        .endRequired()
        .endNodeAffinity()
        .endSpec();
  }

  private static String place(PersistentVolume volume) {
    var term = volume.getSpec().getNodeAffinity().getRequired().getNodeSelectorTerms().getFirst();
    var expression = term.getMatchExpressions().getFirst();
    assertThat(expression.getKey()).isEqualTo(KEY);
    assertThat(expression.getOperator()).isEqualTo("In");
    return expression.getValues().getFirst();
  }

  @Test
  void aClaimWithALateClassIsServedByTheSelectedNodeWithItsTopology() {
    startBoth();
    var claim = create(claim("data").editSpec().withStorageClassName("late").endSpec());
    never(() -> assertThat(first.creates).isEmpty());
    selectNode("data", "node-2");

    var volume = awaitVolumeOf(claim);

    assertThat(place(volume)).isEqualTo("node-2");
    assertThat(first.creates).isEmpty();
    var here = Topology.newBuilder().putSegments(KEY, "node-2").build();
    var requirement = second.creates.getFirst().getAccessibilityRequirements();
    assertThat(requirement.getRequisiteList()).containsExactly(here);
    assertThat(requirement.getPreferredList()).containsExactly(here);
  }

  @Test
  void immediateClaimsAreEachServedByExactlyOneNode() {
    startBoth();
    var claims =
        List.of("a", "b", "c", "d", "e").stream().map(name -> create(claim(name))).toList();

    for (PersistentVolumeClaim claim : claims) {
      var volume = awaitVolumeOf(claim);
      String node =
          get(claim.getMetadata().getName())
              .getMetadata()
              .getAnnotations()
              .get(Names.SELECTED_NODE);
      assertThat(place(volume)).isEqualTo(node);
    }
    never(() -> assertThat(first.volumes.size() + second.volumes.size()).isEqualTo(5));
    assertThat(first.deletes).isEmpty();
    assertThat(second.deletes).isEmpty();
  }

  @Test
  void ofManyNodesMostSeeThatAnotherTookAnImmediateClaim() throws Exception {
    var others = new ArrayList<ScriptedDriver>();
    for (int i = 3; i <= 10; i++) {
      var other = new ScriptedDriver();
      others.add(other);
      String node = "node-" + i;
      other.segments = Map.of(KEY, node);
      start(
          other,
          builder -> {
            builder.claimDelay = Duration.ofSeconds(4);
            return builder.nodeName(node);
          });
    }
    var claim = create(claim("data"));
    awaitVolumeOf(claim);
    eventually(() -> assertThat(finalizers("data")).doesNotContain(Names.MAKING));

    // Each that tried to take it wrote to it; so did the one that did, once more, at the end.
    long tries = 0;
    for (var call = server.takeRequest(); call != null; call = next()) {
      String path = String.valueOf(call.getPath());
      tries += call.getMethod().equals("PATCH") && path.endsWith("/data") ? 1 : 0;
    }
    assertThat(tries).isBetween(2L, 5L);
    for (ScriptedDriver other : others) {
      other.close();
    }
  }

  private @Nullable RecordedRequest next() throws InterruptedException {
    return server.takeRequest(100, TimeUnit.MILLISECONDS);
  }

  @Test
  void anImmediateCloneIsMadeWhereItsSourceIs() {
    boundClaim("origin", volume -> on("node-2", volume));
    startBoth();
    var clone = create(clone("copy", "origin"));

    assertThat(place(awaitVolumeOf(clone))).isEqualTo("node-2");

    eventually(() -> assertThat(finalizers("origin")).doesNotContain(Names.CLONE_SOURCE));
    assertThat(first.creates).isEmpty();
  }

  @Test
  void theOtherNodeDoesNotSweepTheProtectionOfASourceThatIsBeingCloned() {
    boundClaim("origin", volume -> on("node-2", volume));
    second.createAnswer = Status.ABORTED;
    startBoth();
    var clone = create(clone("copy", "origin"));
    eventually(() -> assertThat(second.creates).isNotEmpty());

    start(first, builder -> builder.nodeName("node-1"));
    never(() -> assertThat(finalizers("origin")).contains(Names.CLONE_SOURCE));

    second.createAnswer = null;
    assertThat(awaitVolumeOf(clone)).isNotNull();
  }

  @Test
  void aPodScheduledAwayFromTheSourceIsScheduledAgainWithAReason() {
    boundClaim("origin", volume -> on("node-2", lateClass(volume)));
    useLateClass("origin");
    startBoth();
    var clone = create(clone("copy", "origin").editSpec().withStorageClassName("late").endSpec());
    selectNode("copy", "node-1");

    eventually(() ->
        assertThat(eventsAbout("copy"))
            .anyMatch(e -> e.startsWith("Warning ProvisioningFailed: TopologyConflict: ")));
    assertThat(get("copy").getMetadata().getAnnotations()).doesNotContainKey(Names.SELECTED_NODE);
    selectNode("copy", "node-2");

    assertThat(place(awaitVolumeOf(clone))).isEqualTo("node-2");
    assertThat(first.creates).isEmpty();
  }

  private static PersistentVolumeBuilder lateClass(PersistentVolumeBuilder volume) {
    return volume.editSpec().withStorageClassName("late").endSpec();
  }

  private void useLateClass(String claim) {
    client
        .resource(get(claim))
        .edit(object -> {
          object.getSpec().setStorageClassName("late");
          return object;
        });
  }

  @Test
  void aFullNodeGivesTheClaimBackToTheScheduler() {
    first.createAnswer = Status.RESOURCE_EXHAUSTED.withDescription("pool is full");
    startBoth();
    var claim = create(claim("data").editSpec().withStorageClassName("late").endSpec());
    selectNode("data", "node-1");

    eventually(() ->
        assertThat(get("data").getMetadata().getAnnotations())
            .doesNotContainKey(Names.SELECTED_NODE));
    assertThat(finalizers("data")).containsExactly("kubernetes.io/pvc-protection");
    selectNode("data", "node-2");

    assertThat(place(awaitVolumeOf(claim))).isEqualTo("node-2");
    eventually(() ->
        assertThat(eventsAbout("data"))
            .anyMatch(e -> e.contains("RESOURCE_EXHAUSTED: pool is full; another node")));
  }

  @Test
  void aReleasedVolumeIsDeletedByTheNodeItIsOn() {
    boundClaim("data", volume -> on("node-2", volume));
    startBoth();
    delete("data");
    client
        .resource(Objects.requireNonNull(client.persistentVolumes().withName("data-volume").get()))
        .edit(volume -> {
          volume.getStatus().setPhase("Released");
          return volume;
        });

    eventually(() -> assertThat(second.deletes).containsExactly("data-handle"));
    never(() -> assertThat(first.deletes).isEmpty());
  }
}
