package io.csiclone.demo;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;

/** Clones that break a restriction, each refused at create with its own code. */
final class Refusals {

  private static final String SIZE = "32Mi";
  private static final String CANNOT_CLONE = "cannot-clone.example.com";

  private final Steps steps;
  private final Api api;

  Refusals(Steps steps, Api api) {
    this.steps = steps;
    this.api = api;
  }

  /** Needs pvc-1, Bound. */
  void all() {
    steps.heading("Refused, as they must be");
    refused("a source in another namespace", "CrossNamespace", crossNamespace(), "elsewhere");
    refused(
        "an absent source",
        "SourceNotFound",
        Manifests.clone("bad", "absent", SIZE).build(),
        "absent");
    api.create(Manifests.storageClass("csi-other", Manifests.DRIVER));
    refused("another class", "StorageClassMismatch", ofClass("pvc-1", "csi-other"), "csi-other");
    api.create(Manifests.storageClass("in-tree", "kubernetes.io/aws-ebs"));
    refused(
        "a class of an in-tree provisioner",
        "SourceNotCsi",
        ofClass("pvc-1", "in-tree"),
        "in-tree");
    api.create(Manifests.storageClass("static", "kubernetes.io/no-provisioner"));
    refused("a static class", "StaticProvisioner", ofClass("pvc-1", "static"), "static");
    refused("an empty class", "NoStorageClass", ofClass("pvc-1", ""), "bad");
    refusedSource(
        "a source on an in-tree volume",
        "SourceNotCsi",
        Manifests.volume("on-ebs", Manifests.CLASS, SIZE)
            .editSpec()
            .withNewAwsElasticBlockStore()
            .withVolumeID("vol-0")
            .endAwsElasticBlockStore()
            .endSpec()
            .build());
    refusedSource(
        "a source on a FlexVolume",
        "SourceNotCsi",
        Manifests.volume("on-flex", Manifests.CLASS, SIZE)
            .editSpec()
            .withNewFlexVolume()
            .withDriver("example.com/flex")
            .endFlexVolume()
            .endSpec()
            .build());
    api.create(Manifests.driverThatCannotClone(CANNOT_CLONE));
    api.create(Manifests.storageClass("cannot-clone", CANNOT_CLONE));
    refusedSource(
        "a driver that says it cannot clone",
        "CloningUnsupported",
        Manifests.volume("uncloneable", "cannot-clone", SIZE)
            .editSpec()
            .withNewCsi()
            .withDriver(CANNOT_CLONE)
            .withVolumeHandle("vol-0")
            .endCsi()
            .endSpec()
            .build());
    steps.check("a source that is not Bound", this::unboundSource);
    steps.check("a source that is being deleted", this::terminatingSource);
    refused(
        "another volume mode",
        "VolumeModeMismatch",
        Manifests.clone("bad", "pvc-1", SIZE).editSpec().withVolumeMode("Block").endSpec().build(),
        "Block");
    refused(
        "a smaller size",
        "SizeTooSmall",
        Manifests.clone("bad", "pvc-1", "16Mi").build(),
        "pvc-1",
        "16Mi");
    steps.heading("Left alone");
    steps.check("an ordinary claim, even one of an unknown class", this::ordinaryClaim);
  }

  private void refused(String title, String code, PersistentVolumeClaim clone, String... named) {
    steps.check(title, () -> requireRefused(code, clone, named));
  }

  /** Binds a claim to that volume first, and then tries to clone the claim. */
  private void refusedSource(String title, String code, PersistentVolume volume) {
    steps.check(
        title,
        () -> {
          String name = volume.getMetadata().getName();
          String className = volume.getSpec().getStorageClassName();
          api.create(volume);
          api.createClaim(
              Manifests.claim(name, SIZE)
                  .editSpec()
                  .withStorageClassName(className)
                  .withVolumeName(name)
                  .endSpec()
                  .build());
          api.awaitBound(name);
          return requireRefused(code, ofClass(name, className), name);
        });
  }

  private String unboundSource() throws Exception {
    api.createClaim(
        Manifests.claim("pending", SIZE)
            .editSpec()
            .withStorageClassName("standard") // whose provisioner does not run here
            .endSpec()
            .build());
    return requireRefused("SourceNotBound", ofClass("pending", "standard"), "pending");
  }

  private String terminatingSource() throws Exception {
    api.createClaim(
        Manifests.claim("leaving", SIZE)
            .editMetadata()
            .addToFinalizers("example.com/still-in-use")
            .endMetadata()
            .build());
    api.awaitBound("leaving");
    api.deleteClaim("leaving");
    try {
      return requireRefused(
          "SourceTerminating", Manifests.clone("bad", "leaving", SIZE).build(), "leaving");
    } finally {
      api.dropFinalizers("leaving");
    }
  }

  private String ordinaryClaim() throws Exception {
    PersistentVolumeClaim written =
        Manifests.claim("ordinary", SIZE)
            .editSpec()
            .withStorageClassName("no-such-class")
            .endSpec()
            .build();
    Api.Answer answer = api.createClaim(written);
    Steps.require(answer.warnings().isEmpty(), "it was warned about: " + answer.warnings());
    PersistentVolumeClaim stored = api.claim("ordinary");
    stored.getSpec().setVolumeMode(null); // the API server's default
    Steps.require(stored.getSpec().equals(written.getSpec()), "its spec was changed: " + stored);
    return "";
  }

  private String requireRefused(String code, PersistentVolumeClaim clone, String... named)
      throws Exception {
    Api.Answer answer = api.tryCreate(clone);
    if (answer.created()) {
      api.deleteClaim(clone.getMetadata().getName());
      throw new Steps.Differs("it was accepted; " + code + " was expected");
    }
    String said = answer.code() + " " + answer.message();
    Steps.require(
        answer.ruleCode().equals(code), "expected " + code + ", but the answer was " + said);
    for (String name : named) {
      Steps.require(
          answer.message().contains(name), "the message does not name " + name + ": " + said);
    }
    return said;
  }

  private static PersistentVolumeClaim ofClass(String source, String className) {
    return Manifests.clone("bad", source, SIZE)
        .editSpec()
        .withStorageClassName(className)
        .endSpec()
        .build();
  }

  private static PersistentVolumeClaim crossNamespace() {
    return Manifests.claim("bad", SIZE)
        .editSpec()
        .withNewDataSourceRef()
        .withKind("PersistentVolumeClaim")
        .withName("pvc-1")
        .withNamespace("elsewhere")
        .endDataSourceRef()
        .endSpec()
        .build();
  }
}
