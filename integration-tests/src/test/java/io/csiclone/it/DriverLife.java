package io.csiclone.it;

import io.csiclone.driver.ReflinkDriver;
import io.csiclone.testkit.ApiCall;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.gatewayapi.v1beta1.ReferenceGrantBuilder;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.CSIStorageCapacity;
import io.fabric8.kubernetes.api.model.storage.CSIStorageCapacityBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The life of the driver of one node as far as the cluster sees it: volumes made, cloned within and
 * across namespaces, grown and deleted, restores and clones refused, room told.
 */
final class DriverLife extends Life {

  private static final String USER = "driver";
  private static final String NODE = "node-1";
  private static final String NAME = "reflink.csi-clone.io";
  private static final String TEAM = "team-a";
  private static final String OTHER_TEAM = "team-b";
  private static final String SYSTEM = ChartRenderTest.NAMESPACE;
  private static final String CLASS = "csi-cloning";
  private static final String CLAIM = "PersistentVolumeClaim";
  private static final String SNAPSHOT_GROUP = "snapshot.storage.k8s.io";

  /** Of the chart's arguments those that cannot be used outside of a pod. */
  private static final Predicate<String> OF_THE_POD =
      argument ->
          Stream.of(
                  "--endpoint=",
                  "--pool=",
                  "--in-cluster",
                  "--registration-dir=",
                  "--kubelet-dir=",
                  "--health-port=")
              .anyMatch(argument::startsWith);

  private final Path folder;
  private @Nullable FutureTask<Integer> driver;
  private @Nullable Thread thread;

  /**
   * Prepares a life.
   *
   * @param rights what the driver may do
   */
  DriverLife(Predicate<ApiCall> rights) throws IOException {
    super(USER, rights, plane -> plane.crossNamespaceDataSources(true));
    folder = Files.createTempDirectory("csi-clone-driver-life-");
  }

  @Override
  void run(List<HasMetadata> chart) throws Exception {
    for (HasMetadata object : chart) {
      if (object instanceof CSIDriver || object instanceof StorageClass) {
        admin().resource(object).create();
      }
    }
    storageClass("late");
    create(leftInTheMaking());
    admin().resource(capacity("left", "late").build()).create();
    admin().resource(capacity("obsolete", "gone").build()).create();
    start(chart);

    eventually("what was left in the making is taken up", () -> isBound(TEAM, "left"));
    eventually("the CSIDriver object says that it clones", this::saysThatItClones);
    eventually("the room left is told anew", () -> room("left") > 1);
    eventually("what is obsolete is removed", () -> room("obsolete") < 0);
    create(claim(TEAM, "data"));
    eventually("a volume", () -> isBound(TEAM, "data"));
    create(clone(TEAM, "copy", "64Mi"));
    eventually("a clone", () -> isBound(TEAM, "copy"));
    refuses();
    crosses();
    tellsOfClassesThatCome();
    grow("left");
    eventually("a volume that grows", () -> hasCondition("left", "FileSystemResizePending"));
    admin().persistentVolumeClaims().inNamespace(TEAM).withName("copy").delete();
    eventually("a volume object less", () -> volumesOf("copy") == 0);
  }

  /** Each kind of refusal, in the words that only those find who could read what it takes. */
  private void refuses() throws Exception {
    create(clone(TEAM, "small", "1Mi"));
    eventually("a small clone refused", () -> isSaid("small", "SizeTooSmall: "));
    eventually("that said again", () -> isSaidAgain("small"));
    create(claim(TEAM, "classless").editSpec().withStorageClassName("none").endSpec());
    // kube-controller-manager knows the class when it asks for the volume; then it is deleted.
    admin()
        .persistentVolumeClaims()
        .inNamespace(TEAM)
        .withName("classless")
        .edit(claim -> {
          claim
              .getMetadata()
              .setAnnotations(Map.of("volume.kubernetes.io/storage-provisioner", NAME));
          return claim;
        });
    eventually(
        "a class that is gone", () -> isSaid("classless", "storage class none does not exist"));
    snapshotOfAnotherDriver();
    create(
        claim(TEAM, "restored")
            .editSpec()
            .withNewDataSource(SNAPSHOT_GROUP, "VolumeSnapshot", "snap")
            .endSpec());
    eventually("another's snapshot refused", () -> isSaid("restored", "DriverMismatch: "));
  }

