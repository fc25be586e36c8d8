package io.csiclone.rules;

import java.util.Arrays;
import java.util.Optional;

/**
 * The restrictions on a clone claim. The {@linkplain #id() id} is what users see: in the
 * rejection's reason, in the documentation and as a metric label.
 */
public enum RuleCode {
  SOURCE_NOT_FOUND("SourceNotFound", Mode.DENY),
  SOURCE_NOT_BOUND("SourceNotBound", Mode.DENY),
  SOURCE_TERMINATING("SourceTerminating", Mode.DENY),
  CROSS_NAMESPACE("CrossNamespace", Mode.DENY),
  STORAGE_CLASS_MISMATCH("StorageClassMismatch", Mode.DENY),
  NO_STORAGE_CLASS("NoStorageClass", Mode.DENY),
  SOURCE_NOT_CSI("SourceNotCsi", Mode.DENY),
  STATIC_PROVISIONER("StaticProvisioner", Mode.DENY),
  DRIVER_MISMATCH("DriverMismatch", Mode.DENY),
  CLONING_UNSUPPORTED("CloningUnsupported", Mode.DENY),
  SIZE_TOO_SMALL("SizeTooSmall", Mode.DENY),
  VOLUME_MODE_MISMATCH("VolumeModeMismatch", Mode.DENY),
  PRE_BOUND("PreBound", Mode.DENY),
  SELECTOR_SET("SelectorSet", Mode.DENY),
  SELF_REFERENCE("SelfReference", Mode.DENY),
  UNKNOWN_DATA_SOURCE("UnknownDataSource", Mode.DENY),
  DATA_SOURCE_CONFLICT("DataSourceConflict", Mode.DENY),
  DRIVER_UNKNOWN("DriverUnknown", Mode.WARN),
  FS_TYPE_MISMATCH("FsTypeMismatch", Mode.WARN),
  FREE_VOLUME_WOULD_BIND("FreeVolumeWouldBind", Mode.WARN),
  TOPOLOGY_CONFLICT("TopologyConflict", Mode.WARN),
  ACCESS_MODE_NARROWING("AccessModeNarrowing", Mode.WARN),
  SOURCE_IN_USE("SourceInUse", Mode.WARN);

  private final String id;
  private final Mode defaultMode;

  RuleCode(String id, Mode defaultMode) {
    this.id = id;
    this.defaultMode = defaultMode;
  }

  /** The code as users see it, in upper camel case. */
  public String id() {
    return id;
  }

  /** The restriction with exactly this {@link #id()}. */
  public static Optional<RuleCode> named(String id) {
    return Arrays.stream(values()).filter(code -> code.id.equals(id)).findFirst();
  }

  /** What happens on a violation unless the configuration says otherwise. */
  public Mode defaultMode() {
    return defaultMode;
  }
}
