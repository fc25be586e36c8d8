package io.csiclone.facts;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.TopologySelectorLabelRequirement;
import io.fabric8.kubernetes.api.model.TopologySelectorTerm;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.CSIDriverBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** An API server that only stores, over real HTTP, and the objects of a clonable claim. */
final class Cluster implements AutoCloseable {

  private final KubernetesMockServer server =
      new KubernetesMockServer(
          new Context(),
          new MockWebServer(),
          new HashMap<>(),
          new KubernetesCrudDispatcher(),
          false);
  final KubernetesClient client;

  Cluster() {
    server.init();
    client = server.createClient();
  }

  /** A class, its driver, a source and the volume bound to it. */
  void holdsAClonableClaim() {
    holds(storageClass(), driver());
    holdsBound(source());
  }

  /** This source and the volume bound to it; the server gives the source its uid. */
  void holdsBound(PersistentVolumeClaim source) {
    var uid = client.resource(source).create().getMetadata().getUid();
    holds(
        new PersistentVolumeBuilder(volume())
            .editSpec()
            .editClaimRef()
            .withUid(uid)
            .endClaimRef()
            .endSpec()
            .build());
  }

  void holds(HasMetadata... objects) {
    for (var object : objects) {
      client.resource(object).create();
    }
  }

  /** The paths that were asked for since the last call. */
  List<String> paths() throws InterruptedException {
    var paths = new ArrayList<String>();
    RecordedRequest request;
    while ((request = server.takeRequest(200, TimeUnit.MILLISECONDS)) != null) {
      paths.add(request.getPath());
    }
    return paths;
  }

  int requests() {
    return server.getRequestCount();
  }

  @Override
  public void close() {
    client.close();
    // It waits, up to ten seconds, for connections that were cut under it, and then complains.
    Thread.ofPlatform().daemon().start(this::stopServer);
  }

  private void stopServer() {
    try {
      server.destroy();
    } catch (IllegalStateException e) {
      System.getLogger("cluster").log(System.Logger.Level.DEBUG, "slow to stop", e);
    }
  }

  static Namespace namespace(Map<String, String> labels) {
    return new NamespaceBuilder()
        .withNewMetadata()
        .withName("team-a")
        .withLabels(labels)
        .endMetadata()
        .build();
  }

  static Node node(String name, String zone) {
    return new NodeBuilder()
        .withNewMetadata()
        .withName(name)
        .addToLabels("zone", zone)
        .endMetadata()
        .build();
  }

  static StorageClass storageClass() {
    return new StorageClassBuilder()
        .withNewMetadata()
        .withName("fast")
        .endMetadata()
        .withProvisioner("disk.example.com")
        .addToParameters("csi.storage.k8s.io/fstype", "ext4")
        .withAllowedTopologies(
            new TopologySelectorTerm(
                List.of(new TopologySelectorLabelRequirement("zone", List.of("a", "b")))))
        .build();
  }

  static CSIDriver driver() {
    return new CSIDriverBuilder()
        .withNewMetadata()
        .withName("disk.example.com")
        .addToAnnotations("csi-clone.io/clone-volume", "true")
        .endMetadata()
        .withNewSpec()
        .endSpec()
        .build();
  }

  static PersistentVolumeClaim source() {
    return new PersistentVolumeClaimBuilder()
        .withNewMetadata()
        .withNamespace("team-a")
        .withName("data")
        .withUid("uid-1")
        .endMetadata()
        .withNewSpec()
        .withStorageClassName("fast")
        .withAccessModes("ReadWriteOnce")
        .withVolumeName("pv-1")
        .withNewResources()
        .addToRequests("storage", new Quantity("1Gi"))
        .endResources()
        .endSpec()
        .withNewStatus()
        .withPhase("Bound")
        .endStatus()
        .build();
  }

  static PersistentVolume volume() {
    return new PersistentVolumeBuilder()
        .withNewMetadata()
        .withName("pv-1")
        .endMetadata()
        .withNewSpec()
        .addToCapacity("storage", new Quantity("2Gi"))
        .withVolumeMode("Filesystem")
        .withNewClaimRef()
        .withNamespace("team-a")
        .withName("data")
        .withUid("uid-1")
        .endClaimRef()
        .withNewCsi()
        .withDriver("disk.example.com")
        .withVolumeHandle("vol-1")
        .withFsType("ext4")
        .endCsi()
        .withNewNodeAffinity()
        .withNewRequired()
        .addNewNodeSelectorTerm()
        .addNewMatchExpression()
        .withKey("zone")
        .withOperator("In")
        .withValues("a")
        .endMatchExpression()
        .endNodeSelectorTerm()
        .endRequired()
        .endNodeAffinity()
        .endSpec()
        .withNewStatus()
        .withPhase("Bound")
        .endStatus()
        .build();
  }

  static PersistentVolumeClaim copy() {
    return new PersistentVolumeClaimBuilder()
        .withNewMetadata()
        .withNamespace("team-a")
        .withName("copy")
        .endMetadata()
        .withNewSpec()
        .withStorageClassName("fast")
        .withAccessModes("ReadWriteOnce")
        .withNewDataSource()
        .withKind("PersistentVolumeClaim")
        .withName("data")
        .endDataSource()
        .withNewResources()
        .addToRequests("storage", new Quantity("2Gi"))
        .endResources()
        .endSpec()
        .build();
  }
}
