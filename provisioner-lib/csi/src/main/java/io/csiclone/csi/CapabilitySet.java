package io.csiclone.csi;

import io.csiclone.csiproto.VolumeCapability;
import io.csiclone.csiproto.VolumeCapability.AccessMode.Mode;
import io.csiclone.csiproto.VolumeCapability.AccessTypeCase;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The capabilities one volume must have, all at once.
 *
 * @param accessType block device or mounted filesystem
 * @param fsType the filesystem, empty when the driver chooses
 * @param modes the access modes
 */
record CapabilitySet(AccessType accessType, String fsType, Set<Mode> modes) {

  CapabilitySet {
    modes = Set.copyOf(modes);
  }

  static CapabilitySet of(String field, List<VolumeCapability> capabilities) {
    if (capabilities.isEmpty()) {
      throw Refusal.invalid(field, "is missing");
    }
    CapabilitySet first = of(field + "[0]", capabilities.getFirst());
    EnumSet<Mode> modes = EnumSet.copyOf(first.modes);
    for (int i = 1; i < capabilities.size(); i++) {
      CapabilitySet next = of(field + "[" + i + "]", capabilities.get(i));
      if (next.accessType != first.accessType) {
        throw Refusal.invalid(
            field, "asks for block and mount of one volume; all must be the same");
      }
      if (!next.fsType.equals(first.fsType)) {
        throw Refusal.invalid(
            field,
            "asks for the filesystems %s and %s in one volume"
                .formatted(Refusal.shown(first.fsType), Refusal.shown(next.fsType)));
      }
      modes.addAll(next.modes);
    }
    return new CapabilitySet(first.accessType, first.fsType, modes);
  }

  static CapabilitySet of(String field, VolumeCapability capability) {
    Mode mode = capability.getAccessMode().getMode();
    if (!capability.hasAccessMode() || mode == Mode.UNKNOWN) {
      throw Refusal.invalid(field + ".access_mode.mode", "is missing");
    }
    if (mode == Mode.UNRECOGNIZED) {
      throw Refusal.invalid(
          field + ".access_mode.mode",
          "is none of the specification: " + capability.getAccessMode().getModeValue());
    }
    if (capability.getAccessTypeCase() == AccessTypeCase.ACCESSTYPE_NOT_SET) {
      throw Refusal.invalid(field + ".access_type", "is missing: set block or mount");
    }
    boolean block = capability.hasBlock();
    for (String flag : capability.getMount().getMountFlagsList()) {
      if (flag.isEmpty() || flag.chars().anyMatch(Character::isISOControl)) {
        throw Refusal.invalid(
            field + ".mount.mount_flags", "contains an empty or unprintable option");
      }
    }
    return new CapabilitySet(
        block ? AccessType.BLOCK : AccessType.MOUNT,
        block ? "" : Fields.fsType(field + ".mount.fs_type", capability.getMount().getFsType()),
        EnumSet.of(mode));
  }

  /**
   * @throws Refusal for a mode that only a driver with SINGLE_NODE_MULTI_WRITER may accept
   */
  CapabilitySet withoutSingleWriter(String field) {
    for (Mode mode : modes) {
      if (mode == Mode.SINGLE_NODE_SINGLE_WRITER || mode == Mode.SINGLE_NODE_MULTI_WRITER) {
        // Accepting a mode that nothing enforces would break its promise to the pod.
        throw Refusal.invalid(
            field + ".access_mode.mode",
            mode + " needs the capability SINGLE_NODE_MULTI_WRITER, which this driver lacks");
      }
    }
    return this;
  }

  /**
   * Whether a volume made for the one set serves the other. SINGLE_NODE_WRITER is what callers say
   * for SINGLE_NODE_MULTI_WRITER to a driver that does not announce the latter, perhaps yet.
   */
  boolean sameAs(CapabilitySet other) {
    return accessType == other.accessType
        && fsType.equals(other.fsType)
        && commonModes().equals(other.commonModes());
  }

  private Set<Mode> commonModes() {
    return modes.stream()
        .map(mode -> mode == Mode.SINGLE_NODE_MULTI_WRITER ? Mode.SINGLE_NODE_WRITER : mode)
        .collect(Collectors.toSet());
  }

  /** Whether every mode only reads. */
  boolean readOnly() {
    return modes.stream()
        .allMatch(
            mode -> mode == Mode.SINGLE_NODE_READER_ONLY || mode == Mode.MULTI_NODE_READER_ONLY);
  }
}
