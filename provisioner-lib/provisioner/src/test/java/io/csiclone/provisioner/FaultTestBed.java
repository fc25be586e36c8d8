package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.testkit.EmbeddedControlPlane;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;

/**
 * A control plane that binds and releases as a real one does, a driver in memory, and provisioners
 * that reach the control plane by ways that may be bad.
 */
@Tag("embedded")
abstract class FaultTestBed {

  static final String NAMESPACE = Manifests.NAMESPACE;
  static final String SOURCE = "origin";
  static final int CLONES = 50;

  /** Some tens of times what it takes on a machine that does nothing else. */
  static final Duration PATIENCE = Duration.ofMinutes(3);

  final EmbeddedControlPlane cluster = EmbeddedControlPlane.start();
  final KubernetesClient client = cluster.client();
  final ScriptedDriver driver = new ScriptedDriver();
  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  @BeforeEach
  void makeClass() {
    client.resource(Manifests.storageClass(Manifests.CLASS, "Immediate").build()).create();
    client.resource(Manifests.csiDriver()).create();
  }

  @AfterEach
  void stopAll() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
    driver.close();
    cluster.close();
  }

  FaultyApi way() throws IOException {
    FaultyApi way = new FaultyApi(cluster.url());
    open.push(way);
    return way;
  }

  Provisioner start(FaultyApi way) {
    return start(way, builder -> builder);
  }

  /** A provisioner that makes five volumes at once, so that there is a middle to disturb. */
  Provisioner start(FaultyApi way, UnaryOperator<ProvisionerBuilder> settings) {
    KubernetesClient reached = way.client();
    open.push(reached);
    Provisioner started =
        settings
            .apply(
                Provisioner.builder(reached, driver.channel(), ScriptedDriver.NAME)
                    .concurrency(5)
                    .retry(Duration.ofMillis(50), Duration.ofSeconds(1)))
            .start();
    open.push(started);
    return started;
  }

  void createSource() {
    client.resource(Manifests.claim(SOURCE).build()).create();
    eventually(() -> assertThat(phase(SOURCE)).isEqualTo("Bound"));
  }

  List<String> createClones() {
    return createClones(CLONES).stream().map(FaultTestBed::name).toList();
  }

  List<PersistentVolumeClaim> createClones(int count) {
    return IntStream.range(0, count)
        .mapToObj(i ->
            client.resource(Manifests.from(SOURCE, Manifests.claim("clone-" + i)).build()).create())
        .toList();
  }

  void delete(String claim) {
    client.persistentVolumeClaims().inNamespace(NAMESPACE).withName(claim).delete();
  }

  private String phase(String claim) {
    return client
        .persistentVolumeClaims()
        .inNamespace(NAMESPACE)
        .withName(claim)
        .get()
        .getStatus()
        .getPhase();
  }

  List<PersistentVolumeClaim> claims() {
    return client.persistentVolumeClaims().inNamespace(NAMESPACE).list().getItems();
  }

  List<PersistentVolume> volumes() {
    return client.persistentVolumes().list().getItems();
  }

  void awaitMade(int clones) {
    eventually(() -> assertThat(driver.volumes).hasSizeGreaterThan(clones));
  }

  /**
   * The source and exactly these clones are bound, each to its own volume; the driver has these
   * volumes and was never asked for one in two ways; no finalizer of ours is left.
   */
  void eventuallyNothingIsLostAndNothingDoubled(Collection<String> clones) {
    Set<String> wanted = new HashSet<>(clones);
    wanted.add(SOURCE);
    eventually(() -> assertOneVolumeForEachOf(wanted));
    // And it stays so: nobody makes or deletes anything once more.
    Awaitility.await()
        .during(Duration.ofMillis(300))
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .untilAsserted(() -> assertOneVolumeForEachOf(wanted));
    Map<String, CreateVolumeRequest> asked = new HashMap<>();
    for (CreateVolumeRequest request : driver.creates) {
      assertThat(asked.merge(request.getName(), request, (first, again) -> first))
          .as("the requests for %s", request.getName())
          .isEqualTo(request);
    }
  }

  private void assertOneVolumeForEachOf(Set<String> wanted) {
    List<PersistentVolumeClaim> claims = claims();
    assertThat(claims.stream().map(FaultTestBed::name))
        .as("claims")
        .containsExactlyInAnyOrderElementsOf(wanted);
    assertThat(claims).as("bound").allMatch(c -> "Bound".equals(c.getStatus().getPhase()));
    assertThat(volumes().stream().map(FaultTestBed::name))
        .as("volume objects")
        .containsExactlyInAnyOrderElementsOf(
            claims.stream().map(c -> c.getSpec().getVolumeName()).toList());
    assertThat(driver.volumes.keySet())
        .as("volumes of the driver")
        .containsExactlyInAnyOrderElementsOf(
            claims.stream().map(c -> "vol-of-pvc-" + c.getMetadata().getUid()).toList());
    assertThat(
            claims.stream()
                .flatMap(claim -> finalizers(claim).filter(f -> f.startsWith("csi-clone.io/"))))
        .as("our finalizers on claims")
        .isEmpty();
  }

  /** Deletes every claim, as its owner would, and waits until nothing at all is left. */
  void eventuallyNothingIsLeftOfThemAll() {
    claims().forEach(claim -> delete(name(claim)));
    eventually(() -> {
      assertThat(claims().stream().map(c -> name(c) + " " + finalizers(c).toList()))
          .as("claims")
          .isEmpty();
      assertThat(volumes().stream().map(v -> name(v) + " " + finalizers(v).toList()))
          .as("volume objects")
          .isEmpty();
      assertThat(driver.volumes).as("volumes of the driver").isEmpty();
    });
  }

  static String name(HasMetadata object) {
    return object.getMetadata().getName();
  }

  private static Stream<String> finalizers(HasMetadata object) {
    List<String> finalizers = object.getMetadata().getFinalizers();
    return finalizers == null ? Stream.empty() : finalizers.stream();
  }

  static void eventually(ThrowingRunnable assertion) {
    Awaitility.await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .ignoreExceptions()
        .untilAsserted(assertion);
  }
}