  private void crosses() throws Exception {
    create(
        claim(OTHER_TEAM, "across")
            .editSpec()
            .withNewDataSourceRef(null, CLAIM, "data", TEAM)
            .endSpec());
    eventually("a grant is missing", () -> isSaid("across", "CrossNamespace: "));
    admin()
        .resource(
            new ReferenceGrantBuilder()
                .withNewMetadata()
                .withNamespace(TEAM)
                .withName("to-team-b")
                .endMetadata()
                .withNewSpec()
                .addNewFrom("", CLAIM, OTHER_TEAM)
                .addNewTo("", CLAIM, "data")
                .endSpec()
                .build())
        .create();
    eventually("a clone across namespaces", () -> isBound(OTHER_TEAM, "across"));
  }

  private void tellsOfClassesThatCome() throws Exception {
    storageClass("later");
    eventually("the room for another class", () -> capacityOf("later") != null);
    var told = capacityOf("later");
    admin().resource(told).delete();
    eventually(
        "the same told again",
        () -> {
          var again = capacityOf("later");
          return again != null
              && told != null
              && !again.getMetadata().getUid().equals(told.getMetadata().getUid());
        });
  }

  private void start(List<HasMetadata> chart) throws IOException {
    Path kubeconfig = folder.resolve("kubeconfig");
    Files.writeString(
        kubeconfig,
        Files.readString(plane().kubeconfig()).replace("user: {}", "user: {token: " + USER + "}"));
    Path pool = Files.createDirectory(folder.resolve("pool"));
    var arguments = new ArrayList<String>();
    arguments.addAll(
        List.of(
            "--endpoint=unix://" + folder.resolve("csi.sock"),
            "--pool=" + pool,
            "--kubeconfig=" + kubeconfig));
    ChartRenderTest.one(DaemonSet.class, chart)
        .getSpec()
        .getTemplate()
        .getSpec()
        .getContainers()
        .getFirst()
        .getArgs()
        .stream()
        .filter(OF_THE_POD.negate())
        .map(argument ->
            argument
                .replace("$(NODE_NAME)", NODE)
                .replace("$(POD_NAME)", "driver-0")
                .replace("$(POD_UID)", "uid-0"))
        .forEach(arguments::add);
    var started = new FutureTask<>(() -> ReflinkDriver.run(arguments.toArray(String[]::new)));
    driver = started;
    thread = Thread.ofPlatform().name("driver").start(started);
  }

  private void storageClass(String name) {
    admin()
        .resource(
            new StorageClassBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withProvisioner(NAME)
                .withReclaimPolicy("Delete")
                .withVolumeBindingMode("WaitForFirstConsumer")
                .build())
        .create();
  }

  private void create(PersistentVolumeClaimBuilder claim) {
    admin().resource(claim.build()).create();
  }

  private static PersistentVolumeClaimBuilder claim(String namespace, String name) {
    return new PersistentVolumeClaimBuilder()
        .withNewMetadata()
        .withNamespace(namespace)
        .withName(name)
        .endMetadata()
        .withNewSpec()
        .withStorageClassName(CLASS)
        .withAccessModes("ReadWriteOnce")
        .withNewResources()
        .addToRequests("storage", new Quantity("64Mi"))
        .endResources()
        .endSpec();
  }

  private static PersistentVolumeClaimBuilder clone(String namespace, String name, String size) {
    return claim(namespace, name)
        .editSpec()
        .withNewDataSource(null, CLAIM, "data")
        .editResources()
        .addToRequests("storage", new Quantity(size))
        .endResources()
        .endSpec();
  }

  /** As a process that ended after it had recorded the claim leaves it. */
  private static PersistentVolumeClaimBuilder leftInTheMaking() {
    return claim(TEAM, "left")
        .editMetadata()
        .addToFinalizers("csi-clone.io/provisioning")
        .addToAnnotations("volume.kubernetes.io/selected-node", NODE)
        .endMetadata();
  }

  private static CSIStorageCapacityBuilder capacity(String name, String storageClass) {
    return new CSIStorageCapacityBuilder()
        .withNewMetadata()
        .withNamespace(SYSTEM)
        .withName(name)
        .addToLabels("csi.storage.k8s.io/drivername", NAME)
        .addToLabels("csi.storage.k8s.io/managed-by", "external-provisioner-" + NODE)
        .endMetadata()
        .withStorageClassName(storageClass)
        .withNodeTopology(
            new LabelSelectorBuilder().addToMatchLabels("topology." + NAME + "/node", NODE).build())
        .withCapacity(new Quantity("1"));
  }

