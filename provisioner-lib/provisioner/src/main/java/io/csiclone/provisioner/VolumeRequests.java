package io.csiclone.provisioner;

import io.csiclone.csiproto.CapacityRange;
import io.csiclone.csiproto.ControllerServiceCapability.RPC;
import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.csiproto.TopologyRequirement;
import io.csiclone.csiproto.VolumeCapability;
import io.csiclone.csiproto.VolumeCapability.AccessMode;
import io.csiclone.csiproto.VolumeContentSource;
import io.csiclone.provisioner.ClassParameters.SecretUse;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** From a claim and its class to the request that its driver gets. */
final class VolumeRequests {

  private static final String METADATA = Names.RESERVED_PARAMETER_PREFIX;

  private final VolumeSettings settings;
  private final DriverTraits driver;
  private final ClassSecrets secrets;
  private final AttributesClasses attributes;

  VolumeRequests(
      VolumeSettings settings,
      DriverTraits driver,
      ClassSecrets secrets,
      AttributesClasses attributes) {
    this.settings = settings;
    this.driver = driver;
    this.secrets = secrets;
    this.attributes = attributes;
  }

  /**
   * What it takes to make the volume of {@code claim}.
   *
   * @param source what it clones, or null
   * @param snapshot what it is restored from, or null
   * @param requirement where it has to be reachable from, or null for anywhere
   * @throws ProvisioningException when claim or class ask for what cannot be asked of a driver
   */
  Making making(
      Claim claim,
      StorageClass storageClass,
      @Nullable CloneSource source,
      @Nullable SnapshotSource snapshot,
      @Nullable TopologyRequirement requirement) {
    var parameters = ClassParameters.of(storageClass, settings.defaultFsType());
    CreateVolumeRequest request =
        of(
            claim,
            parameters,
            Objects.requireNonNullElse(storageClass.getMountOptions(), List.of()),
            content(source, snapshot),
            requirement);
    return new Making(claim, storageClass, parameters, request, source, snapshot);
  }

  private @Nullable VolumeContentSource content(
      @Nullable CloneSource source, @Nullable SnapshotSource snapshot) {
    if (snapshot != null) {
      return snapshot(snapshot.handle());
    }
    String handle =
        source == null ? null : PersistentVolumes.handle(source.volume(), driver.name());
    return handle == null ? null : volume(handle);
  }

  private CreateVolumeRequest of(
      Claim claim,
      ClassParameters parameters,
      List<String> mountOptions,
      @Nullable VolumeContentSource content,
      @Nullable TopologyRequirement requirement) {
    String name = settings.volumeName(claim);
    var request =
        CreateVolumeRequest.newBuilder()
            .setName(name)
            .setCapacityRange(CapacityRange.newBuilder().setRequiredBytes(requestedBytes(claim)))
            .putAllParameters(parameters.forDriver())
            .putAllMutableParams(attributes.parametersFor(claim, driver));
    if (settings.extraCreateMetadata()) {
      request
          .putParameters(METADATA + "pvc/name", claim.key().name())
          .putParameters(METADATA + "pvc/namespace", claim.key().namespace())
          .putParameters(METADATA + "pv/name", name);
    }
    SecretTemplate secret = parameters.secrets().get(SecretUse.PROVISIONER);
    if (secret != null) {
      request.putAllSecrets(secrets.read(secret.forClaim(claim, name)));
    }
    List<String> modes = claim.object().getSpec().getAccessModes();
    if (modes.isEmpty()) {
      throw new ProvisioningException("claim " + claim.key() + " names no access mode");
    }
    for (String mode : modes) {
      request.addVolumeCapabilities(
          capability(claim, parameters, mountOptions, accessMode(mode, driver)));
    }
    if (content != null) {
      request.setVolumeContentSource(content);
    }
    if (requirement != null) {
      request.setAccessibilityRequirements(requirement);
    }
    return request.build();
  }

  private static VolumeContentSource volume(String handle) {
    var volume = VolumeContentSource.VolumeSource.newBuilder().setVolumeId(handle);
    return VolumeContentSource.newBuilder().setVolume(volume).build();
  }

  private static VolumeContentSource snapshot(String handle) {
    var snapshot = VolumeContentSource.SnapshotSource.newBuilder().setSnapshotId(handle);
    return VolumeContentSource.newBuilder().setSnapshot(snapshot).build();
  }

  private static VolumeCapability capability(
      Claim claim, ClassParameters parameters, List<String> mountOptions, AccessMode.Mode mode) {
    var capability =
        VolumeCapability.newBuilder().setAccessMode(AccessMode.newBuilder().setMode(mode));
    if (claim.isBlock()) {
      return capability.setBlock(VolumeCapability.BlockVolume.getDefaultInstance()).build();
    }
    var mount = VolumeCapability.MountVolume.newBuilder().addAllMountFlags(mountOptions);
    if (parameters.fsType() != null) {
      mount.setFsType(parameters.fsType());
    }
    return capability.setMount(mount).build();
  }

  static AccessMode.Mode accessMode(String mode, DriverTraits driver) {
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
