package io.csiclone.demo;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A volume, its clones and what becomes of them. */
final class SeedProcedure {

  private static final String SIZE = "32Mi";
  private static final long MIB = 1L << 20;

  private final Steps steps;
  private final Api api;
  private final VolumeBytes bytes;
  private final String method;
  private String original = "";

  /**
   * @param method how the driver said that it clones here
   */
  SeedProcedure(Steps steps, Api api, VolumeBytes bytes, String method) {
    this.steps = steps;
    this.api = api;
    this.bytes = bytes;
    this.method = method;
  }

  void cloneAndUse() throws Steps.Stop {
    steps.heading("A volume and its clones");
    steps.need(
        "pvc-1 of class csi-cloning is Bound", () -> bound(Manifests.claim("pvc-1", SIZE).build()));
    steps.need(
        "random bytes, with holes, are written into pvc-1",
        () -> {
          bytes.fillWithHoles(image("pvc-1"));
          original = sha("pvc-1");
          return "SHA-256 " + original;
        });
    steps.need(
        "pvc-1-clone, dataSource pvc-1, is Bound",
        () -> bound(Manifests.clone("pvc-1-clone", "pvc-1", SIZE).build()) + ", made by " + method);
    steps.need(
        "pvc-1-clone holds the same bytes",
        () -> {
          String clone = sha("pvc-1-clone");
          Steps.require(clone.equals(original), "its SHA-256 is " + clone);
          return "SHA-256 " + clone;
        });
    steps.check("a clone that names no class gets the one of pvc-1", this::cloneWithoutClass);
    steps.check("writing to the clone leaves pvc-1 as it is, and the reverse", this::independence);
    steps.check("the changed clone can be cloned itself", this::cloneOfTheClone);
    steps.check("a larger clone is really larger", this::largerClone);
  }

  void outliveTheSource() {
    steps.heading("The source goes, the clones stay");
    steps.check(
        "pvc-1 is deleted, pvc-1-clone lives on",
        () -> {
          Path source = image("pvc-1");
          api.deleteClaim("pvc-1");
          Api.await("the volume of pvc-1 to be deleted", () -> Files.notExists(source));
          Steps.require(
              "Bound".equals(api.claim("pvc-1-clone").getStatus().getPhase()),
              "pvc-1-clone is not Bound any more");
          requireSame("pvc-1-clone", "pvc-1-clone-2");
          return "";
        });
  }

  void deleteEverything() {
    steps.check(
        "everything is deleted: no claim, no volume, an empty pool",
        () -> {
          api.claims().forEach(claim -> api.deleteClaim(claim.getMetadata().getName()));
          Api.await("the claims to be gone", () -> api.claims().isEmpty());
          for (PersistentVolume volume : api.volumes()) {
            if ("Retain".equals(volume.getSpec().getPersistentVolumeReclaimPolicy())) {
              api.deleteVolume(volume.getMetadata().getName());
            }
          }
          try {
            Api.await("the volumes to be gone", () -> api.volumes().isEmpty());
            Api.await("an empty pool", () -> bytes.leftovers().isEmpty());
          } catch (Steps.Differs e) {
            List<String> volumes =
                api.volumes().stream().map(v -> v.getMetadata().getName()).toList();
            throw new Steps.Differs(
                "%s; volumes: %s; pool: %s".formatted(e.getMessage(), volumes, bytes.leftovers()));
          }
          return "";
        });
  }

  private String cloneWithoutClass() throws Exception {
    PersistentVolumeClaim clone =
        Manifests.clone("classless", "pvc-1", SIZE)
            .editSpec()
            .withStorageClassName(null)
            .endSpec()
            .build();
    Api.Answer answer = api.createClaim(clone);
    String warnings = String.join("\n", answer.warnings());
    Steps.require(
        warnings.contains(Manifests.CLASS), "no warning says so, only: [" + warnings + "]");
    String filled = api.awaitBound("classless").getSpec().getStorageClassName();
    Steps.require(Manifests.CLASS.equals(filled), "it got the class %s instead".formatted(filled));
    requireSame("classless", "pvc-1");
    return "Warning: " + warnings;
  }

  private String independence() throws Exception {
    bytes.write(image("pvc-1-clone"), 3 * MIB + 17, 4096);
    Steps.require(sha("pvc-1").equals(original), "pvc-1 changed with its clone");
    String clone = sha("pvc-1-clone");
    Steps.require(!clone.equals(original), "the clone did not change");
    bytes.write(image("pvc-1"), 20 * MIB + 5, 4096);
    Steps.require(sha("pvc-1-clone").equals(clone), "the clone changed with pvc-1");
    return "";
  }

  private String cloneOfTheClone() throws Exception {
    String time = bound(Manifests.clone("pvc-1-clone-2", "pvc-1-clone", SIZE).build());
    requireSame("pvc-1-clone-2", "pvc-1-clone");
    return time;
  }

  private String largerClone() throws Exception {
    String time = bound(Manifests.clone("larger", "pvc-1", "48Mi").build());
    String capacity = String.valueOf(api.claim("larger").getStatus().getCapacity().get("storage"));
    Path image = image("larger");
    long real = Files.size(image);
    Steps.require(
        real == 48 * MIB,
        "its capacity is %s but its volume has %d bytes".formatted(capacity, real));
    Steps.require(Files.mismatch(image, image("pvc-1")) == 32 * MIB, "its beginning is not pvc-1");
    Steps.require(VolumeBytes.isZeroFrom(image, 32 * MIB), "its end is not zeros");
    return time + ", capacity " + capacity;
  }

  /** Creates the claim and waits for its volume; answers how long that took. */
  private String bound(PersistentVolumeClaim claim) throws Exception {
    String name = claim.getMetadata().getName();
    long begin = System.nanoTime();
    api.createClaim(claim);
    try {
      api.awaitBound(name);
    } catch (Steps.Differs e) {
      throw new Steps.Differs(e.getMessage() + "\n" + api.events(name));
    }
    return "create to Bound in " + Steps.seconds(Duration.ofNanos(System.nanoTime() - begin));
  }

  private void requireSame(String clone, String source) throws Exception {
    long differs = Files.mismatch(image(clone), image(source));
    Steps.require(
        differs < 0, "%s and %s differ from byte %d on".formatted(clone, source, differs));
  }

  private Path image(String claim) throws Steps.Differs {
    return bytes.image(api.volumeHandle(claim));
  }

  private String sha(String claim) throws Exception {
    return VolumeBytes.sha256(image(claim));
  }
}