  private void snapshotOfAnotherDriver() {
    var snapshot = snapshotObject("VolumeSnapshot", "snap");
    snapshot.getMetadata().setNamespace(TEAM);
    snapshot.setAdditionalProperty("status", Map.of("boundVolumeSnapshotContentName", "content"));
    var snapshots = snapshots("VolumeSnapshot", "volumesnapshots", true);
    var made =
        admin().genericKubernetesResources(snapshots).inNamespace(TEAM).resource(snapshot).create();
    // Status is a subresource of some servers' snapshots only.
    if (made.get("status") == null) {
      made.setAdditionalProperty("status", Map.of("boundVolumeSnapshotContentName", "content"));
      admin().genericKubernetesResources(snapshots).inNamespace(TEAM).resource(made).updateStatus();
    }
    var content = snapshotObject("VolumeSnapshotContent", "content");
    content.setAdditionalProperty(
        "spec",
        Map.of(
            "driver",
            "other.example.com",
            "volumeSnapshotRef",
            Map.of("namespace", TEAM, "name", "snap", "uid", made.getMetadata().getUid())));
    admin()
        .genericKubernetesResources(
            snapshots("VolumeSnapshotContent", "volumesnapshotcontents", false))
        .resource(content)
        .create();
  }

  private static GenericKubernetesResource snapshotObject(String kind, String name) {
    var object = new GenericKubernetesResource();
    object.setApiVersion(SNAPSHOT_GROUP + "/v1");
    object.setKind(kind);
    object.setMetadata(new ObjectMetaBuilder().withName(name).build());
    return object;
  }

  private static ResourceDefinitionContext snapshots(
      String kind, String plural, boolean namespaced) {
    return new ResourceDefinitionContext.Builder()
        .withGroup(SNAPSHOT_GROUP)
        .withVersion("v1")
        .withKind(kind)
        .withPlural(plural)
        .withNamespaced(namespaced)
        .build();
  }

  private PersistentVolumeClaim get(String namespace, String name) {
    return admin().persistentVolumeClaims().inNamespace(namespace).withName(name).get();
  }

  private boolean isBound(String namespace, String name) throws Trouble {
    FutureTask<Integer> started = driver;
    if (started != null && started.isDone()) {
      throw new Trouble("the driver ended with " + started.resultNow());
    }
    return "Bound".equals(get(namespace, name).getStatus().getPhase());
  }

  private boolean hasCondition(String name, String type) {
    var conditions = get(TEAM, name).getStatus().getConditions();
    return conditions.stream().anyMatch(condition -> type.equals(condition.getType()));
  }

  private void grow(String name) {
    admin()
        .persistentVolumeClaims()
        .inNamespace(TEAM)
        .withName(name)
        .edit(claim -> {
          claim.getSpec().getResources().getRequests().put("storage", new Quantity("128Mi"));
          return claim;
        });
  }

  private long volumesOf(String claim) {
    return admin().persistentVolumes().list().getItems().stream()
        .filter(volume -> volume.getSpec().getClaimRef() != null)
        .filter(volume -> claim.equals(volume.getSpec().getClaimRef().getName()))
        .count();
  }

  private boolean saysThatItClones() {
    var annotations =
        admin().storage().v1().csiDrivers().withName(NAME).get().getMetadata().getAnnotations();
    return annotations != null && "true".equals(annotations.get("csi-clone.io/clone-volume"));
  }

  private List<CSIStorageCapacity> capacities() {
    return admin().storage().v1().csiStorageCapacities().inNamespace(SYSTEM).list().getItems();
  }

  /** What the object of that name says in bytes; -1 if there is none. */
  private long room(String name) {
    return capacities().stream()
        .filter(one -> one.getMetadata().getName().equals(name))
        .mapToLong(one -> one.getCapacity().getNumericalAmount().longValue())
        .findFirst()
        .orElse(-1);
  }

  private @Nullable CSIStorageCapacity capacityOf(String storageClass) {
    return capacities().stream()
        .filter(one -> one.getStorageClassName().equals(storageClass))
        .findFirst()
        .orElse(null);
  }

  private boolean isSaid(String claim, String words) {
    return admin().v1().events().inAnyNamespace().list().getItems().stream()
        .filter(event -> claim.equals(event.getInvolvedObject().getName()))
        .anyMatch(event -> event.getMessage().contains(words));
  }

  private boolean isSaidAgain(String claim) {
    return admin().v1().events().inAnyNamespace().list().getItems().stream()
        .filter(event -> claim.equals(event.getInvolvedObject().getName()))
        .anyMatch(event -> event.getCount() != null && event.getCount() > 1);
  }

  @Override
  public void close() {
    Thread running = thread;
    if (running != null) {
      running.interrupt();
      try {
        running.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    super.close();
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
