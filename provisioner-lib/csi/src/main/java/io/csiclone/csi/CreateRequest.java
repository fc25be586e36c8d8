package io.csiclone.csi;

import io.csiclone.csiproto.CapacityRange;
import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.csiproto.Topology;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A checked CreateVolume or CreateSnapshot request: what a record keeps of it, so never a secret.
 *
 * @param name the CSI name, the key of idempotency
 * @param requiredBytes the least size, 0 for none asked
 * @param limitBytes the greatest size, 0 for none asked
 * @param capabilities what the volume must be able to do
 * @param parameters the storage class's parameters
 * @param source what its bytes come from, null for an empty volume
 * @param requisite the topologies of which the volume must be reachable from one; none for anywhere
 */
record CreateRequest(
    String name,
    long requiredBytes,
    long limitBytes,
    CapabilitySet capabilities,
    Map<String, String> parameters,
    @Nullable ContentSource source,
    List<Map<String, String>> requisite) {

  CreateRequest {
    parameters = Map.copyOf(parameters);
    requisite = requisite.stream().map(Map::copyOf).toList();
  }

  static CreateRequest of(CreateVolumeRequest request, Capabilities announced) {
    String name = Fields.name("name", request.getName());
    CapacityRange range = request.getCapacityRange();
    long required = Fields.size("capacity_range.required_bytes", range.getRequiredBytes());
    long limit = Fields.size("capacity_range.limit_bytes", range.getLimitBytes());
    if (limit != 0 && limit < required) {
      throw Refusal.invalid(
          "capacity_range.limit_bytes",
          "(" + limit + ") is less than capacity_range.required_bytes (" + required + ")");
    }
    CapabilitySet capabilities =
        announced.check("volume_capabilities", request.getVolumeCapabilitiesList());
    noMutableParameters(request.getMutableParamsMap());
    return new CreateRequest(
        name,
        required,
        limit,
        capabilities,
        request.getParametersMap(),
        request.hasVolumeContentSource()
            ? ContentSource.of(request.getVolumeContentSource())
            : null,
        request.getAccessibilityRequirements().getRequisiteList().stream()
            .map(Topology::getSegmentsMap)
            .toList());
  }

  /** Takes a snapshot: as large as its source and used like it. */
  static CreateRequest ofSnapshot(
      String name,
      String sourceVolumeId,
      CapabilitySet capabilities,
      Map<String, String> parameters) {
    return new CreateRequest(
        name, 0, 0, capabilities, parameters, ContentSource.volume(sourceVolumeId), List.of());
  }

  static void noMutableParameters(Map<String, String> mutableParameters) {
    if (!mutableParameters.isEmpty()) {
      throw Refusal.invalid(
          "mutable_parameters", "must be empty: this driver lacks the capability MODIFY_VOLUME");
    }
  }

  /**
   * In what the volume made for this request would not do for {@code other}, or null when it would.
   * Compatible is not equal (specification, CreateVolume): the size must lie in the other's range
   * and the place must suit it; mount flags and secrets are no properties of a volume.
   */
  @Nullable String conflictWith(CreateRequest other, long capacityBytes) {
    if (!Objects.equals(source, other.source)) {
      return "another content source (%s)".formatted(source == null ? "none" : source);
    }
    if (capacityBytes < other.requiredBytes
        || (other.limitBytes != 0 && capacityBytes > other.limitBytes)) {
      return "another size (" + capacityBytes + " bytes)";
    }
    if (!capabilities.sameAs(other.capabilities)) {
      return "other capabilities (%s %s %s)"
          .formatted(capabilities.accessType(), capabilities.fsType(), capabilities.modes());
    }
    return parameters.equals(other.parameters) ? null : "other parameters";
  }
}
