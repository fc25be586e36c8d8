package io.csiclone.provisioner;

import io.csiclone.csiproto.CapacityRange;
import io.csiclone.csiproto.ControllerServiceCapability.RPC;
import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.csiproto.TopologyRequirement;
import io.csiclone.csiproto.VolumeCapability;
import io.csiclone.csiproto.VolumeCapability.AccessMode;
import io.csiclone.csiproto.VolumeContentSource;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** From a claim and its class to the request its driver gets. */
final class VolumeRequests {

  private static final String FS_TYPE = Names.RESERVED_PARAMETER_PREFIX + "fstype";

  /** The older spelling, which reaches the driver as well. */
  private static final String FS_TYPE_OLD = "fstype";

  private VolumeRequests() {}

  /**
   * The request for {@code claim}.
   *
   * @param sourceHandle the volume to clone, or null for an empty one
   * @param requirement where it has to be reachable from, or null for anywhere
   * @throws ProvisioningException when claim or class ask for what cannot be asked of a driver
   */
  static CreateVolumeRequest request(
      Claim claim,
      StorageClass storageClass,
      @Nullable String sourceHandle,
      @Nullable TopologyRequirement requirement,
      DriverTraits driver) {
    var request =
        CreateVolumeRequest.newBuilder()
            .setName(claim.volumeObjectName())
            .setCapacityRange(CapacityRange.newBuilder().setRequiredBytes(requestedBytes(claim)))
            .putAllParameters(parametersForDriver(storageClass));
    List<String> modes = claim.object().getSpec().getAccessModes();
    if (modes.isEmpty()) {
      throw new ProvisioningException("claim " + claim.key() + " names no access mode");
    }
    for (String mode : modes) {
      request.addVolumeCapabilities(capability(claim, storageClass, accessMode(mode, driver)));
    }
    if (sourceHandle != null) {
      request.setVolumeContentSource(contentSource(sourceHandle));
    }
    if (requirement != null) {
      request.setAccessibilityRequirements(requirement);
    }
    return request.build();
  }

  static VolumeContentSource contentSource(String sourceHandle) {
    var volume = VolumeContentSource.VolumeSource.newBuilder().setVolumeId(sourceHandle);
    return VolumeContentSource.newBuilder().setVolume(volume).build();
  }

  private static VolumeCapability capability(
      Claim claim, StorageClass storageClass, AccessMode.Mode mode) {
    var capability =
        VolumeCapability.newBuilder().setAccessMode(AccessMode.newBuilder().setMode(mode));
    if (claim.isBlock()) {
      return capability.setBlock(VolumeCapability.BlockVolume.getDefaultInstance()).build();
    }
    var mount =
        VolumeCapability.MountVolume.newBuilder().addAllMountFlags(storageClass.getMountOptions());
    String fsType = fsType(storageClass);
    if (fsType != null) {
      mount.setFsType(fsType);
    }
    return capability.setMount(mount).build();
  }

  private static AccessMode.Mode accessMode(String mode, DriverTraits driver) {
    return switch (mode) {
      case "ReadWriteMany" -> AccessMode.Mode.MULTI_NODE_MULTI_WRITER;
      case "ReadOnlyMany" -> AccessMode.Mode.MULTI_NODE_READER_ONLY;
      // Drivers that know the finer modes want to be told which of the two is meant.
      case "ReadWriteOnce" ->
          driver.can(RPC.Type.SINGLE_NODE_MULTI_WRITER)
              ? AccessMode.Mode.SINGLE_NODE_MULTI_WRITER
              : AccessMode.Mode.SINGLE_NODE_WRITER;
      case "ReadWriteOncePod" ->
          driver.can(RPC.Type.SINGLE_NODE_MULTI_WRITER)
              ? AccessMode.Mode.SINGLE_NODE_SINGLE_WRITER
              : AccessMode.Mode.SINGLE_NODE_WRITER;
      default -> throw new ProvisioningException("access mode " + mode + " is unknown");
    };
  }

  /** The filesystem the class asks for, or null when it leaves that to the driver. */
  static @Nullable String fsType(StorageClass storageClass) {
    String found = null;
    for (var parameter : parameters(storageClass).entrySet()) {
      String key = parameter.getKey().toLowerCase(Locale.ROOT);
      if (key.equals(FS_TYPE) || key.equals(FS_TYPE_OLD)) {
        if (found != null) {
          throw new ProvisioningException(
              "storage class "
                  + storageClass.getMetadata().getName()
                  + " names the filesystem twice; keep only the parameter "
                  + FS_TYPE);
        }
        found = parameter.getValue();
      }
    }
    return found == null || found.isEmpty() ? null : found;
  }

  private static Map<String, String> parametersForDriver(StorageClass storageClass) {
    var result = new TreeMap<String, String>();
    parameters(storageClass)
        .forEach((key, value) -> {
          if (!key.startsWith(Names.RESERVED_PARAMETER_PREFIX)) {
            result.put(key, value);
          } else if (!key.toLowerCase(Locale.ROOT).equals(FS_TYPE)) {
            // Among these are the secret names: making volumes without them would be wrong.
            throw new ProvisioningException(
                "storage class "
                    + storageClass.getMetadata().getName()
                    + " has the parameter "
                    + key
                    + ", which is reserved and not supported; of "
                    + Names.RESERVED_PARAMETER_PREFIX
                    + " only fstype is");
          }
        });
    return result;
  }

  private static Map<String, String> parameters(StorageClass storageClass) {
    Map<String, String> parameters = storageClass.getParameters();
    return parameters == null ? Map.of() : parameters;
  }

  /** The storage request in bytes, rounded up. */
  static long requestedBytes(Claim claim) {
    var resources = claim.object().getSpec().getResources();
    var requests = resources == null ? null : resources.getRequests();
    Quantity storage = requests == null ? null : requests.get("storage");
    if (storage == null) {
      throw new ProvisioningException("claim " + claim.key() + " has no storage request");
    }
    BigDecimal bytes = storage.getNumericalAmount().setScale(0, RoundingMode.CEILING);
    if (bytes.signum() <= 0 || bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
      throw new ProvisioningException(
          "claim " + claim.key() + " asks for " + storage + ", which is no possible size");
    }
    return bytes.longValueExact();
  }
}
