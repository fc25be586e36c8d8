package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.storage.CSINodeBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.fabric8.zjsonpatch.JsonPatchException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.awaitility.core.ThrowingRunnable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** An API server (fabric8's, over HTTP), a scripted driver, and provisioners between them. */
@Execution(ExecutionMode.CONCURRENT)
abstract class ProvisionerTestBed {

  static final String NAMESPACE = Manifests.NAMESPACE;
  static final String CLASS = Manifests.CLASS;

  /** Longer than the half minute the server may hang when a watch ends while it writes to it. */
  static final Duration PATIENCE = Duration.ofSeconds(75);

  private static final Logger SERVER_LOG = Logger.getLogger("io.fabric8.mockwebserver");

  final KubernetesMockServer server =
      new KubernetesMockServer(
          new Context(), new MockWebServer(), new HashMap<>(), new StricterDispatcher(), false);

  /** The resources that the server does not have, by what their paths contain. */
  final Set<String> unserved = ConcurrentHashMap.newKeySet();

  /**
   * Answers as an API server when a JSON patch does not apply, where fabric8's would not answer,
   * and for resources it does not have.
   */
  private final class StricterDispatcher extends KubernetesCrudDispatcher {
    @Override
    public MockResponse dispatch(RecordedRequest request) {
      String path = String.valueOf(request.getPath());
      if (path.equals("/apis/snapshot.storage.k8s.io/v1") && unserved.isEmpty()) {
        return new MockResponse()
            .setResponseCode(200)
            .setBody(
                "{\"kind\":\"APIResourceList\",\"groupVersion\":\"snapshot.storage.k8s.io/v1\"}");
      }
      if (unserved.stream().anyMatch(path::contains)) {
        return new MockResponse().setResponseCode(404).setBody("404 page not found");
      }
      try {
        return super.dispatch(request);
      } catch (JsonPatchException e) {
        return new MockResponse()
            .setResponseCode(422)
            .setBody("{\"kind\":\"Status\",\"code\":422}");
      }
    }
  }

  final KubernetesClient client = start(server);
  final ScriptedDriver driver = new ScriptedDriver();
  private final List<Provisioner> running = new ArrayList<>();

  private static KubernetesClient start(KubernetesMockServer server) {
    SERVER_LOG.setLevel(Level.WARNING);
    server.init();
    return server.createClient();
  }

  @BeforeEach
  void makeStorageClass() {
    storageClass(CLASS, "Immediate");
  }

  @AfterEach
  void stopAll() throws InterruptedException {
    running.forEach(Provisioner::close);
    driver.close();
    client.close();
    // It waits, up to ten seconds, for connections that were cut under it; no test needs to.
    Thread.ofPlatform().daemon().start(this::stopServer);
  }

  private void stopServer() {
    try {
      server.destroy();
    } catch (IllegalStateException e) {
      SERVER_LOG.fine(() -> "the server was slow to stop: " + e);
    }
  }

  Provisioner start() {
    return start(driver, builder -> builder);
  }

  Provisioner start(ScriptedDriver at, UnaryOperator<ProvisionerBuilder> settings) {
    var builder =
        Provisioner.builder(client, at.channel(), ScriptedDriver.NAME)
            .callTimeout(Duration.ofSeconds(5))
            .retry(Duration.ofMillis(50), Duration.ofMillis(400));
    Provisioner started = settings.apply(builder).start();
    running.add(started);
    return started;
  }

  void storageClass(String name, String bindingMode) {
    storageClass(name, bindingMode, Map.of("csi.storage.k8s.io/fstype", "xfs", "tier", "fast"));
  }

  void storageClass(String name, String bindingMode, Map<String, String> parameters) {
    client
        .resource(
            Manifests.storageClass(name, bindingMode)
                .withParameters(parameters)
                .withMountOptions("noatime")
                .build())
        .create();
  }

  /** A node where the driver runs, in the place that the label tells. */
  void node(String name, String label, String place) {
    client
        .resource(
            new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .addToLabels(label, place)
                .endMetadata()
                .build())
        .create();
    client
        .resource(
            new CSINodeBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .addNewDriver()
                .withName(ScriptedDriver.NAME)
                .withNodeID(name)
                .withTopologyKeys(label)
                .endDriver()
                .endSpec()
                .build())
        .create();
  }

  /** A pending claim that kube-controller-manager has handed to the driver. */
  PersistentVolumeClaimBuilder claim(String name) {
    return Manifests.claim(name)
        .editMetadata()
        .addToAnnotations(Names.PROVISIONER, ScriptedDriver.NAME)
        .addToFinalizers("kubernetes.io/pvc-protection")
        .endMetadata()
        .editSpec()
        .withVolumeMode("Filesystem")
        .endSpec()
        .withNewStatus()
        .withPhase("Pending")
        .endStatus();
  }

  PersistentVolumeClaimBuilder clone(String name, String source) {
    return Manifests.from(source, claim(name));
  }

  PersistentVolumeClaim create(PersistentVolumeClaimBuilder claim) {
    return client.resource(claim.build()).create();
  }

  /** A claim that is bound to a volume of the driver with the handle {@code <name>-handle}. */
  PersistentVolumeClaim boundClaim(String name) {
    return boundClaim(name, volume -> volume);
  }

  PersistentVolumeClaim boundClaim(String name, UnaryOperator<PersistentVolumeBuilder> change) {
    PersistentVolumeClaim claim =
        create(
            claim(name)
                .editSpec()
                .withVolumeName(name + "-volume")
                .endSpec()
                .editStatus()
                .withPhase("Bound")
                .addToCapacity("storage", new Quantity("1Gi"))
                .endStatus());
    var volume =
        new PersistentVolumeBuilder()
            .withNewMetadata()
            .withName(name + "-volume")
            .addToAnnotations(Names.PROVISIONED_BY, ScriptedDriver.NAME)
            .withFinalizers("kubernetes.io/pv-protection", Names.VOLUME_FINALIZER)
            .endMetadata()
            .withNewSpec()
            .addToCapacity("storage", new Quantity("1Gi"))
            .withAccessModes("ReadWriteOnce")
            .withVolumeMode("Filesystem")
            .withStorageClassName(CLASS)
            .withPersistentVolumeReclaimPolicy("Delete")
            .withNewClaimRef()
            .withApiVersion("v1")
            .withKind("PersistentVolumeClaim")
            .withNamespace(NAMESPACE)
            .withName(name)
            .withUid(claim.getMetadata().getUid())
            .endClaimRef()
            .withNewCsi()
            .withDriver(ScriptedDriver.NAME)
            .withVolumeHandle(name + "-handle")
            .withFsType("xfs")
            .endCsi()
            .endSpec()
            .withNewStatus()
            .withPhase("Bound")
            .endStatus();
    client.resource(change.apply(volume).build()).create();
    return claim;
  }

  @Nullable PersistentVolumeClaim find(String claim) {
    return client.persistentVolumeClaims().inNamespace(NAMESPACE).withName(claim).get();
  }

  PersistentVolumeClaim get(String claim) {
    return Objects.requireNonNull(find(claim), claim);
  }

  List<String> finalizers(String claim) {
    return get(claim).getMetadata().getFinalizers();
  }

  static String volumeName(PersistentVolumeClaim claim) {
    return "pvc-" + claim.getMetadata().getUid();
  }

  @Nullable PersistentVolume volumeOf(PersistentVolumeClaim claim) {
    return client.persistentVolumes().withName(volumeName(claim)).get();
  }

  PersistentVolume awaitVolumeOf(PersistentVolumeClaim claim) {
    eventually(() -> assertThat(volumeOf(claim)).isNotNull());
    return Objects.requireNonNull(volumeOf(claim));
  }

  /** Deletes as a user does: finalizers of others than the provisioner hold nothing here. */
  void delete(String claim) {
    client.persistentVolumeClaims().inNamespace(NAMESPACE).withName(claim).delete();
    eventually(() -> {
      PersistentVolumeClaim now = find(claim);
      if (now != null) {
        now.getMetadata().getFinalizers().remove("kubernetes.io/pvc-protection");
        client.resource(now).update();
      }
    });
  }

  List<String> eventsAbout(String name) {
    return client.v1().events().inAnyNamespace().list().getItems().stream()
        .filter(event -> event.getInvolvedObject().getName().equals(name))
        .map(ProvisionerTestBed::words)
        .toList();
  }

  private static String words(Event event) {
    return event.getType() + " " + event.getReason() + ": " + event.getMessage();
  }

  static void eventually(ThrowingRunnable assertion) {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .ignoreExceptions()
        .untilAsserted(assertion);
  }

  /** Holds now and for long enough that what must not happen would have happened. */
  static void never(ThrowingRunnable assertion) {
    await()
        .during(Duration.ofMillis(600))
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .untilAsserted(assertion);
  }
}
