package io.csiclone.driver;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.storage.CSIDriverBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/** Claims as their owners made them, and what cluster and pool have to hold for them. */
final class ProvisionedClaims {

  /** Besides the source. */
  static final int COUNT = 50;

  static final String NAMESPACE = "team-a";
  private static final String CLASS = "reflink";
  private static final String SOURCE = "source";
  private static final int BYTES = 8 << 20;
  private static final String MAKING = "csi-clone.io/provisioning";

  private final KubernetesClient client;

  /** By name, whether it is a clone. */
  private final ConcurrentHashMap<String, Boolean> kept = new ConcurrentHashMap<>();

  ProvisionedClaims(KubernetesClient client) {
    this.client = client;
  }

  void createClass() {
    client
        .resource(
            new StorageClassBuilder()
                .withNewMetadata()
                .withName(CLASS)
                .endMetadata()
                .withProvisioner(DriverProcess.DRIVER_NAME)
                .withReclaimPolicy("Delete")
                .withVolumeBindingMode("Immediate")
                .build())
        .create();
    client
        .resource(
            new CSIDriverBuilder()
                .withNewMetadata()
                .withName(DriverProcess.DRIVER_NAME)
                .endMetadata()
                .build())
        .create();
  }

  void createSource() {
    create(SOURCE, false);
  }

  void create(int number, boolean clone) {
    create("claim-" + number, clone);
  }

  private void create(String name, boolean clone) {
    kept.put(name, clone);
    var claim = claim(name, BYTES);
    if (clone) {
      claim
          .editSpec()
          .withNewDataSource()
          .withKind("PersistentVolumeClaim")
          .withName(SOURCE)
          .endDataSource()
          .endSpec();
    }
    client.resource(claim.build()).create();
  }

  /** One for a block volume. */
  static PersistentVolumeClaimBuilder claim(String name, int bytes) {
    return new PersistentVolumeClaimBuilder()
        .withNewMetadata()
        .withNamespace(NAMESPACE)
        .withName(name)
        .endMetadata()
        .withNewSpec()
        .withStorageClassName(CLASS)
        .withAccessModes("ReadWriteOnce")
        .withVolumeMode("Block")
        .withNewResources()
        .addToRequests("storage", new Quantity(Integer.toString(bytes)))
        .endResources()
        .endSpec();
  }

  void delete(int number) {
    delete("claim-" + number);
  }

  void delete(String name) {
    kept.remove(name);
    client.persistentVolumeClaims().inNamespace(NAMESPACE).withName(name).delete();
  }

  /** The claims that are to be there. */
  List<String> names() {
    return List.copyOf(kept.keySet());
  }

  /** Whether neither a claim nor a volume object is left. */
  boolean isEmpty() {
    return claims().isEmpty() && volumes().isEmpty();
  }

  private List<PersistentVolumeClaim> claims() {
    return client.persistentVolumeClaims().inAnyNamespace().list().getItems();
  }

  private List<PersistentVolume> volumes() {
    return client.persistentVolumes().list().getItems();
  }

  /** How many claims are on record as being made. */
  int inTheMaking() {
    return (int)
        claims().stream()
            .filter(claim -> claim.getMetadata().getFinalizers().contains(MAKING))
            .count();
  }

  /** How many volumes are there whose claims are gone. */
  int beingDeleted() {
    return (int)
        volumes().stream()
            .filter(volume -> "Released".equals(volume.getStatus().getPhase()))
            .count();
  }

  /** One line for each thing in cluster and pool that lacks or is too much. */
  List<String> differences(KillableDriver driver) throws IOException {
    Set<String> expected = new TreeSet<>(Set.of("record lock"));
    Set<String> found = new TreeSet<>();
    kept.keySet().forEach(name -> expected.add("claim " + name + " Bound []"));
    for (PersistentVolumeClaim claim : claims()) {
      String name = claim.getMetadata().getName();
      List<String> ours =
          claim.getMetadata().getFinalizers().stream()
              .filter(finalizer -> finalizer.startsWith("csi-clone.io/"))
              .toList();
      found.add("claim " + name + " " + claim.getStatus().getPhase() + " " + ours);
      expected.add("volume object " + claim.getSpec().getVolumeName() + " of " + name);
    }
    for (PersistentVolume volume : volumes()) {
      found.add(
          "volume object "
              + volume.getMetadata().getName()
              + " of "
              + volume.getSpec().getClaimRef().getName());
      String id = volume.getSpec().getCsi().getVolumeHandle();
      expected.add("answer " + id + " " + BYTES);
      expected.add("record " + id + ".volume READY");
      expected.add("file " + id + ".img " + BYTES);
    }
    found.addAll(PoolAudit.found(driver, driver.pool().resolve("no-kubelet")));
    return PoolAudit.differences(expected, found);
  }

  /** Writes into the source what its clones have to hold. Nobody has it open. */
  void fillSource(KillableDriver driver, long seed) throws IOException {
    byte[] bytes = new byte[BYTES];
    new Random(seed).nextBytes(bytes);
    Files.write(images(driver).getOrDefault(SOURCE, Path.of("")), bytes, StandardOpenOption.WRITE);
  }

  /** The clones that do not hold what their source holds. */
  List<String> wrongBytes(KillableDriver driver) throws IOException {
    var images = images(driver);
    List<String> wrong = new ArrayList<>();
    for (String name : names()) {
      if (Boolean.TRUE.equals(kept.get(name))
          && Files.mismatch(images.get(SOURCE), images.get(name)) >= 0) {
        wrong.add(name);
      }
    }
    return wrong;
  }

  /** By claim, the file of its volume. */
  private TreeMap<String, Path> images(KillableDriver driver) {
    var images = new TreeMap<String, Path>();
    for (PersistentVolume volume : volumes()) {
      images.put(
          volume.getSpec().getClaimRef().getName(),
          driver
              .pool()
              .resolve("volumes")
              .resolve(volume.getSpec().getCsi().getVolumeHandle() + ".img"));
    }
    return images;
  }
}
