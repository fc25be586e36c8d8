package io.csiclone.rules;

/** The source's volume and the driver behind it. */
final class VolumeRules {

  private static final String OTHER_WAYS =
      "name a source of a driver that can, or copy the data with a pod";

  private VolumeRules() {}

  static void check(CloneFacts facts, SourceFacts source, VolumeFacts volume, Findings findings) {
    if (csi(facts.claim(), source, volume, findings)) {
      clones(facts, source, volume, findings);
    }
    sameMode(facts.claim(), source, volume, findings);
    TopologyRules.check(facts, source, volume, findings);
    sameFilesystem(facts, source, volume, findings);
  }

  private static boolean csi(
      ClaimFacts claim, SourceFacts source, VolumeFacts volume, Findings findings) {
    if (volume.csiDriver() != null) {
      return true;
    }
    findings.add(
        RuleCode.SOURCE_NOT_CSI,
        claim.sourceField() + ".name",
        "volume %s of %s is %s; only volumes of a CSI driver can be cloned."
            .formatted(volume.name(), source.label(), describe(volume.plugin())));
    return false;
  }

  private static String describe(String plugin) {
    return switch (plugin) {
      case "" -> "of a kind that is not known";
      case "flexVolume" -> "a flexVolume volume";
      default -> "an in-tree volume (" + plugin + ")";
    };
  }

  private static void clones(
      CloneFacts facts, SourceFacts source, VolumeFacts volume, Findings findings) {
    var driver = facts.driver();
    if (driver == null) {
      return;
    }
    var field = facts.claim().sourceField() + ".name";
    switch (driver.cloneSupport()) {
      case YES -> {}
      case NO ->
          findings.add(
              RuleCode.CLONING_UNSUPPORTED,
              field,
              "driver %s of volume %s of %s says that it cannot clone; %s."
                  .formatted(driver.name(), volume.name(), source.label(), OTHER_WAYS));
      case UNKNOWN -> unsaid(driver, field, source, volume, findings);
    }
  }

  /** The driver says nothing itself; whoever set this up may know. */
  private static void unsaid(
      DriverFacts driver, String field, SourceFacts source, VolumeFacts volume, Findings findings) {
    switch (findings.configured(driver.name())) {
      case YES -> {}
      case NO ->
          findings.add(
              RuleCode.CLONING_UNSUPPORTED,
              field,
              "driver %s of volume %s of %s is configured as one that cannot clone; %s."
                  .formatted(driver.name(), volume.name(), source.label(), OTHER_WAYS));
      case UNKNOWN ->
          findings.add(
              RuleCode.DRIVER_UNKNOWN,
              field,
              driver.registered()
                  ? "driver %s of volume %s of %s does not say whether it can clone; unless it can, the claim stays Pending (whoever knows may set the annotation %s on CSIDriver %s)."
                      .formatted(
                          driver.name(),
                          volume.name(),
                          source.label(),
                          DriverFacts.CLONE_ANNOTATION,
                          driver.name())
                  : "driver %s of volume %s of %s has no CSIDriver object in this cluster; unless it is installed and can clone, the claim stays Pending."
                      .formatted(driver.name(), volume.name(), source.label()));
    }
  }

  private static void sameMode(
      ClaimFacts claim, SourceFacts source, VolumeFacts volume, Findings findings) {
    if (claim.volumeMode() != volume.volumeMode()) {
      findings.add(
          RuleCode.VOLUME_MODE_MISMATCH,
          "spec.volumeMode",
          "%s has the volume mode %s, but volume %s of %s has %s; use %s."
              .formatted(
                  claim.label(),
                  claim.volumeMode().id(),
                  volume.name(),
                  source.label(),
                  volume.volumeMode().id(),
                  volume.volumeMode().id()));
    }
  }

  private static void sameFilesystem(
      CloneFacts facts, SourceFacts source, VolumeFacts volume, Findings findings) {
    var target = facts.targetClass();
    if (target == null
        || target.fsType() == null
        || target.fsType().isEmpty()
        || volume.fsType() == null
        || volume.fsType().isEmpty()
        || volume.volumeMode() != VolumeMode.FILESYSTEM
        || target.fsType().equals(volume.fsType())) {
      return;
    }
    findings.add(
        RuleCode.FS_TYPE_MISMATCH,
        "spec.storageClassName",
        "storage class %s asks for the filesystem %s, but volume %s of %s holds %s, and a clone keeps it; mounting the clone may fail."
            .formatted(
                target.name(), target.fsType(), volume.name(), source.label(), volume.fsType()));
  }
}
